using Suite.Host;

namespace Suite.Tests.Guest.X86;

/// <summary>Control transfers, natively and re-encoded: where they go, what they leave on the stack, and that they change no register and no flag.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeBranchTests
{
    private const ulong Middle = 0x4000; // of a code area: room for branches both ways
    private const int Displacements = 0xF0; // as bytes, without those from -16 to -1: a branch into itself would never end

    private static ReadOnlySpan<ulong> CodeAreas => [ReencodeHost.NearCode, ReencodeHost.MiddleCode, ReencodeHost.FarCode];

    private delegate void Body(ReencodeComparison compare, ReencodeRandom random);

    [Fact]
    public void Jcc_short_and_near() => Compare(1, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[8];
        for (int i = 0; i < 6000; i++)
        {
            int condition = i & 15;
            compare.Randomize(random);
            int n = random.OneIn(8) ? Put(code, random.Pick<byte>([0x2E, 0x3E, 0xF2])) : 0;
            bool isShort = random.OneIn(2);
            if (isShort)
                n += Put(code[n..], (byte)(0x70 | condition), ShortDistance(random));
            else
                n += PutNear(code, n, random, [0x0F, (byte)(0x80 | condition)]);
            compare.Check($"j{condition:x} {(isShort ? "short" : "near")}", At(random), code[..n]);
        }
    });

    [Fact]
    public void Jmp_and_call() => Compare(2, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[8];
        for (int i = 0; i < 3000; i++)
        {
            compare.Randomize(random);
            int kind = i % 3;
            int n = kind switch
            {
                0 => Put(code, 0xEB, ShortDistance(random)),
                1 => PutNear(code, 0, random, [0xE9]),
                _ => PutNear(code, 0, random, [0xE8]),
            };
            compare.Check($"direct {kind}", At(random), code[..n]);
        }
    });

    [Fact]
    public void Call_and_return() => Compare(3, static (compare, random) =>
    {
        // call f; inc rbx; stop; f: inc rdi; ret / ret imm16
        Span<byte> code = stackalloc byte[24];
        for (int i = 0; i < 3000; i++)
        {
            compare.Randomize(random);
            int n = Put(code, 0xE8, 4, 0, 0, 0, 0x48, 0xFF, 0xC3, ReencodeHost.Stop, 0x48, 0xFF, 0xC7);
            if (i % 3 == 0)
                n += Put(code[n..], 0xC2, (byte)random.Below(200), 0);
            else if (i % 3 == 1)
                n += Put(code[n..], 0xF3, 0xC3);
            else
                n += Put(code[n..], 0xC3);
            compare.Check($"call, ret {i % 3}", At(random), code[..n]);
        }
    });

    [Fact]
    public void Ret_to_anywhere() => Compare(4, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[4];
        for (int i = 0; i < 4000; i++)
        {
            compare.Randomize(random);
            ulong target = Target(random);
            if (random.OneIn(16))
                target = ReencodeHost.FarCode + ReencodeHost.AreaBytes + 0x4000; // nothing there
            *(ulong*)compare.Input.Gpr[4] = target;
            bool releases = random.OneIn(2);
            int release = random.OneIn(8) ? 0xFFFF : random.Below(256);
            int n = releases ? Put(code, 0xC2, (byte)release, (byte)(release >> 8)) : Put(code, 0xC3);
            compare.Check(releases ? "ret imm16" : "ret", At(random), code[..n]);
        }
    });

    [Fact]
    public void Loops_and_jrcxz() => Compare(5, static (compare, random) =>
    {
        // body: lea rbx, [rbx + rbx + 1] (no flags) or add ebx, ebx (all flags), then the loop back to it, or forward
        Span<byte> code = stackalloc byte[16];
        for (int i = 0; i < 4000; i++)
        {
            compare.Randomize(random);
            compare.Input.Gpr[1] = random.Below(4) switch
            {
                0 => (ulong)random.Below(3),
                1 => 0x1_0000_0000UL | (uint)random.Below(2),
                _ => (ulong)random.Below(100),
            };
            bool addressSize = random.OneIn(2);
            bool back = (i & 3) != 3 && (addressSize ? (uint)compare.Input.Gpr[1] : compare.Input.Gpr[1]) is > 0 and < 1000;
            int n = random.OneIn(2) ? Put(code, 0x48, 0x8D, 0x5C, 0x1B, 0x01) : Put(code, 0x01, 0xDB, 0x90, 0x90, 0x90);
            if (addressSize)
                n += Put(code[n..], 0x67);
            n += Put(code[n..], (byte)(0xE0 | (i & 3)), 0);
            code[n - 1] = back ? (byte)-n : (byte)random.Below(0x80);
            compare.Check($"E{i & 3}{(addressSize ? " 67" : "")}{(back ? " back" : "")}", At(random), code[..n]);
        }
    });

    [Fact]
    public void Indirect_through_every_register() => Compare(6, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[4];
        for (int i = 0; i < 3200; i++)
        {
            int register = i & 15;
            bool isCall = (i & 16) != 0;
            compare.Stack = register == 4 ? ReencodeHost.FarCode + 0x8000 : ReencodeHost.FarStack;
            compare.Randomize(random);
            if (register == 4)
                new Span<byte>((byte*)compare.Stack, ReencodeComparison.WindowBytes).Fill(ReencodeHost.Stop);
            else
                compare.Input.Gpr[register] = Target(random);
            int n = register >= 8 ? Put(code, (byte)(0x41 + (random.OneIn(2) ? 8 : 0))) : random.OneIn(4) ? Put(code, 0x48) : 0;
            n += Put(code[n..], 0xFF, (byte)((isCall ? 0xD0 : 0xE0) | register & 7));
            compare.Check($"{(isCall ? "call" : "jmp")} r{register}", At(random), code[..n]);
        }

        new Span<byte>((byte*)ReencodeHost.FarCode, ReencodeHost.AreaBytes).Fill(ReencodeHost.Stop);
    });

    [Fact]
    public void Indirect_through_every_kind_of_memory_operand() => Compare(7, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[24];
        ReencodeOperand operand = new();
        for (int i = 0; i < 12000; i++)
        {
            (ulong codeAt, compare.Data, compare.Stack) = (i % 4) switch
            {
                0 => (ReencodeHost.NearCode, ReencodeHost.NearData, ReencodeHost.NearStack),
                1 => (ReencodeHost.MiddleCode, ReencodeHost.MiddleData, ReencodeHost.NearStack),
                _ => (ReencodeHost.FarCode, ReencodeHost.FarData, ReencodeHost.FarStack),
            };
            compare.Randomize(random);
            compare.FsBase = compare.GsBase = 0;
            int segment = random.Below(4) switch
            {
                0 => 0x64,
                1 => 0x65,
                _ => 0,
            };
            ulong slot = random.OneIn(4) ? compare.Input.Gpr[4] + 16 + (ulong)random.Below(256) : compare.Data + (ulong)random.Below(1000);
            bool missing = random.OneIn(16);
            if (missing)
                slot = compare.Data + ReencodeHost.AreaBytes + 0x800;
            else
                *(ulong*)slot = Target(random);
            ulong segmentBase = segment == 0 ? 0 : random.OneIn(2) ? slot & ~0xFFFUL : slot - (random.Next() & 0x3FF_FFFF);
            compare.FsBase = segment == 0x64 ? segmentBase : 0x1234_5678_0000;
            compare.GsBase = segment == 0x65 ? segmentBase : 0x2345_6789_0000;
            operand.Choose(random, compare.Input, slot - segmentBase, 0, segment != 0);
            ReadOnlySpan<byte> prefixes = segment == 0 ? random.OneIn(8) ? [0x3E] : [] : [(byte)segment];
            bool isCall = random.OneIn(2);
            ulong at = codeAt + Middle + (ulong)random.Below(64);
            int n = operand.Write(code, at, prefixes, random.OneIn(8) ? 1 : 0, [0xFF], isCall ? 2 : 4, []);
            CheckSegment(compare, $"{(isCall ? "call" : "jmp")} {(segment == 0 ? "" : segment == 0x64 ? "fs" : "gs")}{(missing ? " missing" : "")} {i % 4 != 0}", at, code[..n], segment);
        }
    });

    [Fact]
    public void Calls_that_cannot_push_leave_everything_as_it_was() => Compare(8, static (compare, random) =>
    {
        Span<byte> code = stackalloc byte[24];
        ReencodeOperand operand = new();
        for (int i = 0; i < 2000; i++)
        {
            compare.Randomize(random);
            compare.Input.Gpr[4] = ReencodeHost.FarStack - (ulong)random.Below(256) * 8; // nothing below the area
            ulong at = At(random);
            int segment = 0, n;
            switch (i % 5)
            {
                case 0:
                    n = PutNear(code, 0, random, [0xE8]);
                    break;
                case 1:
                    n = Put(code, random.Pick<byte>([0x2E, 0x65]), 0x41, 0xFF, (byte)(0xD0 | random.Below(8)));
                    break;
                case 2:
                    n = Put(code, 0xC3);
                    compare.Input.Gpr[4] -= 4096;
                    break;
                default:
                    segment = i % 5 == 3 ? 0 : random.Pick<byte>([0x64, 0x65]);
                    ulong slot = compare.Data + (ulong)random.Below(64) * 8;
                    (compare.FsBase, compare.GsBase) = segment == 0 ? (0, 0) : (slot & ~0xFFUL, slot & ~0xFFUL);
                    operand.Choose(random, compare.Input, slot - compare.FsBase, 1 << 4, segment != 0);
                    ulong far = ReencodeHost.FarCode + Middle;
                    at = far;
                    n = operand.Write(code, at, segment == 0 ? [] : [(byte)segment], 0, [0xFF], 2, []);
                    break;
            }

            CheckSegment(compare, $"push fails {i % 5} {segment:x}", at, code[..n], segment);
            (compare.FsBase, compare.GsBase) = (0, 0);
        }
    });

    internal static void CheckSegment(ReencodeComparison compare, string name, ulong at, ReadOnlySpan<byte> guest, int segment)
    {
        Span<byte> native = stackalloc byte[guest.Length];
        guest.CopyTo(native);
        if (segment == 0x64)
            native[native.IndexOf((byte)0x64)] = 0x65;
        compare.Check(name, at, guest, native, segment == 0x65 ? compare.GsBase : compare.FsBase);
    }

    private static void Compare(ulong seed, Body body)
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            body(compare, new ReencodeRandom(seed));
            compare.AssertNoDifferences();
        });
    }

    private static ulong At(ReencodeRandom random) => random.Pick(CodeAreas) + Middle + (ulong)random.Below(0x1800);

    private static ulong Target(ReencodeRandom random) => random.Pick(CodeAreas) + Middle + 0x2000 + (ulong)random.Below(0x1000);

    private static byte ShortDistance(ReencodeRandom random) => (byte)random.Below(Displacements);

    private static int PutNear(Span<byte> code, int n, ReencodeRandom random, ReadOnlySpan<byte> opcode)
    {
        opcode.CopyTo(code[n..]);
        BitConverter.TryWriteBytes(code[(n + opcode.Length)..], random.OneIn(2) ? 16 + random.Below(0x3000) : -16 - random.Below(0x3000));
        return opcode.Length + 4;
    }

    private static int Put(Span<byte> to, params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to);
        return bytes.Length;
    }
}
