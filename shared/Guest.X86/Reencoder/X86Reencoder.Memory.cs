using Suite.Guest.X86.Decode;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Reencoder;

// Memory operands: RIP-relative ones and those with a segment base. All others are the host's as they are.
public sealed unsafe partial class X86Reencoder
{
    private const byte CsPrefix = 0x2E, FsPrefix = 0x64, GsPrefix = 0x65, AddressPrefix = 0x67;

    private void EmitPlain(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        ulong next = at + insn.Length;
        if (_narrowXsave && IsXsave(in insn))
        {
            EmitNarrowXsave(b, next, code, in insn);
            return;
        }

        if (IsSwapped(in insn))
        {
            EmitSegmentSwapped(b, next, code, in insn);
            return;
        }

        if (!insn.RipRelative)
        {
            byte* to = b.Hot.Position;
            b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
            if (insn.Segment == FsPrefix && !Is32)
                to[insn.SegmentOffset] = GsPrefix; // the guest's fs base is the host's gs base
            b.EndInsn(insn.Length + _dropped, InsnKind.Copy);
            return;
        }

        ulong target = RipTarget(next, in insn);
        if (TryCopyRipRelative(b, target, code, in insn))
        {
            b.EndInsn(insn.Length + _dropped, InsnKind.Copy);
            return;
        }

        if (IsLea(in insn))
        {
            b.Hot.MovImm((Reg)insn.RegField, insn.OperandBits == 64 ? target : (uint)target);
            b.EndInsn(insn.Length + _dropped, InsnKind.Copy);
            return;
        }

        EmitThroughRegister(b, at, target, code, in insn);
    }

    // 16-bit lea keeps the upper bits of the register, so it takes the general way.
    private static bool IsLea(in X86Insn insn) => insn.Encoding == Encoding.Legacy && insn.Map == 0 && insn.Opcode == 0x8D && insn.OperandBits != 16;

    private static ulong RipTarget(ulong next, in X86Insn insn)
    {
        ulong target = next + (ulong)(long)insn.Disp;
        return insn.AddressBits == 32 ? (uint)target : target;
    }

    // The same instruction with another displacement, where the operand is within 2 GiB of the code cache.
    private static bool TryCopyRipRelative(BlockBuilder b, ulong target, byte* code, in X86Insn insn)
    {
        long distance = (long)target - (long)(b.Hot.Position + insn.Length);
        if (distance != (int)distance || insn.AddrSize)
            return false;
        byte* to = b.Hot.Position;
        b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
        *(int*)(to + insn.DispOffset) = (int)distance;
        if (insn.Segment == FsPrefix)
            to[insn.SegmentOffset] = GsPrefix;
        return true;
    }

    // The address goes to a register the instruction does not use. Only rax, rcx, rdx, rbx, rsi and rdi come into question: they need
    // no extension bit, so every encoding (ah..bh forms, two-byte VEX) can name them.
    private void EmitThroughRegister(BlockBuilder b, ulong at, ulong target, byte* code, in X86Insn insn)
    {
        int register = FreeLowRegister(GprUse.Mask(in insn, options.Mode));
        if (register < 0)
        {
            EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
            return;
        }

        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), (Reg)register);
        b.Hot.MovImm((Reg)register, target);
        EmitWithBase(b, register, code, in insn);
        b.Hot.Mov((Reg)register, Mem.Fs(Slot.Scratch(0)));
        b.EndInsn(insn.Length + _dropped, (InsnKind)((int)InsnKind.Borrows + register));
    }

    // -1 for encodings that are not known to mean anything: they count as using every register.
    private static int FreeLowRegister(int used)
    {
        foreach (byte register in (ReadOnlySpan<byte>)[6, 7, 3, 2, 1, 0])
            if ((used & 1 << register) == 0)
                return register;
        return -1;
    }

    // The instruction with [base] instead of [rip + disp32]: modrm rewritten, displacement dropped, extension bits of the base cleared.
    private static void EmitWithBase(BlockBuilder b, int register, byte* code, in X86Insn insn)
    {
        byte* to = b.Hot.Position;
        int head = insn.DispOffset;
        b.Hot.Bytes(new ReadOnlySpan<byte>(code, head));
        b.Hot.Bytes(new ReadOnlySpan<byte>(code + head + 4, insn.Length - head - 4));
        to[insn.ModRmOffset] = (byte)((insn.ModRm & 0x38) | register);
        switch (insn.Encoding)
        {
            case Encoding.Legacy when insn.Rex != 0:
                to[insn.RexOffset] &= 0xFE;
                break;
            case Encoding.Vex3 or Encoding.Xop:
                to[insn.VexOffset + 1] |= 0x20; // B is stored inverted
                break;
            case Encoding.Evex:
                to[insn.VexOffset + 1] |= 0x20;
                break;
        }

        if (insn.Segment == FsPrefix)
            to[insn.SegmentOffset] = GsPrefix;
    }

    // gs: operands are rare in 64-bit Linux programs, fs: operands in 32-bit ones: the host's segment becomes the guest's for this one
    // instruction, whatever its form.
    private void EmitSegmentSwapped(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        int register = insn.RipRelative ? FreeLowRegister(GprUse.Mask(in insn, options.Mode)) : 0;
        if (register < 0)
        {
            EmitSpecial(b, next - insn.Length, SpecialInsn.Undefined, in insn);
            return;
        }

        EmitSwapIn(b);
        InsnKind kind = Is32 ? InsnKind.FsSwapped : InsnKind.SegmentSwapped;
        if (!insn.RipRelative)
            b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
        else if (!TryCopyRipRelative(b, RipTarget(next, in insn), code, in insn))
            kind = EmitSwappedThroughRegister(b, register, RipTarget(next, in insn), code, in insn);
        EmitSwapOut(b);
        b.EndInsn(insn.Length + _dropped, kind);
    }

    // scratch[0] is the swap's, so the borrowed register is kept in scratch[1].
    private static InsnKind EmitSwappedThroughRegister(BlockBuilder b, int register, ulong target, byte* code, in X86Insn insn)
    {
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), (Reg)register);
        b.Hot.MovImm((Reg)register, target);
        EmitWithBase(b, register, code, in insn);
        b.Hot.Mov((Reg)register, Mem.Fs(Slot.Scratch(1)));
        return (InsnKind)((int)InsnKind.BorrowsSwapped + register);
    }

    private void EmitSwapIn(BlockBuilder b)
    {
        if (Is32)
        {
            b.Hot.MovToSegment(Stubs.Fs, Mem.Fs(Slot.Segment(_swapped)));
            return;
        }

        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        b.Hot.Bytes([0xF3, 0x48, 0x0F, 0xAE, 0xC8]); // rdgsbase rax
        b.Hot.Mov(Mem.Fs(Slot.Scratch(3)), Reg.Rax);
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.SegmentBase));
        b.Hot.Bytes([0xF3, 0x48, 0x0F, 0xAE, 0xD8]); // wrgsbase rax
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
    }

    private void EmitSwapOut(BlockBuilder b)
    {
        if (Is32)
        {
            b.Hot.MovToSegment(Stubs.Fs, b.Stubs.Own(Mem.Abs((int)b.Region.StateSelector)));
            return;
        }

        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        b.Hot.Bytes([0xF3, 0x48, 0x0F, 0xAE, 0xD8]); // wrgsbase rax
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
    }
}
