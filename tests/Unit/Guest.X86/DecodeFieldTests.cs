using Suite.Guest.X86.Decode;

namespace Suite.Tests.Guest.X86;

/// <summary>Fields and classes of chosen instructions, by hand from the manuals; the sweeps against Iced do not cover these fields.</summary>
public sealed unsafe class DecodeFieldTests
{
    private static X86Insn Decode(string hex, CpuMode mode = CpuMode.Bits64)
    {
        byte[] bytes = Convert.FromHexString(hex);
        fixed (byte* code = bytes)
        {
            Assert.True(X86Decoder.Decode(code, bytes.Length, mode, out X86Insn insn));
            Assert.Equal(bytes.Length, insn.Length);
            return insn;
        }
    }

    [Fact]
    public void RexExtendsRegisterIndexAndBase()
    {
        X86Insn insn = Decode("F04F018CD078563412"); // lock add [r8 + r10*8 + 0x12345678], r9
        Assert.Equal((1, 0x4F, 1, 2), (insn.PrefixCount, insn.Rex, insn.RexOffset, insn.OpcodeOffset));
        Assert.Equal((1, 1, 1, 1, 9), (insn.R, insn.X, insn.B, insn.W, insn.RegField));
        Assert.Equal((0xD0, 5, 4, 0x12345678), (insn.Sib, insn.DispOffset, insn.DispSize, insn.Disp));
        Assert.True(insn is { Lock: true, HasSib: true, IsMemory: true, RipRelative: false, OperandBits: 64, AddressBits: 64 });
    }

    [Fact]
    public void RexBeforeAnotherPrefixHasNoEffect()
    {
        X86Insn insn = Decode("486689C8"); // mov ax, cx
        Assert.Equal((0, 0, 16, 2), (insn.Rex, insn.W, insn.OperandBits, insn.PrefixCount));
    }

    [Fact]
    public void Vex3FieldsAreInverted()
    {
        X86Insn insn = Decode("C44209F7C1"); // shlx r8d, r9d, r14d
        Assert.Equal((Encoding.Vex3, 2, 0xF7, 0, 4), (insn.Encoding, insn.Map, insn.Opcode, insn.VexOffset, insn.ModRmOffset));
        Assert.Equal((14, 8, 1, 0, 1), (insn.Vvvv, insn.RegField, insn.R, insn.X, insn.B));
    }

    [Fact]
    public void EvexHasFiveBitRegisters()
    {
        X86Insn insn = Decode("62212C4058841A00000080"); // vaddps zmm24, zmm26, [rdx + r11 - 0x80000000]
        Assert.Equal((Encoding.Evex, 1, 24, 26), (insn.Encoding, insn.Map, insn.RegField, insn.Vvvv));
        Assert.Equal((1, 1, 0, int.MinValue), (insn.R, insn.X, insn.B, insn.Disp));
    }

    [Fact]
    public void SegmentPrefixesThatAreIgnoredDoNotDisplaceFs()
    {
        X86Insn insn = Decode("642E8B00");
        Assert.Equal((0x64, 0), (insn.Segment, insn.SegmentOffset));
        insn = Decode("642E8B00", CpuMode.Bits32);
        Assert.Equal((0x2E, 1), (insn.Segment, insn.SegmentOffset));
        insn = Decode("2E658B00");
        Assert.Equal((0x65, 1), (insn.Segment, insn.SegmentOffset));
    }

    [Theory]
    [InlineData("48B8F0DEBC9A78563412", CpuMode.Bits64, 0x123456789ABCDEF0, 2, 8)]
    [InlineData("6681C0FEFF", CpuMode.Bits64, -2, 3, 2)]
    [InlineData("4881C0FEFFFFFF", CpuMode.Bits64, -2, 3, 4)]
    [InlineData("F7D8", CpuMode.Bits64, 0, 0, 0)]
    [InlineData("F7C0FFFFFFFF", CpuMode.Bits64, -1, 2, 4)]
    [InlineData("67A1FEFFFFFF", CpuMode.Bits64, 0xFFFFFFFE, 2, 4)]
    [InlineData("A1FEFF", CpuMode.Bits16, 0xFFFE, 1, 2)]
    [InlineData("66E8FEFFFFFF", CpuMode.Bits64, -2, 2, 4)]
    [InlineData("66E8FEFF", CpuMode.Bits32, -2, 2, 2)]
    [InlineData("9A34127856", CpuMode.Bits16, 0x1234, 1, 2)]
    [InlineData("EA785634120010", CpuMode.Bits32, 0x12345678, 1, 4)]
    [InlineData("0F0FC1B4", CpuMode.Bits64, -76, 3, 1)]
    public void Immediates(string hex, CpuMode mode, long value, int offset, int size)
    {
        X86Insn insn = Decode(hex, mode);
        Assert.Equal((value, offset, size), (insn.Imm, insn.ImmOffset, insn.ImmSize));
    }

    [Theory]
    [InlineData("C8100002", CpuMode.Bits64, 2)]
    [InlineData("660F78C00A0B", CpuMode.Bits64, 11)]
    [InlineData("F20F78C10A0C", CpuMode.Bits32, 12)]
    public void SecondImmediates(string hex, CpuMode mode, int value) => Assert.Equal(value, Decode(hex, mode).Imm2);

    [Theory]
    [InlineData("06")]
    [InlineData("27")]
    [InlineData("60")]
    [InlineData("9A785634120010")]
    [InlineData("CE")]
    [InlineData("D40A")]
    [InlineData("D6")]
    [InlineData("EA785634120010")]
    [InlineData("82C001")]
    public void SomeOpcodesExistOnlyOutside64BitMode(string hex)
    {
        Assert.Equal(X86Flow.Invalid, Decode(hex).Flow);
        Assert.NotEqual(X86Flow.Invalid, Decode(hex, CpuMode.Bits32).Flow);
    }

    [Theory]
    [InlineData("FFD0", X86Flow.CallIndirect)]
    [InlineData("FF2500000000", X86Flow.JmpIndirect)]
    [InlineData("48FF18", X86Flow.FarCallIndirect)]
    [InlineData("FFE8", X86Flow.Invalid)]
    [InlineData("F30F1EFA", X86Flow.Plain)]
    [InlineData("F390", X86Flow.Plain)]
    [InlineData("F20F05", X86Flow.Syscall)]
    [InlineData("F00F05", X86Flow.Invalid)]
    [InlineData("F0E800000000", X86Flow.Invalid)]
    [InlineData("F3480FAED7", X86Flow.FsGsBase)]
    [InlineData("F30FAE10", X86Flow.Plain)]
    [InlineData("F30FC7F8", X86Flow.Rdpid)]
    [InlineData("0FC7F8", X86Flow.Plain)]
    [InlineData("8EE0", X86Flow.LoadFsGs)]
    [InlineData("8ED8", X86Flow.Plain)]
    [InlineData("C7F800000000", X86Flow.Xbegin)]
    [InlineData("66C5F858C0", X86Flow.Invalid)]
    [InlineData("48C5F858C0", X86Flow.Invalid)]
    [InlineData("0FB9C0", X86Flow.Ud)]
    [InlineData("0F0B", X86Flow.Ud)]
    public void Classes(string hex, X86Flow flow) => Assert.Equal(flow, Decode(hex).Flow);

    [Fact]
    public void FsGsBaseExistsOnlyIn64BitMode() => Assert.Equal(X86Flow.Invalid, Decode("F30FAED7", CpuMode.Bits32).Flow);

    [Fact]
    public void ControlRegisterMovesIgnoreMod()
    {
        X86Insn insn = Decode("0F2004");
        Assert.True(insn is { IsMemory: false, HasSib: false, HasModRm: true });
    }
}
