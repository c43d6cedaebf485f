using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>
/// Far jumps, calls and returns, iret, near transfers with a 16-bit operand, which cut eip to 16 bits, and in code segments other than the flat one whatever is
/// not a direct jump. Addresses here are offsets in the code segment; Pc is linear. 64-bit code is out of a program's reach.
/// </summary>
internal static unsafe class I386Transfer
{
    private const int Ecx = 1;

    // Flags that iret restores in user mode (AMD64 manual volume 3, IRET): all but IF, IOPL, VM, VIF, VIP; with a 16-bit operand the lower ones.
    private const ulong IretFlags = 0x254DD5;
    private const uint CarryFlag = 1, ParityFlag = 4, ZeroFlag = 0x40, SignFlag = 0x80, OverflowFlag = 0x800;

    /// <summary>Does what the instruction says, or raises its fault.</summary>
    /// <param name="code">Its bytes.</param>
    public static void Execute(GuestThread t, in X86Insn insn, byte* code)
    {
        VcpuState* s = t.State;
        CodeSegment here = I386Segments.Code(t);
        uint mask = insn.OperandBits == 16 ? 0xFFFFu : uint.MaxValue, next = (uint)s->Pc - here.Base + insn.Length;
        switch (insn.Flow)
        {
            case X86Flow.Jcc:
                Jump(t, here, Holds(s, insn.Opcode & 0xF) ? next + (uint)insn.Imm & mask : next);
                break;
            case X86Flow.Loop:
                ulong counter = s->Gpr[Ecx];
                if (!Jump(t, here, Loops(s, in insn) ? next + (uint)insn.Imm & mask : next))
                    s->Gpr[Ecx] = counter;
                break;
            case X86Flow.Jmp:
                Jump(t, here, next + (uint)insn.Imm & mask);
                break;
            case X86Flow.Call:
                Call(t, in insn, next, here, next + (uint)insn.Imm & mask, null);
                break;
            case X86Flow.JmpIndirect or X86Flow.CallIndirect:
                NearIndirect(t, in insn, next, here);
                break;
            case X86Flow.FarJmpDirect or X86Flow.FarCallDirect:
                FarTo(t, in insn, next, (uint)insn.Imm & mask, *(ushort*)(code + insn.ImmOffset + insn.ImmSize));
                break;
            case X86Flow.FarJmpIndirect or X86Flow.FarCallIndirect:
                FarIndirect(t, in insn, next);
                break;
            default:
                Return(t, in insn, here);
                break;
        }
    }

    // Goes to an offset in a code segment; false, with #GP raised, where it is beyond the limit.
    private static bool Jump(GuestThread t, in CodeSegment segment, uint target)
    {
        if (!Reaches(t, segment, target))
            return false;
        t.State->Pc = segment.Base + target;
        return true;
    }

    private static bool Reaches(GuestThread t, in CodeSegment segment, uint target)
    {
        if (target <= segment.Limit)
            return true;
        X86Faults.Protection(t, 0);
        return false;
    }

    private static void NearIndirect(GuestThread t, in X86Insn insn, uint next, in CodeSegment here)
    {
        uint target = (uint)t.State->Gpr[insn.ModRm & 7];
        if (insn.IsMemory && !I386Operand.Of(t, in insn).TryRead(t, insn.OperandBits / 8, out target))
            return;
        if (insn.OperandBits == 16)
            target = (ushort)target;
        if (insn.Flow == X86Flow.CallIndirect)
            Call(t, in insn, next, here, target, null);
        else
            Jump(t, here, target);
    }

    private static void FarIndirect(GuestThread t, in X86Insn insn, uint next)
    {
        I386Place place = I386Operand.Of(t, in insn);
        int size = insn.OperandBits / 8;
        if (place.TryRead(t, size, out uint target) && (place with { Offset = place.Offset + (uint)size }).TryRead(t, 2, out uint selector))
            FarTo(t, in insn, next, target, (ushort)selector);
    }

    // The requested privilege of a jump's or call's selector does not matter: cs gets the one the code runs at.
    private static void FarTo(GuestThread t, in X86Insn insn, uint next, uint target, ushort selector)
    {
        ushort inner = selector <= 3 ? selector : (ushort)(selector | 3);
        if (Segment(t, inner) is not { } segment)
            return;
        if (insn.Flow is X86Flow.FarCallDirect or X86Flow.FarCallIndirect)
            Call(t, in insn, next, segment, target, inner);
        else if (Jump(t, segment, target))
            t.State->Segments[Stubs.Cs] = inner;
    }

    // Pushes the return address, behind the code selector when the call is far.
    private static void Call(GuestThread t, in X86Insn insn, uint next, in CodeSegment segment, uint target, ushort? selector)
    {
        int size = insn.OperandBits / 8, bytes = selector is null ? size : 2 * size;
        ushort code = t.State->Segments[Stubs.Cs];
        if (!Reaches(t, segment, target)
            || (selector is not null && !I386Operand.StackTop(t, -size).TryWrite(t, size, code))
            || !I386Operand.StackTop(t, -bytes).TryWrite(t, size, next))
            return;
        I386Operand.MoveStack(t, -bytes);
        t.State->Segments[Stubs.Cs] = selector ?? code;
        t.State->Pc = segment.Base + target;
    }

    // ret, lret, iret.
    private static void Return(GuestThread t, in X86Insn insn, in CodeSegment here)
    {
        VcpuState* s = t.State;
        int size = insn.OperandBits / 8;
        uint selector = s->Segments[Stubs.Cs], flags = 0;
        bool isFar = insn.Flow is X86Flow.FarRet or X86Flow.Iret, isIret = insn.Flow == X86Flow.Iret;
        if (!I386Operand.StackTop(t).TryRead(t, size, out uint target)
            || (isFar && !I386Operand.StackTop(t, size).TryRead(t, size, out selector))
            || (isIret && !I386Operand.StackTop(t, 2 * size).TryRead(t, size, out flags)))
            return;
        CodeSegment? segment = isFar ? Segment(t, (ushort)selector) : here;
        if (segment is not { } there || !Reaches(t, there, target))
            return;
        if (isIret)
        {
            ulong changed = insn.OperandBits == 16 ? IretFlags & 0xFFFF : IretFlags;
            s->Flags = (s->Flags & ~changed) | (flags & changed);
        }

        I386Operand.MoveStack(t, size * (isIret ? 3 : isFar ? 2 : 1) + (isIret ? 0 : (ushort)insn.Imm));
        s->Segments[Stubs.Cs] = (ushort)selector;
        s->Pc = there.Base + target;
    }

    // Null, with the fault raised, for a selector that cs cannot take. A return's has to ask for the privilege that the code runs at.
    private static CodeSegment? Segment(GuestThread t, ushort selector)
    {
        const int User = 3;
        CodeSegment? segment = (selector & User) == User ? I386Segments.Code(selector) : null;
        if (segment is not null)
            return segment;
        if ((selector & ~User) == (I386Segments.UserCode64 & ~User))
            t.Process.Log?.Line($"far transfer at {t.State->Pc:x} to 64-bit code, which 32-bit programs cannot reach here");
        I386Special.RefuseSelector(t, selector);
        return null;
    }

    private static bool Loops(VcpuState* s, in X86Insn insn)
    {
        const int Loopne = 0xE0, Loope = 0xE1, Jcxz = 0xE3;
        uint mask = insn.AddressBits == 16 ? 0xFFFFu : uint.MaxValue, counter = (uint)s->Gpr[Ecx] & mask;
        if (insn.Opcode == Jcxz)
            return counter == 0;
        counter = counter - 1 & mask;
        s->Gpr[Ecx] = (uint)s->Gpr[Ecx] & ~mask | counter;
        bool zero = (s->Flags & ZeroFlag) != 0;
        return counter != 0 && insn.Opcode switch
        {
            Loopne => !zero,
            Loope => zero,
            _ => true,
        };
    }

    // Condition codes in encoding order: o, b, e, be, s, p, l, le; odd ones are their opposites.
    private static bool Holds(VcpuState* s, int condition)
    {
        uint flags = (uint)s->Flags;
        bool Any(uint set) => (flags & set) != 0;
        bool less = Any(SignFlag) != Any(OverflowFlag);
        bool holds = (condition >> 1) switch
        {
            0 => Any(OverflowFlag),
            1 => Any(CarryFlag),
            2 => Any(ZeroFlag),
            3 => Any(CarryFlag | ZeroFlag),
            4 => Any(SignFlag),
            5 => Any(ParityFlag),
            6 => less,
            _ => less || Any(ZeroFlag),
        };
        return holds != ((condition & 1) != 0);
    }
}
