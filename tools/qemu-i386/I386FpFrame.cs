using System.Buffers.Binary;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>
/// The floating-point state of a 32-bit signal frame: an FSAVE image (struct _fpstate_32 up to its magic, 112 bytes), then on a 64-byte boundary the XSAVE image.
/// When it is taken back, x87 comes from the former and all else from the latter (arch/x86/kernel/fpu/signal.c).
/// <code>
///   +0 control  +4 status  +8 tags  +12 ip  +16 cs and opcode  +20 operand  +24 operand's segment  +28 st0..st7, 10 bytes each  +108 status, magic
/// </code>
/// </summary>
internal sealed unsafe class I386FpFrame(ulong xcr0)
{
    private const int Environment = 28, RegisterBytes = 10, Registers = 8, FsaveBytes = 112, StatusAndMagic = 108;
    private const uint HighHalf = 0xFFFF0000;

    // The FXSAVE image (AMD64 manual volume 2, section 11.4.4).
    private const int FxStatus = 2, FxTags = 4, FxOpcode = 6, FxIp = 8, FxOperand = 16, FxRegisters = 32, FxRegisterBytes = 16, XsaveHeader = 512;

    private const int TagValid = 0, TagZero = 1, TagSpecial = 2, TagEmpty = 3;

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
        ushort status = *(ushort*)(area + FxStatus);
        BinaryPrimitives.WriteUInt32LittleEndian(state, *(ushort*)area | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(state[4..], status | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(state[8..], Tags(area) | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(state[12..], *(uint*)(area + FxIp));
        BinaryPrimitives.WriteUInt32LittleEndian(state[16..], I386Segments.UserCode);
        BinaryPrimitives.WriteUInt32LittleEndian(state[20..], *(uint*)(area + FxOperand));
        BinaryPrimitives.WriteUInt32LittleEndian(state[24..], t.State->Segments[Stubs.Ds] | HighHalf);
        for (int i = 0; i < Registers; i++)
            new ReadOnlySpan<byte>(area + FxRegisters + i * FxRegisterBytes, RegisterBytes).CopyTo(state[(Environment + i * RegisterBytes)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(state[StatusAndMagic..], status); // magic 0: an FXSAVE image follows
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
        *(ushort*)area = *(ushort*)fsave;
        *(ushort*)(area + FxStatus) = *(ushort*)(fsave + 4);
        *(ushort*)(area + FxTags) = InUse(*(ushort*)(fsave + 8));
        *(ushort*)(area + FxOpcode) = *(ushort*)(fsave + 18);
        *(ulong*)(area + FxIp) = *(uint*)(fsave + 12);
        *(ulong*)(area + FxOperand) = *(uint*)(fsave + 20);
        for (int i = 0; i < Registers; i++)
            new ReadOnlySpan<byte>(fsave + Environment + i * RegisterBytes, RegisterBytes).CopyTo(new Span<byte>(area + FxRegisters + i * FxRegisterBytes, RegisterBytes));
        *(ulong*)(area + XsaveHeader) |= 1;
        return true;
    }

    // Two bits for each register, made from its contents, out of the one bit FXSAVE keeps.
    private static uint Tags(byte* area)
    {
        int top = *(ushort*)(area + FxStatus) >> 11 & 7;
        uint tags = 0;
        for (int i = 0; i < Registers; i++)
        {
            byte* register = area + FxRegisters + ((i - top) & 7) * FxRegisterBytes;
            tags |= (uint)((area[FxTags] >> i & 1) == 0 ? TagEmpty : Kind(*(ulong*)register, *(ushort*)(register + 8) & 0x7FFF)) << (2 * i);
        }

        return tags;
    }

    private static int Kind(ulong significand, int exponent) => exponent switch
    {
        0 when significand == 0 => TagZero,
        not 0 and not 0x7FFF when significand >> 63 != 0 => TagValid,
        _ => TagSpecial,
    };

    private static byte InUse(ushort tags)
    {
        int bits = 0;
        for (int i = 0; i < Registers; i++)
            if ((tags >> (2 * i) & 3) != TagEmpty)
                bits |= 1 << i;
        return (byte)bits;
    }
}
