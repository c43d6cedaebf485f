using System.Runtime.InteropServices;
using Suite.Host;

namespace Suite.Machines.X86.Kvm;

/// <summary>/dev/kvm: what the host's kernel offers.</summary>
internal sealed unsafe class KvmSystem : KvmDescriptor
{
    private const int ENOENT = 2, EACCES = 13, EPERM = 1, ENXIO = 6, ENODEV = 19, EBUSY = 16;

    private KvmSystem(int descriptor)
        : base(descriptor, "host")
    {
    }

    /// <summary>Opens the device.</summary>
    /// <exception cref="KvmException">It is missing, forbidden or too old.</exception>
    public static KvmSystem Open(string path = "/dev/kvm")
    {
        long fd = OpenFile(path);
        if (Sys.IsError(fd))
            throw new KvmException(Reason(path, (int)-fd));
        KvmSystem system = new((int)fd);
        long version = system.Try(KvmApi.KVM_GET_API_VERSION);
        if (Sys.IsError(version))
        {
            system.Dispose();
            throw new KvmException($"{path} is not the device of KVM; that is /dev/kvm unless device= says otherwise");
        }

        if (version != KvmApi.ApiVersion || !system.Has(KvmApi.KVM_CAP_USER_MEMORY) || !system.Has(KvmApi.KVM_CAP_IMMEDIATE_EXIT))
        {
            system.Dispose();
            throw new KvmException($"{path} speaks version {version} of the interface and lacks what is needed; a kernel from 4.13 on has it");
        }

        return system;
    }

    /// <summary>The value of a capability; 0 when the kernel does not have it.</summary>
    public int Capability(int which) => (int)Math.Max(Try(KvmApi.KVM_CHECK_EXTENSION, which), 0);

    /// <summary>True when the kernel has a capability.</summary>
    public bool Has(int which) => Capability(which) > 0;

    /// <summary>What cpuid may answer a guest here.</summary>
    public KvmCpuidEntry[] SupportedCpuid()
    {
        const int Most = 256;
        byte* list = stackalloc byte[8 + Most * sizeof(KvmCpuidEntry)];
        *(uint*)list = Most;
        Call(KvmApi.KVM_GET_SUPPORTED_CPUID, (long)list, "KVM_GET_SUPPORTED_CPUID");
        return new Span<KvmCpuidEntry>(list + 8, (int)*(uint*)list).ToArray();
    }

    /// <summary>MSRs whose values are state of a guest.</summary>
    public uint[] MsrList()
    {
        const int Most = 1024;
        uint* list = stackalloc uint[1 + Most];
        *list = Most;
        Call(KvmApi.KVM_GET_MSR_INDEX_LIST, (long)list, "KVM_GET_MSR_INDEX_LIST");
        return new Span<uint>(list + 1, (int)*list).ToArray();
    }

    private static long OpenFile(string path)
    {
        byte* name = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        long fd = Sys.Call(Nr.openat, Linux.AT_FDCWD, (long)name, Linux.O_RDWR | Linux.O_CLOEXEC);
        Marshal.FreeCoTaskMem((nint)name);
        return fd;
    }

    private static string Reason(string path, int error) => error switch
    {
        ENOENT => $"there is no {path}: load the module of this processor (modprobe kvm_intel, or kvm_amd), switch virtualisation on in the firmware's set-up, or, inside a container, pass the device in (--device {path})",
        EACCES => Forbidden(path),
        EPERM => $"{path} may not be opened here, whatever its mode says: the device rules of a container forbid it; start the container with --device {path}",
        ENXIO or ENODEV => $"{path} is a file without a driver behind it: load the module of this processor (modprobe kvm_intel, or kvm_amd)",
        EBUSY => $"{path} is in use by another hypervisor; end that one first",
        _ => $"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}",
    };

    // Whom the device's mode lets in says what helps.
    private static string Forbidden(string path)
    {
        const UnixFileMode GroupMay = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        UnixFileMode mode;
        try
        {
            mode = File.GetUnixFileMode(path);
        }
        catch (UnauthorizedAccessException)
        {
            return $"the folder of {path} may not be entered by this user; ask for access to it";
        }

        string octal = Convert.ToString((int)mode, 8).PadLeft(4, '0');
        return (mode & GroupMay) == GroupMay
            ? $"{path} may be opened by its group only (mode {octal}; ls -l {path} names it, mostly kvm): add this user to it (usermod -aG kvm USER, as root) and log in again"
            : $"{path} may be opened by its owner only (mode {octal}): give it to a group that this user is in (chgrp kvm {path} && chmod 660 {path}, as root; a udev rule keeps that), or run as its owner";
    }
}
