using Iced.Intel;
using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// Operands with fs: and gs:. The native run has the segment's base as its gs base and gs: prefixes, since fs is the runtime's own.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeSegmentTests
{
    private const byte Fs = 0x64, Gs = 0x65;
    private const int Rounds = 2;

    [Theory]
    [InlineData(ReencodeHost.FarCode, ReencodeHost.FarData, 1)]
    [InlineData(ReencodeHost.NearCode, ReencodeHost.NearData, 2)]
    public void Every_instruction(ulong codeArea, ulong dataArea, ulong seed)
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(seed);
            ReencodeGenerator generator = new(random) { Avoid = 0 };
            foreach (Code code in ReencodeRipTests.Supported(compare, random))
            {
                if (code.Mnemonic() is Mnemonic.Bt or Mnemonic.Btc or Mnemonic.Btr or Mnemonic.Bts)
                    continue;
                for (int i = 0; i < Rounds * 4; i++)
                    CheckOne(compare, random, generator, code, codeArea, dataArea);
            }

            Assert.True(compare.Completed > compare.Count / 2, $"only {compare.Completed} of {compare.Count} ran to their end");
            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void String_instructions_xlat_and_moffs()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host) { Data = ReencodeHost.NearData };
            ReencodeRandom random = new(3);
            Span<byte> code = stackalloc byte[16];
            ReadOnlySpan<byte> opcodes = [0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xD7, 0xA0, 0xA1, 0xA2, 0xA3];
            for (int i = 0; i < 9000; i++)
            {
                byte opcode = opcodes[i % opcodes.Length];
                byte segment = random.Pick<byte>([0, Fs, Gs, 0x2E]);
                compare.Randomize(random);
                (compare.FsBase, compare.GsBase) = (0x1234_5678_0000, 0x2345_6789_0000);
                ulong segmentBase = segment is Fs or Gs ? random.Next() & 0x3FF_FFFF : 0;
                if (segment == Fs)
                    compare.FsBase = segmentBase;
                if (segment == Gs)
                    compare.GsBase = segmentBase;
                ulong source = compare.Data + 256 + (ulong)random.Below(128) - segmentBase;
                if (random.OneIn(12))
                    source += ReencodeHost.AreaBytes;
                int n = 0;
                if (segment != 0)
                    code[n++] = segment;
                bool isOffset = opcode is >= 0xA0 and <= 0xA3;
                bool addressSize = random.OneIn(3);
                if (addressSize)
                    code[n++] = 0x67;
                if (random.OneIn(4))
                    code[n++] = 0x66;
                if (!isOffset && opcode != 0xD7 && random.OneIn(2))
                    code[n++] = random.Pick<byte>([0xF2, 0xF3]);
                if (random.OneIn(3))
                    code[n++] = 0x48;
                code[n++] = opcode;
                if (isOffset && addressSize)
                    n += BitConverter.TryWriteBytes(code[n..], (uint)source) ? 4 : 0;
                else if (isOffset)
                    n += BitConverter.TryWriteBytes(code[n..], source) ? 8 : 0;
                ulong dirt = addressSize ? random.Next() << 32 : 0;
                compare.Input.Gpr[6] = source | dirt;
                compare.Input.Gpr[7] = (compare.Data + 512 + (ulong)random.Below(128)) | dirt;
                compare.Input.Gpr[1] = (uint)random.Below(9) | dirt;
                compare.Input.Gpr[3] = (source - (byte)compare.Input.Gpr[0]) | dirt;
                ReencodeBranchTests.CheckSegment(compare, $"{opcode:X2} {segment:x}", (i & 1) == 0 ? ReencodeHost.FarCode + 0x700 : ReencodeHost.NearCode + 0x700, code[..n], segment);
            }

            Assert.True(compare.Completed > compare.Count / 2, $"only {compare.Completed} of {compare.Count} ran to their end");
            compare.AssertNoDifferences();
        });
    }

    [Fact]
    public void Segment_bases_are_read_and_written()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            ReencodeRandom random = new(4);
            ReencodeState before = new(), after = new();
            Span<byte> code = stackalloc byte[6];
            for (int i = 0; i < 2000; i++)
            {
                int operation = i & 3, register = i >> 2 & 15, wide = i >> 6 & 1;
                ulong at = ReencodeHost.FarCode;
                int n = 0;
                code[n++] = 0xF3;
                if (wide != 0 || register >= 8)
                    code[n++] = (byte)(0x40 | wide << 3 | register >> 3);
                code[n++] = 0x0F;
                code[n++] = 0xAE;
                code[n++] = (byte)(0xC0 | operation << 3 | register & 7);
                before.Randomize(random);
                before.Gpr[4] = ReencodeHost.FarStack + 0x800;
                before.Gpr[register] = random.Next() >> 17;
                before.Pc = at;
                before.Load(host.State);
                ulong fs = random.Next() >> 18, gs = random.Next() >> 18;
                ReencodeHost.SetHostGs(fs);
                host.State->SegmentBase = gs;
                code[..n].CopyTo(new Span<byte>((byte*)at, n));
                host.Engine.Invalidate(at, (ulong)n);
                Assert.Equal(ExitReason.Special, (ExitReason)host.Engine.Run(host.State));
                after.Store(host.State, host.State->Pc);
                new Span<byte>((byte*)at, n).Fill(ReencodeHost.Stop);

                ulong mask = wide != 0 ? ulong.MaxValue : uint.MaxValue;
                ulong written = before.Gpr[register] & mask;
                if (operation < 2)
                    before.Gpr[register] = (operation == 0 ? fs : gs) & mask;
                before.Pc = at + (ulong)n;
                before.Flags &= ReencodeState.ComparedFlags;
                Assert.Null(after.Difference(before));
                Assert.Equal(operation == 2 ? written : fs, ReencodeHost.GetHostGs());
                Assert.Equal(operation == 3 ? written : gs, host.State->SegmentBase);
            }
        });
    }

    private static void CheckOne(ReencodeComparison compare, ReencodeRandom random, ReencodeGenerator generator, Code code, ulong codeArea, ulong dataArea)
    {
        Span<byte> bytes = stackalloc byte[40];
        compare.Data = dataArea;
        compare.Randomize(random);
        byte segment = random.OneIn(2) ? Fs : Gs;
        ulong target = dataArea + 128 + (random.OneIn(2) ? (ulong)random.Below(4) * 64 : (ulong)random.Below(256));
        if (random.OneIn(12))
            target += ReencodeHost.AreaBytes;
        ulong segmentBase = random.OneIn(4) ? (ulong)random.Below(64) : random.OneIn(2) ? dataArea : target - (random.Next() & 0x3FF_FFFF);
        (compare.FsBase, compare.GsBase) = segment == Fs ? (segmentBase, 0x1234_5678_9000UL) : (0x1234_5678_9000UL, segmentBase);
        ulong at = codeArea + (ulong)random.Below(0x4000);
        int length = Make(random, generator, code, at, target - segmentBase, segment, compare.Input, bytes);
        if (length > 0)
            ReencodeBranchTests.CheckSegment(compare, $"{code} {(segment == Fs ? "fs" : "gs")}", at, bytes[..length], segment);
    }

    // [segment: disp32], [segment: base + disp], [segment: rip + disp32].
    private static int Make(ReencodeRandom random, ReencodeGenerator generator, Code code, ulong at, ulong offset, byte segment, ReencodeState input, Span<byte> bytes)
    {
        Instruction memory = new() { SegmentPrefix = segment == Fs ? Register.FS : Register.GS, MemoryDisplSize = 8 };
        int form = random.Below(3);
        int disp = (int)random.Next() >> 8;
        int register = random.Below(16);
        generator.Avoid = 0;
        if (form == 0 && (long)(offset - at) is > -0x7000_0000 and < 0x7000_0000)
        {
            (memory.MemoryBase, memory.MemoryDisplacement64) = (Register.RIP, offset);
        }
        else if (form == 1 && offset <= int.MaxValue)
        {
            memory.MemoryDisplacement64 = offset;
        }
        else
        {
            if (register == 4)
                register = 3;
            (memory.MemoryBase, memory.MemoryDisplacement64) = (Register.RAX + register, (ulong)disp);
            input.Gpr[register] = offset - (ulong)disp;
        }

        for (int tries = 0; tries < 20; tries++)
        {
            int length = generator.Make(code, at, memory, bytes);
            if (length > 0)
                return length;
        }

        return 0;
    }
}
