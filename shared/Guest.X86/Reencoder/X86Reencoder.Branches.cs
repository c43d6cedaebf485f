using Suite.Guest.X86.Decode;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Reencoder;

// Control transfers. A call pushes the guest's return address; returns and indirect branches look their target up in a table whose
// entries lead to a thunk in front of the target, which checks that it is the right one (docs/adr/005). No flag is touched on the way.
public sealed unsafe partial class X86Reencoder
{
    private void EmitJcc(BlockBuilder b, ulong next, in X86Insn insn)
    {
        b.Branch((Cond)(insn.Opcode & 15), Wrap(next + (ulong)insn.Imm));
        b.EndInsn(insn.Length, InsnKind.Copy);
    }

    private void EmitCall(BlockBuilder b, ulong next, in X86Insn insn)
    {
        EmitPushReturn(b, next);
        b.Jump(Wrap(next + (ulong)insn.Imm));
        b.EndInsn(insn.Length, InsnKind.Copy);
    }

    // push imm32 sign-extends, which does for 32-bit code and for code below 2 GiB; other return addresses come from a literal.
    private void EmitPushReturn(BlockBuilder b, ulong address)
    {
        if (Is32 || (long)address == (int)address)
        {
            b.Hot.PushImm((int)address);
            return;
        }

        byte* literal = b.ReserveCold(8);
        *(ulong*)literal = address;
        b.Hot.Bytes([0xFF, 0x35]); // push [rip + disp32]
        b.Hot.Int32((int)(literal - (b.Hot.Position + 4)));
    }

    // loop and jrcxz have only an 8-bit displacement.
    private void EmitLoop(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length - 1));
        byte* rel8 = b.Hot.Position;
        b.Hot.Byte(0);
        b.Jump(next);
        b.Hot.HereShort(rel8);
        b.Jump(Wrap(next + (ulong)insn.Imm));
        b.EndInsn(insn.Length, InsnKind.Copy);
    }

    private static void EmitRet(BlockBuilder b, in X86Insn insn)
    {
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), Reg.Rcx);
        b.Hot.MovzxWord(Reg.Rcx, Mem.At(Reg.Rsp));
        b.JumpThroughReturnTable();
        b.EndInsn(insn.Length, InsnKind.BorrowsRcx);
    }

    private static void EmitRetImm(BlockBuilder b, in X86Insn insn)
    {
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), Reg.Rcx);
        b.Hot.Mov(Reg.Rcx, Mem.At(Reg.Rsp));
        b.Hot.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
        b.Hot.Lea(Reg.Rsp, Mem.At(Reg.Rsp, b.Stubs.ReturnAddressBytes + (ushort)insn.Imm));
        EmitDispatch(b, Reg.Rcx);
        b.EndInsn(insn.Length, InsnKind.BorrowsRcx);
    }

    private void EmitJmpIndirect(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), Reg.Rcx);
        if (!insn.IsMemory)
        {
            Reg target = RmRegister(in insn);
            b.Hot.Mov(Mem.Fs(Slot.Scratch(2)), target);
            EmitDispatch(b, target);
        }
        else
        {
            EmitLoadTarget(b, at + insn.Length, code, in insn);
            EmitDispatch(b, Reg.Rcx);
        }

        b.EndInsn(insn.Length, IndirectKind(in insn));
    }

    private void EmitCallIndirect(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        ulong next = at + insn.Length;
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), Reg.Rcx);
        if (!insn.IsMemory)
        {
            // The target is read before the push: it may be rsp.
            b.Hot.Mov(Mem.Fs(Slot.Scratch(2)), RmRegister(in insn));
            EmitPushReturn(b, next);
            b.Hot.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(2)));
        }
        else
        {
            EmitLoadTarget(b, next, code, in insn);
            EmitPushReturn(b, next);
        }

        EmitDispatch(b, Reg.Rcx);
        b.EndInsn(insn.Length, IndirectKind(in insn));
    }

    private InsnKind IndirectKind(in X86Insn insn) => insn.IsMemory && IsSwapped(in insn) ? InsnKind.BorrowsRcxSwapped : InsnKind.BorrowsRcx;

    private static Reg RmRegister(in X86Insn insn) => (Reg)((insn.ModRm & 7) | insn.B << 3);

    // rcx = scratch[2] = the branch target in memory.
    private void EmitLoadTarget(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        bool swapped = IsSwapped(in insn);
        if (swapped)
            EmitSwapIn(b);
        EmitLoadRcx(b, next, code, in insn);
        if (swapped)
            EmitSwapOut(b);
        b.Hot.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
    }

    // The segment whose register holds something else while guest code runs: gs of 64-bit code, fs of 32-bit code.
    private bool IsSwapped(in X86Insn insn) => insn.Segment == (Is32 ? FsPrefix : GsPrefix);

    // mov rcx, [the operand of this instruction]
    private void EmitLoadRcx(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        int tail = insn.HasSib ? 1 : 0; // bytes behind modrm that belong to the operand, without displacement
        if (insn.RipRelative)
        {
            ulong target = RipTarget(next, in insn);
            long distance = (long)target - (long)(b.Hot.Position + 7 + (insn.Segment != 0 ? 1 : 0));
            bool near = distance == (int)distance;
            if (!near)
                b.Hot.MovImm(Reg.Rcx, target);
            if (insn.Segment is FsPrefix or GsPrefix)
                b.Hot.Byte(GsPrefix);
            else if (insn.Segment != 0)
                b.Hot.Byte(insn.Segment);
            if (near)
            {
                b.Hot.Bytes([0x48, 0x8B, 0x0D]); // mov rcx, [rip + disp32]
                b.Hot.Int32((int)distance);
            }
            else
            {
                b.Hot.Bytes([0x48, 0x8B, 0x09]); // mov rcx, [rcx]
            }

            return;
        }

        if (Is32 && insn.Segment != 0)
            b.Hot.Byte(insn.Segment);
        else if (insn.Segment is FsPrefix or GsPrefix)
            b.Hot.Byte(GsPrefix);
        if (insn.AddrSize)
            b.Hot.Byte(AddressPrefix);
        if (!Is32)
            b.Hot.Byte((byte)(0x48 | insn.X << 1 | insn.B));
        b.Hot.Byte(0x8B);
        b.Hot.Byte((byte)((insn.ModRm & 0xC7) | (int)Reg.Rcx << 3));
        b.Hot.Bytes(new ReadOnlySpan<byte>(code + insn.ModRmOffset + 1, tail + insn.DispSize));
    }

    // Leaves through the jump table; scratch[1] = rcx, scratch[2] = target, and some register still holds the target.
    private static void EmitDispatch(BlockBuilder b, Reg target)
    {
        b.Hot.MovzxWord(Reg.Rcx, target);
        b.JumpThroughJumpTable();
    }

    // A transaction that always aborts at once, with no reason given: allowed by the architecture, and the only kind whose
    // memory effects this engine can vouch for.
    private void EmitXbegin(BlockBuilder b, ulong next, in X86Insn insn)
    {
        b.Hot.MovImm(Reg.Rax, 0);
        b.Jump(next + (ulong)insn.Imm);
        b.EndInsn(insn.Length, InsnKind.Copy);
    }
}
