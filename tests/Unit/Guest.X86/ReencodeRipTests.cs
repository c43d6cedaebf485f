using Iced.Intel;
using Suite.Guest.X86.Decode;
using Encoding = Suite.Guest.X86.Decode.Encoding;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// RIP-relative operands of every instruction the host has, natively and re-encoded: in reach of the code cache, out of reach, at the limit of
/// the reach, truncated by 67h, with the bits set that the processor ignores; and the same on memory that is not there.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeRipTests
{
    private const int Rounds = 6;

    [Theory]
    [InlineData(ReencodeHost.FarCode, ReencodeHost.FarData, 1)]
    [InlineData(ReencodeHost.NearCode, ReencodeHost.NearData, 2)]
    [InlineData(ReencodeHost.MiddleCode, ReencodeHost.MiddleData, 3)]
    public void Every_instruction(ulong codeArea, ulong dataArea, ulong seed)
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host) { Stack = codeArea == ReencodeHost.FarCode ? ReencodeHost.FarStack : ReencodeHost.NearStack };
            ReencodeRandom random = new(seed);
            ReencodeGenerator generator = new(random) { Avoid = 0 };
            foreach (Code code in Supported(compare, random))
            {
                for (int i = 0; i < Rounds; i++)
                    CheckOne(compare, random, generator, code, codeArea, dataArea);
            }

            Assert.True(compare.Completed > compare.Count / 2, $"only {compare.Completed} of {compare.Count} ran to their end");
            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void A_bit_string_wraps_at_4_GiB_under_67h()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host) { Data = ReencodeHost.NearData };
            ReencodeRandom random = new(7);
            Span<byte> code = stackalloc byte[9];
            foreach (ulong codeArea in (ReadOnlySpan<ulong>)[ReencodeHost.NearCode, ReencodeHost.FarCode])
            {
                compare.Randomize(random);
                compare.Input.Gpr[3] = 0x8_0000_0000 + 77; // 4 GiB further, as a number of bits
                code[0] = 0x67;
                code[1] = 0x48;
                code[2] = 0x0F;
                code[3] = 0xAB; // bts [eip + disp32], rbx
                code[4] = 0x1D;
                BitConverter.TryWriteBytes(code[5..], (int)(ReencodeHost.NearData + 64 - (uint)codeArea - 9));
                compare.Check("bts", codeArea, code);
                Assert.True(compare.Native.EndedAtStop);
            }

            compare.AssertNoDifferences();
        });
    }

    private static void CheckOne(ReencodeComparison compare, ReencodeRandom random, ReencodeGenerator generator, Code code, ulong codeArea, ulong dataArea)
    {
        Span<byte> bytes = stackalloc byte[40];
        compare.Data = dataArea + (ulong)random.Below(0x20) * 0x400;
        ulong target = compare.Data + 128 + (random.OneIn(2) ? (ulong)random.Below(4) * 64 : (ulong)random.Below(256));
        bool missing = random.OneIn(12);
        if (missing)
            target += ReencodeHost.AreaBytes;
        ulong at = codeArea + (random.OneIn(8) ? 0x1000 - (ulong)random.Below(16) : (ulong)random.Below(0x4000));
        bool bitString = code.Mnemonic() is Mnemonic.Bt or Mnemonic.Btc or Mnemonic.Btr or Mnemonic.Bts;
        generator.Avoid = bitString ? 1 << 4 : 0;
        int length = Make(random, generator, code, at, target, bytes);
        if (length == 0)
            return;
        if (Decode(bytes, out X86Insn insn) && insn.AddrSize)
            compare.Data = (uint)compare.Data;
        compare.Randomize(random);
        for (int i = 0; i < 16 && bitString; i++)
            if (i != 4)
                compare.Input.Gpr[i] &= 0x3FF; // the bit's place is relative to the operand
        compare.Check($"{code}{(missing ? " missing" : "")}", at, bytes[..length]);
    }

    private static int Make(ReencodeRandom random, ReencodeGenerator generator, Code code, ulong at, ulong target, Span<byte> bytes)
    {
        Instruction memory = new() { MemoryBase = Register.RIP, MemoryDisplacement64 = target, MemoryDisplSize = 8 };
        for (int tries = 0; tries < 20; tries++)
        {
            int length = generator.Make(code, at, memory, bytes);
            if (length > 0)
                return Disguise(random, at, target, bytes, length);
        }

        return 0;
    }

    // The same instruction with more bytes or other ignored bits.
    private static int Disguise(ReencodeRandom random, ulong at, ulong target, Span<byte> bytes, int length)
    {
        if (random.OneIn(2) || !Decode(bytes, out X86Insn insn) || !insn.RipRelative)
            return length;
        switch (insn.Encoding)
        {
            case Encoding.Vex3:
                bytes[insn.VexOffset + 1] ^= (byte)(random.Below(4) << 5); // X and B
                return length;
            case Encoding.Evex:
                bytes[insn.VexOffset + 1] ^= (byte)(random.Below(4) << 5);
                return length;
            case Encoding.Legacy when insn.Rex != 0:
                bytes[insn.RexOffset] |= (byte)random.Below(4);
                return Prefixed(random, at, target, bytes, length);
            default:
                return Prefixed(random, at, target, bytes, length);
        }
    }

    private static int Prefixed(ReencodeRandom random, ulong at, ulong target, Span<byte> bytes, int length)
    {
        if (length > 14)
            return length;
        bytes[..length].CopyTo(bytes[1..]);
        bytes[0] = random.Pick<byte>([0x67, 0x2E, 0x3E, 0x26, 0x36]);
        Decode(bytes, out X86Insn insn);
        BitConverter.TryWriteBytes(bytes[insn.DispOffset..], (int)(target - (at + (ulong)length + 1)));
        return length + 1;
    }

    private static bool Decode(ReadOnlySpan<byte> bytes, out X86Insn insn)
    {
        fixed (byte* at = bytes)
            return X86Decoder.Decode(at, bytes.Length, CpuMode.Bits64, out insn) && insn.Flow == X86Flow.Plain;
    }

    /// <summary>Those with a memory operand that this processor does not call undefined.</summary>
    internal static List<Code> Supported(ReencodeComparison compare, ReencodeRandom random)
    {
        ReencodeGenerator generator = new(random);
        List<Code> found = [];
        Span<byte> bytes = stackalloc byte[40];
        foreach (Code code in ReencodeGenerator.Codes(memory: true))
        {
            for (int i = 0; i < 3; i++)
            {
                ulong at = ReencodeHost.FarCode;
                int length = Make(random, generator, code, at, ReencodeHost.FarData + 256, bytes);
                if (length == 0)
                    continue;
                compare.Randomize(random);
                if (compare.NativeEnd(at, bytes[..length]) == at && compare.Native.EndedAtStop)
                    continue;
                found.Add(code);
                break;
            }
        }

        return found;
    }
}
