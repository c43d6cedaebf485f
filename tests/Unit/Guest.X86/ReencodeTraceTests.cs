using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>Guests that set the trap flag: one trap behind each guest instruction, however many host instructions it has become.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeTraceTests
{
    // Two of these make each case; the second lies at +40h, which is where branches lead. rbx, rsi, rdi: the data.
    private static readonly (string Name, string Hex)[] Instructions =
    [
        ("nop", "90"),
        ("add", "4801C8"),
        ("rip", "48FF0500000000"), // patched to the data
        ("fs", "6448FF03"),
        ("gs", "6548FF03"),
        ("jmp", "EB3E"),
        ("jmp near", "E93B000000"),
        ("jnz", "753E"),
        ("loop", "E23E"),
        ("call", "E83B000000"),
        ("jmp r", "41FFE5"),
        ("call r", "41FFD5"),
        ("call m", "FF5308"),
        ("call gs", "65FF5308"),
        ("ret", "C3"),
        ("ret n", "C20800"),
        ("push", "50"),
        ("pushf", "9C"),
        ("rep movsb", "F3A4"),
    ];

    public static TheoryData<string> Modes => ["linked", "not linked", "one instruction a block", "checked"];

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_traced_run_stops_behind_each_instruction(string mode)
    {
        using ReencodeHost host = Create(mode);
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(1);
            for (int i = 0; i < Instructions.Length * 6; i++)
            {
                (string name, string hex) = Instructions[i % Instructions.Length];
                byte[] code = Prepare(compare, random, hex, out int segment);
                ulong at = ReencodeHost.FarCode + 0x100;
                if (hex == "F3A4")
                    compare.Input.Gpr[1] = 1; // each round of rep is traced
                Span<byte> native = code.AsSpan().ToArray();
                if (segment == 0x64)
                    native[0] = 0x65;
                compare.Input.Pc = at;
                compare.NativeEnd(at, native, segment == 0 ? 0 : compare.Data);
                compare.Native.Flags &= ReencodeState.ComparedFlags;

                compare.ResetMemory();
                code.CopyTo(new Span<byte>((byte*)at, code.Length));
                host.Engine.Invalidate(at, (ulong)code.Length);
                compare.Input.Flags |= 0x100;
                compare.Native.Signal = Linux.SIGTRAP;
                compare.Native.Trap = 1;
                string? difference = compare.RunTranslated(at, stackMayHoldFlags: name == "pushf");
                Assert.True(string.IsNullOrEmpty(difference), $"{name} ({mode}): {difference}");
                Assert.NotEqual(0UL, host.State->Flags & 0x100);
                new Span<byte>((byte*)at, code.Length).Fill(ReencodeHost.Stop);
            }
        });
    }

    // Not with one instruction a block: there the jump behind popf's own code takes the trap of the instruction behind popf.
    [Theory]
    [InlineData("linked")]
    [InlineData("not linked")]
    [InlineData("checked")]
    public void Popf_may_set_the_trap_flag(string mode)
    {
        using ReencodeHost host = Create(mode);
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(2);
            for (int i = 0; i < Instructions.Length * 4; i++)
            {
                (string name, string hex) = Instructions[i % Instructions.Length];
                byte[] code = [0x9D, .. Prepare(compare, random, hex, out int segment)]; // popfq first
                if (hex.StartsWith("48FF05"))
                    BitConverter.TryWriteBytes(code.AsSpan(4), BitConverter.ToInt32(code, 4) - 1);
                ulong sp = compare.Input.Gpr[4] -= 8;
                *(ulong*)sp = (compare.Input.Flags & ReencodeState.ComparedFlags) | 0x302;
                if (name.StartsWith("ret"))
                    *(ulong*)(sp + 8) += 1;
                if (hex == "F3A4")
                    compare.Input.Gpr[1] = 1;
                compare.Input.Gpr[13] += 1;
                Span<byte> native = code.AsSpan().ToArray();
                if (segment == 0x64)
                    native[1] = 0x65;
                compare.Check($"{name} ({mode})", ReencodeHost.FarCode + 0x100, code, native, segment == 0 ? 0 : compare.Data);
                Assert.Equal(Linux.SIGTRAP, compare.Native.Signal);
            }

            compare.AssertNoDifferences();
        });
    }

    private static ReencodeHost Create(string mode) =>
        new(new EngineOptions { CodeBytes = 16 << 20, NoChain = mode == "not linked", OneInsnPerBlock = mode == "one instruction a block" },
            new ReencoderOptions { InlineSyscalls = false })
        { CanProtect = mode != "checked" };

    private static byte[] Prepare(ReencodeComparison compare, ReencodeRandom random, string hex, out int segment)
    {
        byte[] code = Convert.FromHexString(hex);
        segment = code[0] is 0x64 or 0x65 ? code[0] : 0;
        ulong at = ReencodeHost.FarCode + 0x100, target = at + 0x40;
        compare.FsBase = compare.GsBase = segment != 0 ? compare.Data : 0;
        compare.Randomize(random);
        ulong start = segment != 0 ? 0 : compare.Data;
        compare.Input.Gpr[3] = start;
        (compare.Input.Gpr[6], compare.Input.Gpr[7]) = (compare.Data + 64, compare.Data + 128);
        compare.Input.Gpr[13] = target;
        *(ulong*)(compare.Data + 8) = target;
        *(ulong*)compare.Input.Gpr[4] = target;
        if (hex.StartsWith("48FF05"))
            BitConverter.TryWriteBytes(code.AsSpan(3), (int)(compare.Data - (at + (ulong)code.Length)));
        return code;
    }
}
