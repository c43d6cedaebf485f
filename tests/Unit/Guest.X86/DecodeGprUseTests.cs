using Iced.Intel;
using Suite.Guest.X86.Decode;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Guest.X86;

/// <summary><see cref="GprUse"/> against the registers Iced says an instruction uses.</summary>
public sealed unsafe class DecodeGprUseTests
{
    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void CoversEveryRegisterIcedNames(CpuMode mode)
    {
        Random random = new(11);
        InstructionInfoFactory factory = new();
        byte[] bytes = new byte[16];
        SortedDictionary<string, string> missing = [];
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            Shape(bytes, i);
            Decoder decoder = Decoder.Create(DecodeOracle.Bits(mode), new ByteArrayCodeReader(bytes), DecoderOptions.None);
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid || instruction.Mnemonic == Mnemonic.Skinit) // skinit resets the processor
                continue;
            ushort mask = Mask(bytes, mode);
            int used = 0;
            foreach (UsedRegister register in factory.GetInfo(in instruction).GetUsedRegisters())
                used |= Bit(register.Register);
            if ((used & ~mask) != 0)
                missing.TryAdd(instruction.Code.ToString(), $"{Convert.ToHexString(bytes)} {instruction}: uses {used:X4}, mask {mask:X4}");
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing.Values.Take(30)));
    }

    [Theory]
    [InlineData("0F05", 0x0800)]
    [InlineData("4889C8", 0)]
    [InlineData("4D89C8", 0x0300)]
    [InlineData("4A8B04E0", 0x1000)]
    [InlineData("4158", 0x0100)]
    [InlineData("4587C9", 0x0200)]
    [InlineData("C44209F7C1", 0x4300)]
    [InlineData("A4", 0)]
    [InlineData("4D0FCF", 0x8000)]
    public void HighRegistersCountOnlyWhereEncoded(string hex, int high) =>
        Assert.Equal(high, Mask(Convert.FromHexString(hex + "00000000"), CpuMode.Bits64) & 0xFF00);

    private static void Shape(byte[] bytes, int choice)
    {
        int at = 0;
        if ((choice & 1) != 0)
            bytes[at++] = (byte)(0x40 | (bytes[at] & 15));
        if ((choice & 6) == 0)
            bytes[at] = 0x0F;
        else if ((choice & 15) == 2)
            bytes[at] = 0xC5;
        else if ((choice & 15) == 4)
            (bytes[at], bytes[at + 1]) = (0xC4, (byte)((bytes[at + 1] & 0xE0) | ((choice >> 4) % 4)));
    }

    private static ushort Mask(byte[] bytes, CpuMode mode)
    {
        fixed (byte* code = bytes)
        {
            Assert.True(X86Decoder.Decode(code, bytes.Length, mode, out X86Insn insn));
            return GprUse.Mask(in insn, mode);
        }
    }

    private static int Bit(Register register)
    {
        if (!register.IsGPR())
            return 0;
        Register full = register.GetFullRegister();
        return 1 << (full - Register.RAX);
    }
}
