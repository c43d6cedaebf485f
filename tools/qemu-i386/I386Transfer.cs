using Suite.Guest.X86.Decode;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>
/// Far jumps, calls and returns, iret, and near transfers with a 16-bit operand, which cut eip to 16 bits. Code segments other than the flat one
/// are refused: their code would have to be translated with a base, a limit or another size.
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
        uint mask = insn.OperandBits == 16 ? 0xFFFFu : uint.MaxValue, next = (uint)s->Pc + insn.Length;
        switch (insn.Flow)
        {
            case X86Flow.Jcc:
                s->Pc = Holds(s, insn.Opcode & 0xF) ? next + (uint)insn.Imm & mask : next;
                break;
            case X86Flow.Loop:
                s->Pc = Loops(s, in insn) ? next + (uint)insn.Imm & mask : next;
                break;
            case X86Flow.Jmp:
                s->Pc = next + (uint)insn.Imm & mask;
                break;
            case X86Flow.Call:
                Call(t, in insn, next, next + (uint)insn.Imm & mask, null);
                break;
            case X86Flow.JmpIndirect or X86Flow.CallIndirect:
                NearIndirect(t, in insn, next);
                break;
            case X86Flow.FarJmpDirect or X86Flow.FarCallDirect:
                FarTo(t, in insn, next, (uint)insn.Imm & mask, *(ushort*)(code + insn.ImmOffset + insn.ImmSize));
                break;
            case X86Flow.FarJmpIndirect or X86Flow.FarCallIndirect:
                FarIndirect(t, in insn, next);
                break;
            default:
                Return(t, in insn);
                break;
        }
    }

    private static void NearIndirect(GuestThread t, in X86Insn insn, uint next)
    {
        uint target = (uint)t.State->Gpr[insn.ModRm & 7];
        if (insn.IsMemory && !TryReadOperand(t, I386Operand.Address(t, in insn), insn.OperandBits / 8, out target))
            return;
        if (insn.OperandBits == 16)
            target = (ushort)target;
        if (insn.Flow == X86Flow.CallIndirect)
            Call(t, in insn, next, target, null);
        else
            t.State->Pc = target;
    }

    private static void FarIndirect(GuestThread t, in X86Insn insn, uint next)
    {
        uint address = I386Operand.Address(t, in insn);
        if (TryReadOperand(t, address, insn.OperandBits / 8, out uint target) && TryReadOperand(t, address + insn.OperandBits / 8u, 2, out uint selector))
            FarTo(t, in insn, next, target, (ushort)selector);
    }

    private static void FarTo(GuestThread t, in X86Insn insn, uint next, uint target, ushort selector)
    {
        if (!Admits(t, selector))
            return;
        if (insn.Flow is X86Flow.FarCallDirect or X86Flow.FarCallIndirect)
            Call(t, in insn, next, target, I386Segments.UserCode);
        else
            t.State->Pc = target;
    }

    // Pushes the return address, behind the code selector when the call is far.
    private static void Call(GuestThread t, in X86Insn insn, uint next, uint target, ushort? selector)
    {
        int size = insn.OperandBits / 8, bytes = selector is null ? size : 2 * size;
        uint code = selector ?? 0, at = I386Operand.StackTop(t, -bytes);
        if ((selector is not null && !t.Memory.TryWrite(at + (uint)size, new ReadOnlySpan<byte>(&code, size))) || !t.Memory.TryWrite(at, new ReadOnlySpan<byte>(&next, size)))
        {
            X86Faults.MemoryFault(t, at, write: true);
            return;
        }

        I386Operand.MoveStack(t, -bytes);
        t.State->Pc = target;
    }

    // ret, lret, iret.
    private static void Return(GuestThread t, in X86Insn insn)
    {
        VcpuState* s = t.State;
        int size = insn.OperandBits / 8;
        uint at = I386Operand.StackTop(t), selector = I386Segments.UserCode, flags = 0;
        bool isFar = insn.Flow is X86Flow.FarRet or X86Flow.Iret, isIret = insn.Flow == X86Flow.Iret;
        if (!TryReadOperand(t, at, size, out uint target)
            || (isFar && !TryReadOperand(t, at + (uint)size, size, out selector))
            || (isIret && !TryReadOperand(t, at + 2 * (uint)size, size, out flags))
            || !Admits(t, (ushort)selector))
            return;
        if (isIret)
        {
            ulong changed = insn.OperandBits == 16 ? IretFlags & 0xFFFF : IretFlags;
            s->Flags = (s->Flags & ~changed) | (flags & changed);
        }

        I386Operand.MoveStack(t, size * (isIret ? 3 : isFar ? 2 : 1) + (isIret ? 0 : (ushort)insn.Imm));
        s->Pc = target;
    }

    private static bool TryReadOperand(GuestThread t, uint address, int size, out uint value)
    {
        uint read = 0;
        bool done = t.Memory.TryRead(address, new Span<byte>(&read, size));
        value = read;
        if (!done)
            X86Faults.MemoryFault(t, address, write: false);
        return done;
    }

    private static bool Admits(GuestThread t, ushort selector)
    {
        if (selector == I386Segments.UserCode)
            return true;
        if (selector > 3 && t.Engine.Stubs.AccessRights(selector) is var rights && (rights & 0x1800) == 0x1800)
            t.Process.Log?.Line($"far transfer at {t.State->Pc:x} to the code segment {selector:x}: only {I386Segments.UserCode:x} is supported");
        I386Special.RefuseSelector(t, selector);
        return false;
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
