using Iced.Intel;
using Suite.Guest.X86.Decode;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// Compares <see cref="X86Decoder"/> with Iced, one instruction at a time, and gathers the differences.
/// </summary>
internal sealed unsafe class DecodeOracle
{
    private const int BufferSize = 32;
    private const int MaxReported = 30;

    private readonly Reader _reader = new();
    private readonly Decoder _iced;
    private readonly CpuMode _mode;
    private readonly SortedDictionary<string, string> _differences = [];

    public DecodeOracle(CpuMode mode)
    {
        _mode = mode;
        _iced = Decoder.Create(Bits(mode), _reader, DecoderOptions.None);
    }

    /// <summary>Number of byte strings that Iced calls valid.</summary>
    public int ValidCount { get; private set; }

    /// <summary>The bytes to decode; at least 15 of them are read.</summary>
    public Span<byte> Buffer => _reader.Bytes;

    public static int Bits(CpuMode mode) => mode switch
    {
        CpuMode.Bits16 => 16,
        CpuMode.Bits32 => 32,
        _ => 64,
    };

    /// <summary>Decodes the buffer with both and notes any difference.</summary>
    public void Check()
    {
        _reader.Position = 0;
        _iced.IP = 0;
        _iced.Decode(out Instruction expected);
        bool complete;
        X86Insn actual;
        fixed (byte* code = _reader.Bytes)
        {
            complete = X86Decoder.Decode(code, BufferSize, _mode, out actual);
        }

        if (!complete)
            Report("incomplete", in expected, in actual);
        if (expected.IsInvalid)
            CheckInvalid(in expected, in actual);
        else
            CheckValid(in expected, in actual);
    }

    /// <summary>Fails the test if there were differences, one line per kind and mnemonic.</summary>
    public void AssertNoDifferences() =>
        Assert.True(_differences.Count == 0, string.Join('\n', _differences.Values.Take(MaxReported)) + $"\n{_differences.Count} kinds, mode {_mode}");

    private void CheckValid(in Instruction expected, in X86Insn actual)
    {
        ValidCount++;
        if (actual.Length != expected.Length)
            Report("length", in expected, in actual);
        if (!DecodeFlowOracle.Agrees(in expected, actual.Flow))
            Report("flow", in expected, in actual);
        if (actual.RipRelative != expected.IsIPRelativeMemoryOperand)
            Report("rip", in expected, in actual);
        CheckConstants(in expected, in actual);
        CheckPrefixes(in expected, in actual);
    }

    /// <summary>
    /// Iced knows which forms exist, and this decoder leaves that to the host. But a form that no CPU has must not get a class
    /// on which the re-encoder acts, or it would act where the CPU raises #UD.
    /// </summary>
    private void CheckInvalid(in Instruction expected, in X86Insn actual)
    {
        if (actual.Flow is not (X86Flow.Plain or X86Flow.Invalid or X86Flow.Ud))
            Report("class of an invalid form", in expected, in actual);
        if (actual.Length == 0)
            Report("no length", in expected, in actual);
    }

    private void CheckConstants(in Instruction expected, in X86Insn actual)
    {
        ConstantOffsets offsets = _iced.GetConstantOffsets(in expected);
        bool moffs = actual is { Encoding: Encoding.Legacy, Map: 0, Opcode: >= 0xA0 and <= 0xA3 };
        if (moffs)
        {
            // Iced calls the address of a moffs a displacement.
            if (actual.ImmOffset != offsets.DisplacementOffset || actual.ImmSize != offsets.DisplacementSize
                || (ulong)actual.Imm != expected.MemoryDisplacement64)
                Report("moffs", in expected, in actual);
            return;
        }

        if (actual.DispOffset != offsets.DisplacementOffset || actual.DispSize != offsets.DisplacementSize)
            Report("displacement place", in expected, in actual);
        if (actual.ImmOffset != offsets.ImmediateOffset || actual.ImmSize != offsets.ImmediateSize)
            CheckUnlistedImmediate(in expected, in actual);
        else if (actual.ImmSize != 0 && actual.Imm != ReadSigned(actual.ImmOffset, actual.ImmSize))
            Report("immediate", in expected, in actual);
        if (actual.DispSize != 0 && actual.Disp != ReadSigned(actual.DispOffset, actual.DispSize))
            Report("displacement", in expected, in actual);
        if (offsets.HasImmediate2 && offsets.ImmediateOffset2 != actual.ImmOffset + actual.ImmSize)
            Report("second immediate", in expected, in actual);
        if (offsets is { HasImmediate2: true, ImmediateSize2: 1 } && actual.Imm2 != Buffer[offsets.ImmediateOffset2])
            Report("second immediate", in expected, in actual);
    }

    /// <summary>Iced does not report the last byte as an immediate where it is part of the opcode or names a register.</summary>
    private void CheckUnlistedImmediate(in Instruction expected, in X86Insn actual)
    {
        bool lastByte = actual.ImmSize == 1 && actual.ImmOffset == expected.Length - 1;
        bool suffix = actual.Encoding == Encoding.ThreeDNow;
        bool register = actual.Encoding is Encoding.Vex3 or Encoding.Xop && Enumerable.Range(0, expected.OpCount).Any(IsRegister4(expected.Code.ToOpCode()));
        if (!lastByte || !(suffix || register))
            Report("immediate place", in expected, in actual);
    }

    private static Func<int, bool> IsRegister4(OpCodeInfo info) => operand => info.GetOpKind(operand) is
        OpCodeOperandKind.xmm_is4 or OpCodeOperandKind.ymm_is4 or OpCodeOperandKind.xmm_is5 or OpCodeOperandKind.ymm_is5;

    private void CheckPrefixes(in Instruction expected, in X86Insn actual)
    {
        if (expected.HasLockPrefix && !actual.Lock)
            Report("lock", in expected, in actual);
        if ((expected.HasRepPrefix || expected.HasRepnePrefix) && actual.RepPrefix != (expected.HasRepPrefix ? 0xF3 : 0xF2))
            Report("rep", in expected, in actual);
        Register segment = actual.Segment switch
        {
            0x26 => Register.ES,
            0x2E => Register.CS,
            0x36 => Register.SS,
            0x3E => Register.DS,
            0x64 => Register.FS,
            0x65 => Register.GS,
            _ => Register.None,
        };
        if (segment != expected.SegmentPrefix && expected.SegmentPrefix != Register.None)
            Report("segment", in expected, in actual);
        if (segment != Register.None && Buffer[actual.SegmentOffset] != actual.Segment)
            Report("segment place", in expected, in actual);
    }

    private long ReadSigned(int offset, int size)
    {
        Span<byte> at = Buffer[offset..];
        return size switch
        {
            1 => (sbyte)at[0],
            2 => BitConverter.ToInt16(at),
            4 => BitConverter.ToInt32(at),
            _ => BitConverter.ToInt64(at),
        };
    }

    private void Report(string what, in Instruction expected, in X86Insn actual)
    {
        string key = $"{what} {expected.Code}";
        _differences.TryAdd(key, $"{what}: {Convert.ToHexString(Buffer[..MaxLength])} is {expected.Length} bytes {expected.Code} ({expected}); "
            + $"got length {actual.Length} {actual.Flow} disp {actual.DispOffset}+{actual.DispSize} imm {actual.ImmOffset}+{actual.ImmSize} map {actual.Map}");
    }

    private const int MaxLength = X86Decoder.MaxLength;

    private sealed class Reader : CodeReader
    {
        public byte[] Bytes { get; } = new byte[BufferSize];

        public int Position { get; set; }

        public override int ReadByte() => Position < BufferSize ? Bytes[Position++] : -1;
    }
}
