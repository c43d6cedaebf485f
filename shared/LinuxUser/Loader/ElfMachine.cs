namespace Suite.LinuxUser.Loader;

/// <summary>e_machine values the loader treats by name; <see cref="MachineCheck"/> knows many more in words.</summary>
public static class ElfMachine
{
    public const ushort I386 = 3;
    public const ushort Iamcu = 6;
    public const ushort Ppc = 20;
    public const ushort Ppc64 = 21;
    public const ushort X86_64 = 62;
}
