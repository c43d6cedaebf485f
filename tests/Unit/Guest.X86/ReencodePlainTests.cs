using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Guest.X86;

/// <summary>Instructions that are copied, and whole small programs, in every way the engine can be told to work.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodePlainTests
{
    private const int LongestSequence = 6;

    [Fact]
    public void Sequences_of_any_instructions()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(1);
            ReencodeGenerator generator = new(random);
            Code[] codes = Harmless(compare, random, generator);
            Assert.True(codes.Length > 1000, $"{codes.Length} instructions");
            Span<byte> bytes = stackalloc byte[16 * (LongestSequence + 2)];
            for (int i = 0; i < 25000; i++)
            {
                ulong at = (i & 1) == 0 ? ReencodeHost.FarCode + (ulong)random.Below(0x2000) : ReencodeHost.NearCode + (ulong)random.Below(0x2000);
                int n = 0;
                Code first = codes[i % codes.Length];
                for (int k = random.Below(LongestSequence); k >= 0; k--)
                    n += generator.Make(n == 0 ? first : codes[random.Below(codes.Length)], at + (ulong)n, null, bytes[n..]);
                compare.Randomize(random);
                compare.Input.Flags |= random.Next() & ReencodeState.IdFlag;
                compare.Check($"{first}", at, bytes[..n]);
            }

            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void Traps_and_undefined_instructions()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(2);
            foreach (string hex in (string[])["CC", "F1", "CD03", "90CC90", "90F190", "0F0B", "0FB9C0", "0FFF00", "F4", "EC", "0F30", "0F22D8", "FA", "D6", "EA", "9A", "27", "60", "C4C0",
                "62", "666666666666666666666666666690", "66666666666666666666666666666690", "F0909090", "F00FA2", "0F04", "8FC878", "90FF38", "FFFF", "0F0E", "CD2900", "CD80"])
            {
                byte[] code = Convert.FromHexString(hex);
                for (int i = 0; i < 8; i++)
                {
                    compare.Randomize(random);
                    if (hex != "CD80")
                        compare.Check(hex, ReencodeHost.FarCode + (ulong)random.Below(0x1100), code);
                }
            }

            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void Byte_strings_that_are_no_instruction()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(3);
            byte[] code = new byte[15];
            for (int i = 0; i < 20000; i++)
            {
                ulong at = (i & 1) == 0 ? ReencodeHost.FarCode : ReencodeHost.NearCode;
                compare.Data = (i & 1) == 0 ? ReencodeHost.FarData : ReencodeHost.NearData;
                Shape(random, code, compare.Data - at);
                Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), at);
                decoder.Decode(out Instruction instruction);
                if (!instruction.IsInvalid || decoder.LastError == DecoderError.NoMoreBytes || IsTooLong(code))
                    continue;
                compare.Randomize(random);
                compare.Check(Convert.ToHexString(code.AsSpan(0, 3)), at, code);
            }

            Assert.True(compare.Count > 5000, $"{compare.Count}");
            compare.AssertNoDifferences();
        });
    }

    // What is no instruction has no length; where one was assumed that is over the limit, another fault is due.
    private static bool IsTooLong(byte[] code)
    {
        fixed (byte* at = code)
            return X86Decoder.Decode(at, code.Length, CpuMode.Bits64, out X86Insn insn) && insn.TooLong;
    }

    // Some prefixes, an escape, and a ModRM byte that names registers or the data.
    private static void Shape(ReencodeRandom random, byte[] code, ulong distance)
    {
        int n = 0;
        for (int i = random.Below(4) - 1; i > 0; i--)
            code[n++] = random.Pick<byte>([0x66, 0xF2, 0xF3, 0xF0, 0x48, 0x41]);
        switch (random.Below(6))
        {
            case 0:
                break;
            case 1:
                code[n++] = 0x0F;
                break;
            case 2:
                code[n++] = 0x0F;
                code[n++] = random.Pick<byte>([0x38, 0x3A]);
                break;
            case 3:
                code[n++] = 0xC5;
                code[n++] = (byte)random.Next();
                break;
            case 4:
                code[n++] = random.Pick<byte>([0xC4, 0x8F]);
                code[n++] = (byte)(0xE0 | random.Below(32));
                code[n++] = (byte)random.Next();
                break;
            default:
                code[n++] = 0x62;
                code[n++] = (byte)(0xF0 | random.Below(16));
                code[n++] = (byte)random.Next();
                code[n++] = (byte)random.Next();
                break;
        }

        code[n++] = (byte)random.Next();
        bool memory = random.OneIn(2);
        code[n] = (byte)(random.Next() & 0x38 | (memory ? 0x05u : 0xC0 | random.Next() & 7));
        n++;
        BitConverter.TryWriteBytes(code.AsSpan(n), (uint)distance + 256);
        code.AsSpan(n + 4).Fill(ReencodeHost.Stop);
    }

    [Theory]
    [InlineData("linked", 2000)]
    [InlineData("not linked", 600)]
    [InlineData("one instruction a block", 600)]
    [InlineData("small cache", 4000)]
    [InlineData("checked", 1500)]
    public void Programs(string mode, int count)
    {
        EngineOptions options = new()
        {
            CodeBytes = mode == "small cache" ? 2 << 20 : 32 << 20,
            NoChain = mode == "not linked",
            OneInsnPerBlock = mode == "one instruction a block",
        };
        using ReencodeHost host = new(options) { CanProtect = mode != "checked" };
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new((ulong)mode.Length);
            // 16-bit pushes would put returns out of step, and a return to an address that cannot exist faults at the return natively.
            Code[] extra = [.. Harmless(compare, random, new ReencodeGenerator(random)).Where(c => c.Mnemonic() is not (Mnemonic.Push or Mnemonic.Pop or Mnemonic.Pushf))];
            ReencodeProgram program = new(random, extra);
            for (int i = 0; i < count; i++)
            {
                bool far = random.OneIn(2);
                compare.Data = far ? ReencodeHost.FarData : ReencodeHost.MiddleData;
                ulong at = (far ? ReencodeHost.FarCode : ReencodeHost.MiddleCode) + (ulong)random.Below(0x1000);
                program.Build(at, compare.Data);
                compare.Randomize(random);
                program.FillData(compare);
                compare.Input.Gpr[15] = 1 + (ulong)random.Below(60);
                compare.Check(mode, at, program.Bytes);
            }

            Assert.True(compare.Completed > count * 3 / 4, $"only {compare.Completed} of {count} ran to their end");
            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void System_calls_leave_with_the_next_pc_in_rcx()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeState input = new(), end = new();
            ReencodeRandom random = new(4);
            for (int i = 0; i < 100; i++)
            {
                ulong at = (i & 1) == 0 ? ReencodeHost.FarCode : ReencodeHost.NearCode;
                (*(byte*)at, *(byte*)(at + 1)) = (0x0F, 0x05);
                input.Randomize(random);
                input.Pc = at;
                input.Load(host.State);
                Assert.Equal(ExitReason.Syscall, host.Engine.Run(host.State));
                end.Store(host.State, host.State->Pc);
                (input.Pc, input.Gpr[1]) = (at + 2, at + 2);
                input.Flags &= ReencodeState.ComparedFlags;
                Assert.Null(end.Difference(input));
            }
        });
    }

    [Fact]
    public void System_calls_in_line()
    {
        using ReencodeHost host = new(reencoder: new ReencoderOptions());
        host.Run(() =>
        {
            host.Engine.Region.InlineCalls[Nr.getppid] = 1;
            host.Engine.Region.InlineCalls[Nr.clock_gettime] = 1;
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(5);
            ReadOnlySpan<byte> code = [0x0F, 0x05, 0x48, 0xFF, 0xC0]; // syscall; inc rax
            for (int i = 0; i < 200; i++)
            {
                compare.Randomize(random);
                compare.Input.Gpr[0] = Nr.getppid | (random.OneIn(4) ? random.Next() << 32 : 0); // the kernel looks at eax
                compare.Check("getppid", (i & 1) == 0 ? ReencodeHost.FarCode : ReencodeHost.NearCode, code);
            }

            compare.AssertNoDifferences();
            AssertLeaves(host, random, Nr.clock_gettime, ExitReason.SyscallFault);
            AssertLeaves(host, random, Nr.getpid, ExitReason.Syscall);
            AssertLeaves(host, random, 0x12_0000 + Nr.getppid, ExitReason.Syscall);
            AssertLeaves(host, random, -1, ExitReason.Syscall);
        });
    }

    private static void AssertLeaves(ReencodeHost host, ReencodeRandom random, long number, ExitReason reason)
    {
        ReencodeState input = new();
        input.Randomize(random);
        ulong at = ReencodeHost.FarCode;
        (*(byte*)at, *(byte*)(at + 1)) = (0x0F, 0x05);
        host.Engine.Invalidate(at, 2);
        input.Gpr[0] = (ulong)number;
        input.Gpr[7] = 0; // CLOCK_REALTIME
        input.Gpr[6] = ReencodeHost.FarData + ReencodeHost.AreaBytes;
        input.Pc = at;
        input.Load(host.State);
        Assert.Equal(reason, host.Engine.Run(host.State));
        Assert.Equal(at + 2, host.State->Pc);
        Assert.Equal(at + 2, host.State->Gpr[1]);
        Assert.Equal((ulong)number, reason == ExitReason.Syscall ? host.State->Gpr[0] : host.State->Scratch[0]);
        Assert.Equal(input.Flags & ReencodeState.ComparedFlags, host.State->Flags & ReencodeState.ComparedFlags);
    }

    /// <summary>Instructions on registers that run to their end here with most operands.</summary>
    internal static Code[] Harmless(ReencodeComparison compare, ReencodeRandom random, ReencodeGenerator generator)
    {
        List<Code> found = [];
        Span<byte> bytes = stackalloc byte[32];
        foreach (Code code in ReencodeGenerator.Codes(memory: false))
        {
            int completed = 0;
            for (int i = 0; i < 3; i++)
            {
                int length = generator.Make(code, ReencodeHost.FarCode, null, bytes);
                if (length == 0)
                    continue;
                compare.Randomize(random);
                ulong end = compare.NativeEnd(ReencodeHost.FarCode, bytes[..length]);
                if (end == ReencodeHost.FarCode + (ulong)length && compare.Native.EndedAtStop)
                    completed++;
            }

            if (completed >= 2)
                found.Add(code);
        }

        return [.. found];
    }
}
