using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// Code for one instruction by itself, with its memory operand in a buffer: for device memory, operands across pages, segments with limits, and single steps. All guest
/// registers are in the host's of the same number; the stack pointer and the buffer's address are in two that the instruction does not use.
/// </summary>
internal sealed unsafe class CarefulEmitter(MachineCode code, FpuClassCache classes)
{
    private const int MostBytes = 512, Rsp = 4;

    private readonly Dictionary<(Instruction Insn, CpuMode Size), nint> _known = [];
    private readonly InstructionInfoFactory _info = new();
    private readonly PointerWriter _writer = new();
    private Encoder? _encoder;
    private byte* _next = code.Careful;

    /// <summary>The code of an instruction; null when it cannot be had.</summary>
    /// <param name="insn">The instruction; where its memory operand is does not matter.</param>
    /// <param name="size">Size of the code it comes from.</param>
    public byte* Find(Instruction insn, CpuMode size)
    {
        if (MachineTranslator.MemoryOperand(in insn) >= 0)
            MachineTranslator.SetMemory(ref insn, Register.None);
        if (_known.TryGetValue((insn, size), out nint known))
            return (byte*)known;
        if (_next + MostBytes > code.Careful + MachineCode.CarefulBytes)
        {
            _known.Clear();
            _next = code.Careful;
        }

        byte* at = _next;
        X64Asm a = new(at);
        if (!Emit(ref a, insn, size == CpuMode.Bits64))
            return null;
        _next = (byte*)(((ulong)a.Position + 15) & ~15UL);
        _known[(insn, size)] = (nint)at;
        return at;
    }

    private bool Emit(ref X64Asm a, Instruction insn, bool is64)
    {
        int used = 0;
        bool hasHighByte = false, usesStack = false;
        foreach (UsedRegister register in _info.GetInfo(in insn).GetUsedRegisters())
        {
            int number = OperandMap.Family(register.Register);
            used |= number < 0 ? 0 : 1 << number;
        }

        int memory = MachineTranslator.MemoryOperand(in insn);
        for (int i = 0; i < insn.OpCount; i++)
        {
            if (insn.GetOpKind(i) != OpKind.Register)
                continue;
            hasHighByte |= OperandMap.IsHighByte(insn.GetOpRegister(i));
            usesStack |= OperandMap.Family(insn.GetOpRegister(i)) == Rsp && !OperandMap.IsHighByte(insn.GetOpRegister(i));
        }

        used |= 1 << Rsp;
        int buffer = Take(ref used), stack = Take(ref used, from: hasHighByte ? 0 : 8);
        if (usesStack)
            for (int i = 0; i < insn.OpCount; i++)
                if (insn.GetOpKind(i) == OpKind.Register && OperandMap.Family(insn.GetOpRegister(i)) == Rsp && !OperandMap.IsHighByte(insn.GetOpRegister(i)))
                    insn.SetOpRegister(i, OperandMap.Rename(insn.GetOpRegister(i), stack));
        insn.Code = MachineTranslator.Encodable(insn.Code);
        if (memory >= 0)
            MachineTranslator.SetMemory(ref insn, Register.RAX + buffer);

        if (classes.Of(in insn) != FpuClass.None)
        {
            a.Cmp32(AreaSlot.At(AreaSlot.VectorsLoaded), 0);
            byte* loaded = a.JccForward(Cond.NE);
            a.Byte(0xE8);
            a.Int32((int)(code.Stubs.LoadVectors - (a.Position + 4)));
            a.Here(loaded);
        }

        if (usesStack)
            a.Mov((Reg)stack, MachineStubs.StackPointer);
        if (is64)
            foreach (byte number in MachineTranslator.MemoryRegisters)
                if (number != stack)
                    a.Mov((Reg)number, AreaSlot.Gpr(number));
        if (memory >= 0)
            a.Mov((Reg)buffer, AreaSlot.At(AreaSlot.BounceAddress));
        MachineStubs.EmitLoadFlags(ref a);
        _writer.At = a.Position;
        _encoder ??= Encoder.Create(64, _writer);
        if (!_encoder.TryEncode(in insn, 0, out _, out _))
            return false;
        a.Position = _writer.At;
        MachineStubs.EmitSaveFlags(ref a);
        if (usesStack)
            a.Mov(AreaSlot.At(AreaSlot.Temp), (Reg)stack);
        a.Mov((Reg)stack, AreaSlot.Gpr(stack));
        a.Mov((Reg)buffer, AreaSlot.Gpr(buffer));
        if (is64)
            foreach (byte number in MachineTranslator.MemoryRegisters)
                a.Mov(AreaSlot.Gpr(number), (Reg)number);
        a.Mov(MachineStubs.StackPointer, usesStack ? AreaSlot.At(AreaSlot.Temp) : AreaSlot.Gpr(Rsp));
        a.Jmp(code.Stubs.Exit(MachineExit.Done, flagsInHost: false));
        return true;
    }

    private static int Take(ref int used, int from = 0)
    {
        ReadOnlySpan<byte> order = [6, 7, 3, 2, 1, 0, 5, 8, 9, 10, 11, 12];
        foreach (byte register in order)
        {
            if (register < from || (used & 1 << register) != 0)
                continue;
            used |= 1 << register;
            return register;
        }

        return from > 0 ? Take(ref used) : throw new InvalidOperationException("an instruction that uses every register");
    }
}
