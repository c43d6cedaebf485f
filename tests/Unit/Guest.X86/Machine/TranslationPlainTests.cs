using System.Text;
using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>Random instructions in system mode, at privilege level 0, against the same instructions run by the host's processor.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationPlainTests
{
    private const int Runs = 30000, ErrorFrame = 6;

    [Fact]
    public void Any_instructions_with_and_without_memory()
    {
        using ReencodeHost host = new();
        using TranslatedMachine machine = NewMachine();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(11);
            ReencodeGenerator generator = new(random);
            Code[] plain = Usable(ReencodeGenerator.Codes(memory: false)), withMemory = Usable(ReencodeGenerator.Codes(memory: true));
            Span<byte> bytes = stackalloc byte[200];
            Dictionary<string, string> failures = [];
            for (int i = 0; i < Runs; i++)
            {
                ulong at = ((i & 1) == 0 ? ReencodeHost.FarCode : ReencodeHost.NearCode) + (ulong)random.Below(0x2000);
                compare.Randomize(random);
                Code code = withMemory[i % withMemory.Length];
                int size = Math.Max(SizeOf(code), 1);
                Instruction memory = Operand(random, compare, size, out int registers);
                generator.Avoid = registers | 1 << 4;
                int n = 0;
                for (int k = random.Below(3); k > 0; k--)
                    n += generator.Make(plain[random.Below(plain.Length)], at + (ulong)n, null, bytes[n..]);
                generator.Avoid = 1 << 4;
                n += generator.Make(code, at + (ulong)n, memory, bytes[n..]);
                for (int k = random.Below(3); k > 0; k--)
                    n += generator.Make(plain[random.Below(plain.Length)], at + (ulong)n, null, bytes[n..]);
                if (n == 0)
                    continue;
                string? difference = Compare(compare, machine, at, bytes[..n]);
                if (difference is not null && failures.Count < 40)
                    failures.TryAdd(code.ToString(), $"{code}: {ReencodeComparison.Listing(at, bytes[..n])}:{difference}");
            }

            StringBuilder text = new($"{failures.Count} kinds of difference\n");
            foreach (string failure in failures.Values.Take(30))
                text.AppendLine(failure);
            Assert.True(failures.Count == 0, text.ToString());
        });
    }

    // GRUB copies kernels with a loop around one movsb, and moves them with a rep movsb that goes down: both once took a call for every byte, seconds of each boot.
    [Fact]
    public void String_moves_up_and_down()
    {
        byte[][] kinds = [[0xA4], [0x66, 0xA5], [0xA5], [0x48, 0xA5], [0xAA], [0x66, 0xAB], [0xAB], [0x48, 0xAB]];
        using ReencodeHost host = new();
        using TranslatedMachine machine = NewMachine();
        host.Run(() =>
        {
            const int Rounds = 2000, Margin = 256;
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(12);
            for (int i = 0; i < Rounds; i++)
            {
                ulong at = ReencodeHost.FarCode + (ulong)random.Below(0x2000);
                compare.Randomize(random);
                foreach (int index in (ReadOnlySpan<int>)[6, 7])
                    compare.Input.Gpr[index] = compare.Data + Margin + (ulong)random.Below(ReencodeComparison.WindowBytes - 2 * Margin);
                int near = random.Below(17) - 8;
                if (random.OneIn(3))
                    compare.Input.Gpr[7] = Math.Clamp(compare.Input.Gpr[6] + (ulong)(long)near, compare.Data + Margin, compare.Data + ReencodeComparison.WindowBytes - Margin);
                compare.Input.Gpr[1] = (ulong)random.Below(6);
                List<byte> code = [];
                for (int n = random.Below(4); n >= 0; n--)
                {
                    code.Add(random.OneIn(2) ? (byte)0xFD : (byte)0xFC);
                    if (random.OneIn(3))
                        code.Add(0xF3);
                    code.AddRange(kinds[random.Below(kinds.Length)]);
                }

                code.Add(0xFC);
                byte[] bytes = [.. code];
                string? difference = Compare(compare, machine, at, bytes);
                Assert.True(difference is null, $"{ReencodeComparison.Listing(at, bytes)}:{difference}");
            }
        });
    }

    [Fact]
    public void Several_accesses_near_one_address()
    {
        const int FewerRuns = 6000, Distance = 60;
        using ReencodeHost host = new();
        using TranslatedMachine machine = NewMachine();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(12);
            ReencodeGenerator generator = new(random);
            Code[] plain = Usable(ReencodeGenerator.Codes(memory: false)), withMemory = Usable(ReencodeGenerator.Codes(memory: true));
            Span<byte> bytes = stackalloc byte[200];
            List<string> failures = [];
            for (int i = 0; i < FewerRuns; i++)
            {
                ulong at = ReencodeHost.FarCode + (ulong)random.Below(0x2000);
                compare.Randomize(random);
                Instruction memory = Operand(random, compare, 64, out int registers);
                generator.Avoid = registers | 1 << 4;
                int n = 0;
                for (int k = 2 + random.Below(4); k > 0; k--)
                {
                    Instruction near = memory;
                    near.MemoryDisplacement64 += (ulong)random.Below(Distance);
                    near.MemoryDisplSize = 8;
                    n += generator.Make(withMemory[random.Below(withMemory.Length)], at + (ulong)n, near, bytes[n..]);
                    if (random.OneIn(2))
                        n += generator.Make(plain[random.Below(plain.Length)], at + (ulong)n, null, bytes[n..]);
                }

                if (n > 0 && Compare(compare, machine, at, bytes[..n]) is { } difference)
                    failures.Add($"{ReencodeComparison.Listing(at, bytes[..n])}:{difference}");
            }

            Assert.True(failures.Count == 0, $"{failures.Count} differences\n{string.Join('\n', failures.Take(20))}");
        });
    }

    // With the areas that the host has.
    private static TranslatedMachine NewMachine()
    {
        TranslatedMachine machine = new();
        foreach (ulong area in (ReadOnlySpan<ulong>)[ReencodeHost.FarCode, ReencodeHost.FarData, ReencodeHost.FarStack, ReencodeHost.NearCode])
            machine.MapLinear(area, ReencodeHost.AreaBytes);
        return machine;
    }

    // A memory operand with registers that no instruction changes implicitly; sometimes across a page's end.
    private static Instruction Operand(ReencodeRandom random, ReencodeComparison compare, int size, out int registers)
    {
        ReadOnlySpan<byte> candidates = [3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        ulong target = compare.Data + (ulong)random.Below(ReencodeComparison.WindowBytes - 128 - size) & ~(random.OneIn(2) ? 63UL : 0);
        int number = random.Pick(candidates), index = random.OneIn(2) ? random.Pick(candidates) : -1;
        if (index == number)
            index = -1;
        registers = 1 << number | (index < 0 ? 0 : 1 << index);
        int scale = 1 << random.Below(4);
        int displacement = random.OneIn(3) ? 0 : random.OneIn(2) ? random.Below(200) - 100 : (int)random.Next() >> 4;
        if (index >= 0)
            compare.Input.Gpr[index] = (ulong)(random.Below(4096) - 2048);
        compare.Input.Gpr[number] = target - (ulong)(long)displacement - (index < 0 ? 0 : compare.Input.Gpr[index] * (ulong)scale);
        return new Instruction
        {
            MemoryBase = Register.RAX + number,
            MemoryIndex = index < 0 ? Register.None : Register.RAX + index,
            MemoryIndexScale = index < 0 ? 1 : scale,
            MemoryDisplacement64 = (ulong)(long)displacement,
            MemoryDisplSize = displacement == 0 ? 0 : 8,
        };
    }

    private static readonly string[] LeftOut =
        ["Fx", "Fld", "Frstor", "Xrstor", "Ldmxcsr", "VEX_Vldmxcsr", "Xbegin", "Xabort", "Xend", "Xtest", "Wrss", "Rdssp", "Incssp", "Bnd", "Cl", "Prefetch", "Wait", "Fnstenv", "Fnsave"];

    private static Code[] Usable(Code[] codes) => [.. codes.Where(IsUsable)];

    private static bool IsUsable(Code code)
    {
        OpCodeInfo info = code.ToOpCode();
        return code.Encoding() is EncodingKind.Legacy or EncodingKind.VEX && !info.IsPrivileged && !X86Core.IsSpecial(new Instruction { Code = code })
            && !info.OpKinds().Any(k => k.ToString().StartsWith("k_") || k.ToString().StartsWith("kp") || k.ToString().Contains("vsib"))
            && !LeftOut.Any(code.ToString().StartsWith);
    }

    private static int SizeOf(Code code) => new Instruction { Code = code }.MemorySize.GetSize();

    private static string? Compare(ReencodeComparison compare, TranslatedMachine machine, ulong at, ReadOnlySpan<byte> code)
    {
        X86Cpu* cpu = machine.Cpu;
        machine.EnterLongMode();
        Copy(compare.Data, machine);
        Copy(compare.Stack, machine);
        for (int i = 0; i <= code.Length; i++)
        {
            byte* to = machine.Linear(at + (ulong)i);
            *to = i < code.Length ? code[i] : ReencodeHost.Stop;
        }

        machine.Memory.Written((ulong)(machine.Linear(at) - machine.At(0)), code.Length + 1);
        for (int i = 0; i < 16; i++)
            cpu->Gpr[i] = compare.Input.Gpr[i];
        cpu->Rflags = compare.Input.Flags & (ReencodeState.ArithmeticFlags | ReencodeState.DirectionFlag) | 2;
        cpu->Rip = at;
        compare.Input.Vectors.AsSpan(0, 416).CopyTo(new Span<byte>(cpu->Vectors, 416));
        *(ulong*)(cpu->Vectors + 512) = 7;
        compare.Input.Vectors.AsSpan(576, 256).CopyTo(new Span<byte>(cpu->Vectors + 576, 256));

        if (!TryFindUndefined(at, code, out ulong undefined))
            return null;
        compare.NativeEnd(at, code);
        ReencodeState expected = compare.Native;
        string? difference;
        try
        {
            TranslatedExit exit = machine.Run();
            difference = Difference(at + (ulong)code.Length, undefined, compare, expected, machine, exit);
        }
        catch (Exception e)
        {
            difference = " " + e;
        }

        compare.ResetMemory();
        return difference;
    }

    // Flags the manual leaves undefined and nobody has set since; false when one of them is read.
    private static bool TryFindUndefined(ulong at, ReadOnlySpan<byte> code, out ulong undefined)
    {
        RflagsBits unknown = RflagsBits.None;
        Iced.Intel.Decoder decoder = Iced.Intel.Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), at);
        undefined = 0;
        while (decoder.IP < at + (ulong)code.Length)
        {
            decoder.Decode(out Instruction insn);
            if ((insn.RflagsRead & unknown) != 0)
                return false;
            unknown = (unknown & ~insn.RflagsModified) | insn.RflagsUndefined;
        }

        foreach ((RflagsBits bit, ulong flag) in ((RflagsBits, ulong)[])[(RflagsBits.CF, 1), (RflagsBits.PF, 4), (RflagsBits.AF, 16), (RflagsBits.ZF, 64), (RflagsBits.SF, 128), (RflagsBits.OF, 2048)])
            if ((unknown & bit) != 0)
                undefined |= flag;
        return true;
    }

    private static void Copy(ulong window, TranslatedMachine machine) =>
        new Span<byte>((byte*)window, ReencodeComparison.WindowBytes).CopyTo(new Span<byte>(machine.Linear(window), ReencodeComparison.WindowBytes));

    private static string? Difference(ulong end, ulong undefined, ReencodeComparison compare, ReencodeState expected, TranslatedMachine machine, TranslatedExit exit)
    {
        int vector = machine.EndVector(out ulong* frame);
        if (exit != TranslatedExit.Halted || vector < 0)
            return $" ended with {exit} at {machine.Cpu->Rip:x}";
        StringBuilder text = new();
        if (vector != expected.Trap)
            text.Append($" vector {vector}, {expected.Trap} expected;");
        ulong* pushed = vector is 8 or 10 or 11 or 12 or 13 or 14 or 17 ? frame + 1 : frame;
        if (pushed[0] != expected.Pc)
            text.Append($" rip {pushed[0]:x}, {expected.Pc:x} expected;");
        // An instruction that this processor lacks may be taken for one that overwrites flags.
        bool isComplete = expected.Pc == end;
        if (isComplete && ((pushed[2] ^ expected.Flags) & (ReencodeState.ArithmeticFlags | ReencodeState.DirectionFlag) & ~undefined) != 0)
            text.Append($" flags {pushed[2]:x}, {expected.Flags:x} expected;");
        for (int i = 0; i < 16; i++)
        {
            ulong value = i == 4 ? pushed[3] : machine.Cpu->Gpr[i];
            if (value != expected.Gpr[i])
                text.Append($" {Register.RAX + i} {value:x}, {expected.Gpr[i]:x} expected;");
        }

        byte* vectors = machine.Cpu->Vectors;
        ulong present = *(ulong*)(vectors + 512);
        for (int i = 160; i < 416; i += 8)
            if ((present & 2) != 0 && *(ulong*)(vectors + i) != BitConverter.ToUInt64(expected.Vectors, i))
                text.Append($" xmm{(i - 160) / 16} {*(ulong*)(vectors + i):x}, {BitConverter.ToUInt64(expected.Vectors, i):x} expected;");
        for (int i = 576; i < 832; i += 8)
            if ((present & 4) != 0 && *(ulong*)(vectors + i) != BitConverter.ToUInt64(expected.Vectors, i))
                text.Append($" ymm{(i - 576) / 16} {*(ulong*)(vectors + i):x}, {BitConverter.ToUInt64(expected.Vectors, i):x} expected;");
        for (int i = 0; i < ReencodeComparison.WindowBytes; i++)
        {
            if (machine.Linear(compare.Data)[i] != ((byte*)compare.Data)[i])
            {
                text.Append($" data+{i:x} {machine.Linear(compare.Data)[i]:x2}, {((byte*)compare.Data)[i]:x2} expected;");
                break;
            }
        }

        return text.Length == 0 ? null : text.ToString();
    }
}
