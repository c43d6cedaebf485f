using Suite.Guest.X86.Decode;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.Tools.I386;

/// <summary>Operands of the instructions that managed code executes: places in segments, the stack, registers.</summary>
internal static unsafe class I386Operand
{
    private const int Ebx = 3, Esp = 4, Ebp = 5, Esi = 6, Edi = 7;

    /// <summary>Where a memory operand is.</summary>
    public static I386Place Of(GuestThread t, in X86Insn insn)
    {
        bool onStack;
        uint offset = insn.AddressBits == 16 ? Offset16(t.State, in insn, out onStack) : Offset32(t.State, in insn, out onStack);
        int segment = insn.Segment switch
        {
            0x26 => Stubs.Es,
            0x2E => Stubs.Cs,
            0x36 => Stubs.Ss,
            0x3E => Stubs.Ds,
            0x64 => Stubs.Fs,
            0x65 => Stubs.Gs,
            _ => onStack ? Stubs.Ss : Stubs.Ds,
        };
        return new I386Place(segment, offset);
    }

    /// <summary>The top of the stack, moved by some bytes.</summary>
    public static I386Place StackTop(GuestThread t, int by = 0) => new(Stubs.Ss, (uint)t.State->Gpr[Esp] + (uint)by & StackMask(t));

    /// <summary>Adds to the stack pointer: esp, or sp on a stack of 16 bits.</summary>
    public static void MoveStack(GuestThread t, int by)
    {
        uint mask = StackMask(t), esp = (uint)t.State->Gpr[Esp];
        t.State->Gpr[Esp] = esp & ~mask | esp + (uint)by & mask;
    }

    /// <summary>Writes a general register of 16 or 32 bits.</summary>
    public static void SetRegister(VcpuState* s, int register, uint value, int bits) =>
        s->Gpr[register] = bits == 16 ? (uint)s->Gpr[register] & 0xFFFF0000 | (ushort)value : value;

    private static uint StackMask(GuestThread t) => I386Segments.Find(t, Stubs.Ss) is { IsBig: false } ? 0xFFFF : uint.MaxValue;

    private static uint Offset16(VcpuState* s, in X86Insn insn, out bool onStack)
    {
        int rm = insn.ModRm & 7;
        bool direct = insn.ModRm >> 6 == 0 && rm == 6;
        onStack = rm is 2 or 3 || (rm == 6 && !direct);
        uint sum = rm switch
        {
            0 => (uint)(s->Gpr[Ebx] + s->Gpr[Esi]),
            1 => (uint)(s->Gpr[Ebx] + s->Gpr[Edi]),
            2 => (uint)(s->Gpr[Ebp] + s->Gpr[Esi]),
            3 => (uint)(s->Gpr[Ebp] + s->Gpr[Edi]),
            4 => (uint)s->Gpr[Esi],
            5 => (uint)s->Gpr[Edi],
            6 => direct ? 0 : (uint)s->Gpr[Ebp],
            _ => (uint)s->Gpr[Ebx],
        };
        return sum + (uint)insn.Disp & 0xFFFF;
    }

    private static uint Offset32(VcpuState* s, in X86Insn insn, out bool onStack)
    {
        int rm = insn.ModRm & 7, mod = insn.ModRm >> 6;
        uint address = (uint)insn.Disp;
        onStack = false;
        if (insn.HasSib)
        {
            int index = insn.Sib >> 3 & 7;
            if (index != 4)
                address += (uint)s->Gpr[index] << (insn.Sib >> 6);
            rm = insn.Sib & 7;
        }

        if (rm == Ebp && mod == 0)
            return address;
        onStack = rm is Esp or Ebp;
        return address + (uint)s->Gpr[rm];
    }
}
