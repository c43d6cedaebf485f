using System.Runtime.InteropServices;
using Suite.Host;

namespace Suite.Machines.X86.Kvm;

/// <summary>A descriptor of the kernel's interface: the device, a VM or a vCPU.</summary>
/// <param name="descriptor">Closed on disposal.</param>
/// <param name="what">For errors.</param>
internal unsafe class KvmDescriptor(int descriptor, string what) : IDisposable
{
    private const int EINTR = 4;

    public int Descriptor { get; } = descriptor;

    /// <summary>An ioctl; the result is the kernel's, negative for an error.</summary>
    public long Try(uint request, long argument = 0) => Sys.Call(Nr.ioctl, Descriptor, request, argument);

    /// <summary>An ioctl with a struct, in or out.</summary>
    public long Try<T>(uint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* p = &argument)
            return Try(request, (long)p);
    }

    /// <summary>An ioctl that must work.</summary>
    /// <exception cref="KvmException">It does not.</exception>
    public long Call(uint request, long argument, string name)
    {
        long result;
        do
            result = Try(request, argument);
        while (result == -EINTR);
        return Sys.IsError(result) ? throw Refused(name, result) : result;
    }

    /// <summary>An ioctl with a struct that must work.</summary>
    /// <exception cref="KvmException">It does not.</exception>
    public void Call<T>(uint request, ref T argument, string name)
        where T : unmanaged
    {
        fixed (T* p = &argument)
            Call(request, (long)p, name);
    }

    public virtual void Dispose()
    {
        Sys.Call(Nr.close, Descriptor);
        GC.SuppressFinalize(this);
    }

    private KvmException Refused(string name, long result) => new($"the kernel refuses {name} on a {what}: {Marshal.GetPInvokeErrorMessage((int)-result)} (errno {-result})");
}
