namespace Suite.LinuxUser.Loader;

/// <summary>Tags of the auxiliary vector (include/uapi/linux/auxvec.h, arch/*/include/uapi/asm/auxvec.h).</summary>
public static class AuxTag
{
    public const uint AT_NULL = 0;
    public const uint AT_IGNORE = 1;
    public const uint AT_EXECFD = 2;
    public const uint AT_PHDR = 3;
    public const uint AT_PHENT = 4;
    public const uint AT_PHNUM = 5;
    public const uint AT_PAGESZ = 6;
    public const uint AT_BASE = 7;
    public const uint AT_FLAGS = 8;

    /// <summary>The bit of AT_FLAGS by which binfmt_misc says that argv[0] follows the program's path (flag P; include/uapi/linux/binfmts.h).</summary>
    public const uint PreserveArgv0 = 1;

    public const uint AT_ENTRY = 9;
    public const uint AT_NOTELF = 10;
    public const uint AT_UID = 11;
    public const uint AT_EUID = 12;
    public const uint AT_GID = 13;
    public const uint AT_EGID = 14;
    public const uint AT_PLATFORM = 15;
    public const uint AT_HWCAP = 16;
    public const uint AT_CLKTCK = 17;

    /// <summary>PowerPC: cache block sizes in bytes.</summary>
    public const uint AT_DCACHEBSIZE = 19, AT_ICACHEBSIZE = 20, AT_UCACHEBSIZE = 21;

    /// <summary>PowerPC: an entry to skip; two of them come first for old C libraries.</summary>
    public const uint AT_IGNOREPPC = 22;

    public const uint AT_SECURE = 23;
    public const uint AT_BASE_PLATFORM = 24;
    public const uint AT_RANDOM = 25;
    public const uint AT_HWCAP2 = 26;
    public const uint AT_EXECFN = 31;

    /// <summary>i386: entry of the vDSO's system call stub.</summary>
    public const uint AT_SYSINFO = 32;

    /// <summary>Address of the vDSO's ELF header.</summary>
    public const uint AT_SYSINFO_EHDR = 33;

    /// <summary>Smallest stack a signal frame fits in.</summary>
    public const uint AT_MINSIGSTKSZ = 51;
}
