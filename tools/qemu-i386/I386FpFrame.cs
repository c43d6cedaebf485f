using System.Buffers.Binary;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>
/// The floating-point state of a 32-bit signal frame: an FSAVE image (struct _fpstate_32 up to its magic, 112 bytes: <see cref="I386Fsave"/>), then on a 64-byte boundary the XSAVE image.
/// When it is taken back, x87 comes from the former and all else from the latter (arch/x86/kernel/fpu/signal.c).
/// </summary>
internal sealed unsafe class I386FpFrame(ulong xcr0)
{
    private const int FsaveBytes = I386Fsave.Size + sizeof(uint), StatusAndMagic = I386Fsave.Size;

    private readonly XsaveFrame _image = new(xcr0);

    /// <summary>Where the state goes that is to end below an address.</summary>
    public uint Place(uint below) => (below - (uint)_image.Bytes & ~63u) - FsaveBytes;

    /// <summary>Writes a thread's state. False when the guest's stack cannot take it.</summary>
    public bool Write(GuestThread t, uint address)
    {
        byte* area = (byte*)t.State->VectorArea;
        Span<byte> state = stackalloc byte[FsaveBytes + _image.Bytes];
        state[..FsaveBytes].Clear();
        _image.Fill(area, state[FsaveBytes..], FsaveBytes);
        I386Fsave.Fill(area, t.State->Segments[Stubs.Ds], state);
        BinaryPrimitives.WriteUInt32LittleEndian(state[StatusAndMagic..], *(ushort*)(area + I386Fsave.FxStatus)); // magic 0: an FXSAVE image follows
        return t.Memory.TryWrite(address, state);
    }

    /// <summary>Takes a thread's state back. Address 0 gives the initial state; false when it cannot be read.</summary>
    public bool Read(GuestThread t, uint address)
    {
        byte* area = (byte*)t.State->VectorArea;
        if (address == 0)
        {
            ThreadBinding.InitVectors(area);
            return true;
        }

        byte* fsave = stackalloc byte[FsaveBytes];
        if (!t.Memory.TryRead(address, new Span<byte>(fsave, FsaveBytes)) || !_image.Read(t.Memory, address + FsaveBytes, area, xsave: true))
            return false;
        I386Fsave.Take(area, new ReadOnlySpan<byte>(fsave, FsaveBytes));
        return true;
    }
}
