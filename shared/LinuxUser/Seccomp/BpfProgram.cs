using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Seccomp;

/// <summary>
/// A filter in classic BPF as seccomp(2) takes it: checked as the kernel checks it (bpf_check_classic and check_load_and_stores of
/// net/core/filter.c, seccomp_check_filter of kernel/seccomp.c), then interpreted.
/// </summary>
public sealed class BpfProgram
{
    /// <summary>Instructions a program may have (BPF_MAXINSNS).</summary>
    public const int MostInsns = 4096;

    /// <summary>32-bit words of struct seccomp_data.</summary>
    public const int DataWords = 16;

    private const int MemoryWords = 16;
    private const int LD_IMM = 0x00, LD_ABS = 0x20, LD_LEN = 0x80, LDX_LEN = 0x81, LDX_IMM = 0x01, LD_MEM = 0x60, LDX_MEM = 0x61, ST = 0x02, STX = 0x03,
        RET_K = 0x06, RET_A = 0x16, TAX = 0x07, TXA = 0x87, JA = 0x05;
    private const int ClassMask = 7, Alu = 4, Jump = 5, FromX = 8, OperationMask = 0xF0;
    private const int Add = 0x00, Sub = 0x10, Mul = 0x20, Div = 0x30, Or = 0x40, And = 0x50, Lsh = 0x60, Rsh = 0x70, Neg = 0x80, Xor = 0xA0;
    private const int Equal = 0x10, Greater = 0x20, GreaterOrEqual = 0x30, Set = 0x40;

    private readonly BpfInsn[] _insns;

    private BpfProgram(BpfInsn[] insns) => _insns = insns;

    /// <summary>The instructions.</summary>
    public ReadOnlySpan<BpfInsn> Insns => _insns;

    /// <summary>Checks a program; false when the kernel would refuse it (EINVAL).</summary>
    public static bool TryCreate(BpfInsn[] insns, [NotNullWhen(true)] out BpfProgram? program)
    {
        program = null;
        if (insns.Length is 0 or > MostInsns)
            return false;
        for (int i = 0; i < insns.Length; i++)
            if (!IsValid(insns, i))
                return false;
        if (insns[^1].Code is not (RET_K or RET_A) || !LoadsOnlyWhatWasStored(insns))
            return false;
        program = new BpfProgram(insns);
        return true;
    }

    /// <summary>Runs the filter on a call's data, as words in the order in which the guest has them in memory; the result is SECCOMP_RET_... and its data.</summary>
    public uint Run(ReadOnlySpan<uint> data)
    {
        Span<uint> memory = stackalloc uint[MemoryWords];
        memory.Clear();
        uint a = 0, x = 0;
        for (int pc = 0; ; pc++)
        {
            ref readonly BpfInsn insn = ref _insns[pc];
            switch ((int)insn.Code)
            {
                case LD_ABS:
                    a = data[(int)(insn.K / 4)];
                    break;
                case LD_LEN:
                    a = DataWords * 4;
                    break;
                case LDX_LEN:
                    x = DataWords * 4;
                    break;
                case LD_IMM:
                    a = insn.K;
                    break;
                case LDX_IMM:
                    x = insn.K;
                    break;
                case LD_MEM:
                    a = memory[(int)insn.K];
                    break;
                case LDX_MEM:
                    x = memory[(int)insn.K];
                    break;
                case ST:
                    memory[(int)insn.K] = a;
                    break;
                case STX:
                    memory[(int)insn.K] = x;
                    break;
                case TAX:
                    x = a;
                    break;
                case TXA:
                    a = x;
                    break;
                case RET_K:
                    return insn.K;
                case RET_A:
                    return a;
                case JA:
                    pc += (int)insn.K;
                    break;
                default:
                    uint operand = (insn.Code & FromX) != 0 ? x : insn.K;
                    if ((insn.Code & ClassMask) == Jump)
                        pc += Holds(insn.Code & OperationMask, a, operand) ? insn.IfTrue : insn.IfFalse;
                    else if ((insn.Code & OperationMask) == Div && operand == 0)
                        return 0; // as the kernel ends a filter that divides by zero
                    else
                        a = Compute(insn.Code & OperationMask, a, operand);
                    break;
            }
        }
    }

    private static bool Holds(int operation, uint a, uint operand) => operation switch
    {
        Equal => a == operand,
        Greater => a > operand,
        GreaterOrEqual => a >= operand,
        _ => (a & operand) != 0,
    };

    private static uint Compute(int operation, uint a, uint operand) => operation switch
    {
        Add => a + operand,
        Sub => a - operand,
        Mul => a * operand,
        Div => a / operand,
        Or => a | operand,
        And => a & operand,
        Lsh => a << (int)operand, // by the low five bits, as the host's JIT compiler does
        Rsh => a >> (int)operand,
        Xor => a ^ operand,
        _ => (uint)-(int)a,
    };

    private static bool IsValid(BpfInsn[] insns, int at)
    {
        BpfInsn insn = insns[at];
        uint behind = (uint)(insns.Length - at - 1);
        switch ((int)insn.Code)
        {
            case LD_ABS:
                return insn.K < DataWords * 4 && (insn.K & 3) == 0;
            case LD_LEN or LDX_LEN or LD_IMM or LDX_IMM or TAX or TXA or RET_K or RET_A:
                return true;
            case LD_MEM or LDX_MEM or ST or STX:
                return insn.K < MemoryWords;
            case JA:
                return insn.K < behind;
        }

        int operation = insn.Code & OperationMask;
        bool fromX = (insn.Code & FromX) != 0;
        if ((insn.Code & ~0xFF) != 0)
            return false;
        return (insn.Code & ClassMask) switch
        {
            Jump => operation is Equal or Greater or GreaterOrEqual or Set && insn.IfTrue < behind && insn.IfFalse < behind,
            Alu => operation switch
            {
                Add or Sub or Mul or Or or And or Xor => true,
                Div => fromX || insn.K != 0,
                Lsh or Rsh => fromX || insn.K < 32,
                Neg => !fromX,
                _ => false,
            },
            _ => false,
        };
    }

    // A word of the scratch memory may be loaded only where every way there has stored it.
    private static bool LoadsOnlyWhatWasStored(BpfInsn[] insns)
    {
        ushort[] known = new ushort[insns.Length];
        Array.Fill(known, ushort.MaxValue);
        ushort valid = 0;
        for (int i = 0; i < insns.Length; i++)
        {
            valid &= known[i];
            BpfInsn insn = insns[i];
            switch ((int)insn.Code)
            {
                case ST or STX:
                    valid |= (ushort)(1 << (int)insn.K);
                    break;
                case LD_MEM or LDX_MEM when (valid & 1 << (int)insn.K) == 0:
                    return false;
                case JA:
                    known[i + 1 + (int)insn.K] &= valid;
                    valid = ushort.MaxValue;
                    break;
                case var code when (code & ClassMask) == Jump:
                    known[i + 1 + insn.IfTrue] &= valid;
                    known[i + 1 + insn.IfFalse] &= valid;
                    valid = ushort.MaxValue;
                    break;
            }
        }

        return true;
    }
}
