using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Reencoder;

// System calls, segment bases, instructions the CPU model lacks.
public sealed unsafe partial class X86Reencoder
{
    // rcx and r11 are the instruction's to clobber, so the sequence needs no spill: it asks the table whether the call may be made here,
    // makes it, and only leaves for calls that need looking at and for -EFAULT (a buffer on a page the engine write-protected).
    private void EmitSyscall(BlockBuilder b, ulong next, in X86Insn insn)
    {
        if (!options.InlineSyscalls)
        {
            b.Hot.MovImm(Reg.Rcx, next);
            b.Hot.Jmp(b.Stubs.ExitFor(ExitReason.Syscall));
            b.EndInsn(insn.Length, InsnKind.Copy);
            return;
        }

        byte* start = b.Hot.Position;
        byte* slow = EmitSyscallExit(b, next, b.Stubs.ExitFor(ExitReason.Syscall));
        byte* fault = EmitSyscallExit(b, next, b.Stubs.ExitFor(ExitReason.SyscallFault));
        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        b.Hot.MovzxWord(Reg.Rcx, Mem.Fs(Slot.Scratch(0) + 2));
        byte* small = b.Hot.JrcxzForward();
        b.Hot.Jmp(slow);
        b.Hot.HereShort(small);
        b.Hot.MovzxWord(Reg.Rcx, Reg.Rax);
        b.Hot.MovzxByte(Reg.Rcx, Mem.At(Reg.Rcx, (int)b.Region.InlineCalls));
        byte* managed = b.Hot.JrcxzForward();
        byte* inline = JmpShortForward(b);
        b.Hot.HereShort(managed);
        b.Hot.Jmp(slow);
        b.Hot.HereShort(inline);
        if (b.Hot.Position - start != SyscallShape.CallOffset)
            throw new InvalidOperationException($"syscall sequence is {b.Hot.Position - start} bytes long");
        b.Hot.Syscall();
        const int EFAULT = 14;
        b.Hot.Lea(Reg.Rcx, Mem.At(Reg.Rax, EFAULT));
        byte* bad = b.Hot.JrcxzForward();
        byte* good = JmpShortForward(b);
        b.Hot.HereShort(bad);
        b.Hot.Jmp(fault);
        b.Hot.HereShort(good);
        b.Hot.MovImm(Reg.Rcx, next);
        b.EndInsn(insn.Length, InsnKind.Syscall);
    }

    private static byte* JmpShortForward(BlockBuilder b)
    {
        b.Hot.Byte(0xEB);
        b.Hot.Byte(0);
        return b.Hot.Position - 1;
    }

    private static byte* EmitSyscallExit(BlockBuilder b, ulong next, byte* stub)
    {
        byte* at = b.ReserveCold(16);
        X64Asm a = new(at);
        a.MovImm(Reg.Rcx, next);
        a.Jmp(stub);
        return at;
    }

    private static bool EmitSpecial(BlockBuilder b, ulong at, SpecialInsn what, in X86Insn insn)
    {
        b.Hot.Jmp(b.ColdExit(ExitReason.Special, (uint)what | (uint)insn.Length << 8, at));
        b.EndInsn(Math.Min(insn.Length, (byte)15), InsnKind.Copy);
        return false;
    }

    // rdfsbase /0 and wrfsbase /2 become their gs forms; rdgsbase /1 and wrgsbase /3 use the slot.
    private static void EmitFsGsBase(BlockBuilder b, byte* code, in X86Insn insn)
    {
        int operation = insn.ModRm >> 3 & 7;
        Reg register = RmRegister(in insn);
        bool wide = insn.W != 0;
        if (operation is 0 or 2)
        {
            byte* to = b.Hot.Position;
            b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
            to[insn.ModRmOffset] += 1 << 3;
        }
        else if (operation == 1 && wide)
        {
            b.Hot.Mov(register, Mem.Fs(Slot.SegmentBase));
        }
        else if (operation == 1)
        {
            b.Hot.Mov32(register, Mem.Fs(Slot.SegmentBase));
        }
        else if (wide)
        {
            b.Hot.Mov(Mem.Fs(Slot.SegmentBase), register);
        }
        else
        {
            b.Hot.Mov32(Mem.Fs(Slot.SegmentBase), register);
            b.Hot.Mov32(Mem.Fs(Slot.SegmentBase + 4), 0);
        }

        b.EndInsn(insn.Length, InsnKind.Copy);
    }

    // Asks the CPU model. Null: go on as usual; else the instruction has been dealt with, and the value says whether the block goes on.
    private bool? Admit(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        Decoder decoder = Decoder.Create(CodeBits, new ByteArrayCodeReader(new ReadOnlySpan<byte>(code, insn.Length).ToArray()), at);
        decoder.Decode(out Instruction decoded);
        switch (options.Model!.Classify(in decoded))
        {
            case ModelAction.Undefined:
                return EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
            case ModelAction.Legacy:
                EmitWithoutRep(b, at, code, in insn);
                return true;
            case ModelAction.Emulate:
                return EmitThreeDNow(b, at, code, in insn);
            default:
                return null;
        }
    }

    private readonly bool _narrowXsave = options.Model is { NarrowsXsave: true };

    /// <summary>Fills the region's byte table, which a model with fewer state components than the host needs; called once.</summary>
    public void Prepare(CodeRegion region)
    {
        if (_narrowXsave)
            for (int i = 0; i < 256; i++)
                region.ByteTable[i] = (byte)(i & (int)options.Model!.Xcr0);
    }

    // xsave, xrstor, xsaveopt (0F AE /4 /5 /6) and xsavec, xsaves (0F C7 /4 /5) with a memory operand.
    private static bool IsXsave(in X86Insn insn) => insn.IsMemory && insn.Map == 1 && insn.Encoding == Encoding.Legacy && (insn.ModRm >> 3 & 7) is var operation
        && ((insn.Opcode == 0xAE && operation is 4 or 5 or 6 && !insn.OpSize && insn.RepPrefix == 0) || (insn.Opcode == 0xC7 && operation is 4 or 5));

    // The guest sized its area by the model's components; the host would write its own, so edx:eax is cut down to the model's.
    // The mask registers cannot be part of the address in any sensible use.
    private void EmitNarrowXsave(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        b.Hot.Mov(Mem.Fs(Slot.Scratch(3)), Reg.Rdx);
        b.Hot.Bytes([0x0F, 0xB6, 0xC0]); // movzx eax, al
        b.Hot.MovzxByte(Reg.Rax, b.Stubs.Own(Mem.At(Reg.Rax, (int)b.Region.ByteTable)));
        b.Hot.MovImm(Reg.Rdx, 0);
        if (!insn.RipRelative)
            b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
        else if (!TryCopyRipRelative(b, RipTarget(next, in insn), code, in insn))
            throw new InvalidOperationException("xsave with a distant RIP-relative operand under a narrow CPU model");
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
        b.Hot.Mov(Reg.Rdx, Mem.Fs(Slot.Scratch(3)));
        b.EndInsn(insn.Length + _dropped, InsnKind.BorrowsRaxRdx);
    }

    // tzcnt and lzcnt are bsf and bsr on processors that ignore their F3 prefix.
    private void EmitWithoutRep(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        byte* stripped = stackalloc byte[16];
        int length = 0;
        bool dropped = false;
        for (int i = 0; i < insn.Length; i++)
        {
            if (!dropped && code[i] == 0xF3 && i < insn.PrefixCount)
                dropped = true;
            else
                stripped[length++] = code[i];
        }

        EmitChanged(b, at, stripped, length, insn.Length);
    }

    // Other bytes for the instruction at an address; their displacement, if it is relative, still counts from its end.
    private void EmitChanged(BlockBuilder b, ulong at, byte* changed, int length, int originalLength, bool isDone = true)
    {
        X86Decoder.Decode(changed, length, CodeMode, out X86Insn bare);
        int missing = originalLength - length;
        _dropped = isDone ? missing : -length;
        if (_segment is not null)
            EmitPlainInSegment(b, at, changed, in bare);
        else
            EmitPlain(b, at + (ulong)missing, changed, in bare);
        _dropped = 0;
    }
}
