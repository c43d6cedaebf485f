using Iced.Intel;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// Makes instructions out of Iced's table of opcodes: random registers, masks, rounding and immediates; the memory operand is the caller's.
/// Only what user code may execute at a place of its own choice: no branches, nothing that waits, tells the time, or addresses memory implicitly.
/// </summary>
internal sealed class ReencodeGenerator
{
    private const int Rsp = 4;

    // What they do depends on time, place or processor number, or is not for a test to do.
    private static readonly HashSet<Mnemonic> Unfit =
    [
        Mnemonic.Rdtsc, Mnemonic.Rdtscp, Mnemonic.Rdrand, Mnemonic.Rdseed, Mnemonic.Rdpid, Mnemonic.Rdpmc, Mnemonic.Rdpru, Mnemonic.Cpuid, Mnemonic.Xgetbv,
        Mnemonic.Rdfsbase, Mnemonic.Rdgsbase, Mnemonic.Wrfsbase, Mnemonic.Wrgsbase, Mnemonic.Swapgs,
        Mnemonic.Monitor, Mnemonic.Monitorx, Mnemonic.Mwait, Mnemonic.Mwaitx, Mnemonic.Umonitor, Mnemonic.Umwait, Mnemonic.Tpause, Mnemonic.Clzero,
        Mnemonic.Maskmovq, Mnemonic.Maskmovdqu, Mnemonic.Vmaskmovdqu, Mnemonic.Movdir64b, Mnemonic.Enqcmd, Mnemonic.Enqcmds,
        Mnemonic.Vmcall, Mnemonic.Vmmcall, Mnemonic.Vmgexit, Mnemonic.Vmfunc, Mnemonic.Tdcall, Mnemonic.Seamcall,
        Mnemonic.Xsave, Mnemonic.Xsave64, Mnemonic.Xsavec, Mnemonic.Xsavec64, Mnemonic.Xsaveopt, Mnemonic.Xsaveopt64, Mnemonic.Xsaves, Mnemonic.Xsaves64,
        Mnemonic.Fnstenv, Mnemonic.Fstenv, Mnemonic.Fnsave, Mnemonic.Fsave,
        Mnemonic.Popf, Mnemonic.Popfd, Mnemonic.Popfq, Mnemonic.Enter, Mnemonic.Leave, Mnemonic.Lss, Mnemonic.Lfs, Mnemonic.Lgs,
    ];

    /// <summary>True for what the tests leave out.</summary>
    public static bool IsUnfit(Mnemonic mnemonic) => Unfit.Contains(mnemonic);

    private readonly ReencodeRandom _random;
    private readonly Writer _writer = new();
    private readonly Encoder _encoder;

    public ReencodeGenerator(ReencodeRandom random)
    {
        _random = random;
        _encoder = Encoder.Create(64, _writer);
    }

    /// <summary>The opcodes with, or without, a memory operand (including those where it may be a register).</summary>
    public static Code[] Codes(bool memory) =>
        [.. Enum.GetValues<Code>().Where(c => IsFit(c) && (memory ? c.ToOpCode().OpKinds().Any(IsMemory) : !c.ToOpCode().OpKinds().All(IsMemory)))];

    /// <summary>General registers, as a bit mask, that are not to be named.</summary>
    public int Avoid { get; set; } = 1 << Rsp;

    /// <summary>
    /// Builds one instruction for an address. The memory operand, if <paramref name="memory"/> is not null, is what it says.
    /// </summary>
    /// <returns>The length, or 0 when this try did not give an instruction that exists.</returns>
    public int Make(Code code, ulong at, in Instruction? memory, Span<byte> to)
    {
        OpCodeInfo info = code.ToOpCode();
        Instruction instruction = memory ?? default;
        instruction.Code = code;
        bool immediateSeen = false;
        bool registersOnly = true;
        for (int i = 0; i < info.OpCount; i++)
        {
            OpCodeOperandKind kind = info.GetOpKind(i);
            if (IsMemory(kind) && memory is not null && (!IsEither(kind) || registersOnly))
            {
                instruction.SetOpKind(i, OpKind.Memory);
                registersOnly = false;
            }
            else if (!SetOperand(ref instruction, i, kind, info, ref immediateSeen))
            {
                return 0;
            }
        }

        Decorate(ref instruction, info, registersOnly);
        _encoder.PreventVEX2 = _random.OneIn(4);
        _encoder.VEX_WIG = (uint)_random.Below(2);
        _encoder.EVEX_WIG = (uint)_random.Below(2);
        _encoder.VEX_LIG = (uint)_random.Below(2);
        _writer.Length = 0;
        if (!_encoder.TryEncode(in instruction, at, out uint length, out _))
            return 0;
        _writer.Bytes.AsSpan(0, (int)length).CopyTo(to);
        return (int)length;
    }

    private static bool IsFit(Code code)
    {
        OpCodeInfo info = code.ToOpCode();
        if (!info.IsInstruction || !info.Mode64 || Unfit.Contains(info.Mnemonic) || info.IsReservedNop && info.OpCount > 2 || code.ToString().StartsWith("Knc"))
            return false;
        Instruction sample = new() { Code = code };
        if (sample.FlowControl != FlowControl.Next)
            return false;
        return info.OpKinds().All(k => IsMemory(k) || IsRegister(k) || k.ToString().StartsWith("imm"));
    }

    private static bool IsMemory(OpCodeOperandKind kind) => kind == OpCodeOperandKind.mem || IsEither(kind);

    private static bool IsEither(OpCodeOperandKind kind) => kind.ToString().EndsWith("_or_mem");

    private static bool IsRegister(OpCodeOperandKind kind) => kind is not (OpCodeOperandKind.seg_reg or OpCodeOperandKind.tmm_reg or OpCodeOperandKind.tmm_rm or OpCodeOperandKind.tmm_vvvv)
        && ClassOf(kind) is not null;

    private static Register[]? ClassOf(OpCodeOperandKind kind)
    {
        string name = kind.ToString();
        int end = name.IndexOf('_');
        return (end < 0 ? name : name[..end]) switch
        {
            "r8" => Bytes,
            "r16" => Range(Register.AX, 16),
            "r32" => Range(Register.EAX, 16),
            "r64" => Range(Register.RAX, 16),
            "mm" => Range(Register.MM0, 8),
            "xmm" or "xmmp3" => Range(Register.XMM0, 32),
            "ymm" => Range(Register.YMM0, 32),
            "zmm" or "zmmp3" => Range(Register.ZMM0, 32),
            "k" or "kp1" => Range(Register.K0, 8),
            "sti" => Range(Register.ST0, 8),
            "al" => [Register.AL],
            "cl" => [Register.CL],
            "ax" => [Register.AX],
            "dx" => [Register.DX],
            "eax" => [Register.EAX],
            "rax" => [Register.RAX],
            "st0" => [Register.ST0],
            _ => null,
        };
    }

    private static readonly Register[] Bytes = [.. Range(Register.AL, 20)];

    private static Register[] Range(Register first, int count) => [.. Enumerable.Range(0, count).Select(i => first + i)];

    private bool SetOperand(ref Instruction instruction, int i, OpCodeOperandKind kind, OpCodeInfo info, ref bool immediateSeen)
    {
        if (ClassOf(kind) is { } registers)
        {
            int count = registers.Length == 32 && info.Encoding != EncodingKind.EVEX ? 16 : registers.Length;
            Register register = registers[_random.Below(count)];
            bool isFixed = registers.Length == 1;
            if (!isFixed && register.IsGPR() && (Avoid >> register.GetFullRegister().GetNumber() & 1) != 0)
                return false;
            instruction.SetOpKind(i, OpKind.Register);
            instruction.SetOpRegister(i, register);
            return true;
        }

        OpKind immediate = kind switch
        {
            OpCodeOperandKind.imm4_m2z or OpCodeOperandKind.imm8 or OpCodeOperandKind.imm8_const_1 => immediateSeen ? OpKind.Immediate8_2nd : OpKind.Immediate8,
            OpCodeOperandKind.imm8sex16 => OpKind.Immediate8to16,
            OpCodeOperandKind.imm8sex32 => OpKind.Immediate8to32,
            OpCodeOperandKind.imm8sex64 => OpKind.Immediate8to64,
            OpCodeOperandKind.imm16 => OpKind.Immediate16,
            OpCodeOperandKind.imm32 => OpKind.Immediate32,
            OpCodeOperandKind.imm32sex64 => OpKind.Immediate32to64,
            OpCodeOperandKind.imm64 => OpKind.Immediate64,
            _ => OpKind.FarBranch16,
        };
        if (immediate == OpKind.FarBranch16)
            return false;
        instruction.SetOpKind(i, immediate);
        long value = (long)_random.Value();
        instruction.SetImmediate(i, kind switch
        {
            OpCodeOperandKind.imm8_const_1 => 1,
            OpCodeOperandKind.imm4_m2z => value & 3,
            OpCodeOperandKind.imm8 => (byte)value,
            OpCodeOperandKind.imm16 => (ushort)value,
            OpCodeOperandKind.imm32 => (uint)value,
            OpCodeOperandKind.imm8sex16 or OpCodeOperandKind.imm8sex32 or OpCodeOperandKind.imm8sex64 => (sbyte)value,
            OpCodeOperandKind.imm32sex64 => (int)value,
            _ => value,
        });
        immediateSeen = true;
        return true;
    }

    private void Decorate(ref Instruction instruction, OpCodeInfo info, bool registersOnly)
    {
        if (info.CanUseOpMaskRegister && (info.RequireOpMaskRegister || _random.OneIn(2)))
        {
            instruction.OpMask = Register.K1 + _random.Below(7);
            instruction.ZeroingMasking = info.CanUseZeroingMasking && _random.OneIn(2);
        }

        if (!registersOnly)
            instruction.IsBroadcast = info.CanBroadcast && _random.OneIn(2);
        else if (info.CanUseRoundingControl && _random.OneIn(2))
            instruction.RoundingControl = RoundingControl.RoundToNearest + _random.Below(4);
        else if (info.CanSuppressAllExceptions && _random.OneIn(2))
            instruction.SuppressAllExceptions = true;
        if (info.CanUseLockPrefix && !registersOnly && _random.OneIn(3))
            instruction.HasLockPrefix = true;
    }

    private sealed class Writer : CodeWriter
    {
        public byte[] Bytes { get; } = new byte[32];

        public int Length { get; set; }

        public override void WriteByte(byte value) => Bytes[Length++] = value;
    }
}

/// <summary>Small helpers over Iced's opcode table.</summary>
internal static class ReencodeOpCodes
{
    public static IEnumerable<OpCodeOperandKind> OpKinds(this OpCodeInfo info)
    {
        for (int i = 0; i < info.OpCount; i++)
            yield return info.GetOpKind(i);
    }
}
