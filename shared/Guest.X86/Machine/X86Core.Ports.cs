using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>in and out, by IOPL and the task's I/O bitmap (Intel SDM volume 1, 19.5).</summary>
public sealed unsafe partial class X86Core
{
    // Throws unless the privilege allows the port.
    private void CheckPort(ushort port, int size)
    {
        if (!_cpu->IsProtected || (!_cpu->IsVm86 && _cpu->Cpl <= (int)(_cpu->Rflags >> 12 & 3)))
            return;
        ref Segment tr = ref _cpu->Seg(SegmentName.Tr);
        if ((tr.Attributes & Segment.Unusable) != 0 || (tr.Attributes & 8) == 0 || TssPorts + 1 > tr.Limit)
            throw Protection(0);
        // Two bytes are read always: an access may straddle.
        ulong at = ReadSystem(tr.Base + TssPorts, 2) + (ulong)(port >> 3);
        if (at + 1 > tr.Limit)
            throw Protection(0);
        ulong bits = ReadSystem(tr.Base + at, 2) >> (port & 7);
        if ((bits & ((1UL << size) - 1)) != 0)
            throw Protection(0);
    }

    private uint ReadPort(ushort port, int size)
    {
        if ((_cpu->Dr[7] & DrEnabled) != 0)
            CheckPortBreakpoint(port, size);
        return _platform.In(port, size);
    }

    private void WritePort(ushort port, int size, uint value)
    {
        if ((_cpu->Dr[7] & DrEnabled) != 0)
            CheckPortBreakpoint(port, size);
        _platform.Out(port, size, (uint)Cut(value, size * 8));
    }

    private ushort PortOperand(in Instruction insn, int operand) =>
        insn.GetOpKind(operand) == OpKind.Immediate8 ? insn.Immediate8 : (ushort)_cpu->Gpr[Rdx];

    private void In(in Instruction insn)
    {
        int size = RegisterBytes(insn.Op0Register);
        ushort port = PortOperand(insn, 1);
        CheckPort(port, size);
        // What the device does may look at the state: it sees the next instruction only after this one.
        SetRegister(insn.Op0Register, ReadPort(port, size));
    }

    private void Out(in Instruction insn)
    {
        int size = RegisterBytes(insn.Op1Register);
        ushort port = PortOperand(insn, 0);
        CheckPort(port, size);
        WritePort(port, size, (uint)GetRegister(insn.Op1Register));
    }
}
