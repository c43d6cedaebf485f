using System.Runtime.InteropServices;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.Tools.I386;

/// <summary>The three thread-local descriptors as struct user_desc; the one that is the engine's shows as empty.</summary>
internal sealed class I386TlsRegset() : Regset(NT_386_TLS, Descriptors * I386Descriptors.DescriptorBytes)
{
    private const int First = 12, Descriptors = 3;

    public override void Read(GuestThread thread, Span<byte> to)
    {
        for (int i = 0; i < Descriptors; i++)
            I386Descriptors.Read(thread, First + i, to.Slice(i * I386Descriptors.DescriptorBytes, I386Descriptors.DescriptorBytes));
    }

    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from)
    {
        bool all = true;
        for (int i = 0; i < Descriptors; i++)
            if (First + i != Stubs.StateDescriptor)
                all &= I386Descriptors.Write(thread, First + i, from.Slice(i * I386Descriptors.DescriptorBytes, I386Descriptors.DescriptorBytes));
        return all;
    }
}
