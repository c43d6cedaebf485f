using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Classes of instructions by opcode, found once for each: the opcode tells which kinds of register the operands are.</summary>
internal sealed class FpuClassCache
{
    private const int Opcodes = 1 << 13;

    // The class plus one; 0 for what has not been met.
    private readonly byte[] _known = new byte[Opcodes];

    /// <summary>The class of an instruction.</summary>
    public FpuClass Of(in Instruction insn)
    {
        ref byte known = ref _known[(int)insn.Code];
        if (known == 0)
            known = (byte)(FpuClasses.Of(insn) + 1);
        return (FpuClass)(known - 1);
    }
}
