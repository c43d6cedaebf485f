using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Rows as decoder, disassembler and assembler.</summary>
public sealed partial class PpcRowTests
{
    private const PpcFeature Everything = (PpcFeature)ulong.MaxValue;
    private const uint Pc = 0x10000000;

    // Families whose words overlap are looked at apart.
    private static readonly PpcFeature[] Views =
    [
        Everything & ~(PpcFeature.Spe | PpcFeature.SpeSingle | PpcFeature.SpeDouble | PpcFeature.Mac4xx | PpcFeature.CacheLock | PpcFeature.Core40x | PpcFeature.SoftTlb),
        Everything & ~(PpcFeature.Altivec | PpcFeature.Mac4xx | PpcFeature.Core4xx | PpcFeature.Core40x | PpcFeature.SoftTlb),
        Everything & ~(PpcFeature.Altivec | PpcFeature.Spe | PpcFeature.SpeSingle | PpcFeature.SpeDouble | PpcFeature.CacheLock | PpcFeature.Embedded | PpcFeature.BookE),
    ];

    [Fact]
    public void Every_row_is_well_formed()
    {
        foreach (PpcRow row in PpcRows.All)
        {
            Assert.True((row.Match & ~row.Mask) == 0, $"{row.Name}: the opcode has bits outside its mask");
            Assert.True((row.Mask & PpcDisassembler.OperandBits(row)) == 0, $"{row.Name}: operand bits {row.Mask & PpcDisassembler.OperandBits(row):x8} belong to the opcode");
        }
    }

    // Another thread may have rewritten what follows while this one waited for its word ahead of isync: code translated with what is ahead would be the old one.
    [Fact]
    public unsafe void Isync_ends_a_block()
    {
        PpcRow isync = PpcRows.All.First(row => row.Name == "isync");
        PpcEmitter emitter = new(PpcLayout.ForHost(), new PpcModel("test", 0, PpcFeature.None, 32));
        emitter.Begin(exact: false);
        emitter.BeginInsn(Pc);
        isync.Emit(emitter, isync.Match);
        Assert.True(emitter.Ended);
    }

    [Fact]
    public void Every_word_of_a_row_is_decoded_as_that_row()
    {
        var words = new PpcRandomWords(1);
        var seen = new HashSet<string>();
        foreach (PpcFeature view in Views)
        {
            var decoder = new PpcDecoder(PpcRows.All, view);
            foreach (PpcRow row in PpcRows.All)
            {
                if ((row.Feature & ~view) != 0)
                    continue;
                seen.Add(row.Name);
                for (int i = 0; i < 20; i++)
                {
                    uint word = words.Next(row);
                    Assert.True(decoder.TryFind(word, out PpcRow found), $"{row.Name} {word:x8} is not found");
                    Assert.True(found.Name == row.Name, $"{row.Name} {word:x8} is taken for {found.Name}");
                }
            }
        }
        Assert.Equal(PpcRows.All.Select(r => r.Name).Distinct().Count(), seen.Count);
    }

    [Fact]
    public void Text_of_a_word_assembles_to_the_word()
    {
        var words = new PpcRandomWords(2);
        foreach (PpcFeature view in Views)
        {
            var disassembler = new PpcDisassembler(new PpcDecoder(PpcRows.All, view));
            var assembler = new PpcAssembler(view);
            foreach (PpcRow row in PpcRows.All)
            {
                if ((row.Feature & ~view) != 0)
                    continue;
                for (int i = 0; i < 50; i++)
                {
                    uint word = words.Next(row);
                    string text = disassembler.Disassemble(word, Pc);
                    uint back = 0;
                    Assert.True(Record.Exception(() => back = assembler.Assemble(text, Pc)) is null, $"{row.Name} {word:x8}: '{text}' does not assemble");
                    Assert.True(back == word, $"{row.Name} {word:x8}: '{text}' assembles to {back:x8}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0x38600005, "li r3,5")]
    [InlineData(0x3C60FFFF, "lis r3,-1")]
    [InlineData(0x60000000, "nop")]
    [InlineData(0x7C832378, "mr r3,r4")]
    [InlineData(0x54832834, "slwi r3,r4,5")]
    [InlineData(0x5483D97E, "srwi r3,r4,5")]
    [InlineData(0x5483017E, "clrlwi r3,r4,5")]
    [InlineData(0x2F830005, "cmpwi cr7,r3,5")]
    [InlineData(0x7C032800, "cmpw r3,r5")]
    [InlineData(0x41820010, "beq 0x10000010")]
    [InlineData(0x409E0010, "bne cr7,0x10000010")]
    [InlineData(0x40FE0010, "bne+ cr7,0x10000010")]
    [InlineData(0x4200FFFC, "bdnz 0xffffffc")]
    [InlineData(0x4E800020, "blr")]
    [InlineData(0x4E800421, "bctrl")]
    [InlineData(0x4D820020, "beqlr")]
    [InlineData(0x7C0802A6, "mflr r0")]
    [InlineData(0x7C0803A6, "mtlr r0")]
    [InlineData(0x48000101, "bl 0x10000100")]
    [InlineData(0x429F0005, "bcl 20,4*cr7+so,0x10000004")]
    [InlineData(0x9421FFE0, "stwu r1,-32(r1)")]
    [InlineData(0x4CC63182, "crclr 4*cr1+eq")]
    [InlineData(0x7FE00008, "trap")]
    [InlineData(0x44000002, "sc")]
    [InlineData(0x7C2004AC, "lwsync")]
    [InlineData(0x00000000, ".long 0x0")]
    public void Simplified_mnemonics_are_used(uint word, string expected)
    {
        var disassembler = new PpcDisassembler(new PpcDecoder(PpcModel.Default));
        Assert.Equal(expected, disassembler.Disassemble(word, Pc));
    }

    [PpcObjdumpFact]
    public void Disassembly_agrees_with_objdump()
    {
        string[] machines = ["altivec", "spe,e500", "405"];
        var words = new PpcRandomWords(3);
        var differences = new List<string>();
        for (int v = 0; v < Views.Length; v++)
        {
            var disassembler = new PpcDisassembler(new PpcDecoder(PpcRows.All, Views[v]));
            var sample = new List<uint>();
            foreach (PpcRow row in PpcRows.All)
                for (int i = 0; i < 30 && (row.Feature & ~Views[v]) == 0; i++)
                    sample.Add(words.Next(row));
            string[] theirs = Objdump(sample, machines[v]);
            for (int i = 0; i < sample.Count; i++)
            {
                string ours = Normalize(disassembler.Disassemble(sample[i], (uint)(i * 4)));
                string other = Normalize(theirs[i]);
                if (ours != other && Hint().Replace(ours + " ", " ", 1) != Hint().Replace(other + " ", " ", 1) && !IsOtherDialect(ours, other))
                    differences.Add($"{sample[i]:x8} {ours} | {theirs[i]}");
            }
        }
        Assert.True(differences.Count == 0, $"{differences.Count}:\n" + string.Join('\n', differences.Take(400)));
    }

    private static string[] Objdump(List<uint> words, string machine)
    {
        string file = Path.GetTempFileName();
        try
        {
            byte[] bytes = new byte[words.Count * 4];
            for (int i = 0; i < words.Count; i++)
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), words[i]);
            File.WriteAllBytes(file, bytes);
            string[] arguments = ["-D", "-z", "-b", "binary", "-m", "powerpc:common", "-EB", "-M", machine, file];
            using Process process = Process.Start(new ProcessStartInfo("powerpc-linux-gnu-objdump", arguments) { RedirectStandardOutput = true })!;
            string[] lines = process.StandardOutput.ReadToEnd().Split('\n');
            process.WaitForExit();
            return [.. lines.Select(l => InstructionLine().Match(l)).Where(m => m.Success).Select(m => m.Groups[1].Value)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Where objdump mixes names of other processors in, or has a name for what is plain numbers here.
    private static bool IsOtherDialect(string ours, string theirs)
    {
        string name = ours.Split(' ')[0], other = theirs.Split(' ')[0];
        return other is ".long" or "lu" or "stu" or "lux" or "stux" or "lm" or "lsi" or "lsx" or "hwsync" or "ptesync" or "dcbtct" or "dcbtstct" or "waitrsv" or "waitimpl" or "tlbrehi" or "tlbld" or "iccci" or "dccci" or "tlbie" or "tlbwe" or "tlbwehi" or "tlbwelo" or "tlbsx" or "msync" or "mbar" or "icbt"
            || other.StartsWith("psq_", StringComparison.Ordinal) || name is "mfspr" or "mfvrsave" or "mtvrsave" or "mtspr" or "mfdcr" or "mtdcr"
            || name is "isel" || name.StartsWith("bc", StringComparison.Ordinal);
    }

    private static string Normalize(string text) => Blanks().Replace(text.Trim(), " ").Replace("(r0)", "(0)").Replace(",r0,", ",0,");

    [GeneratedRegex(@"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(.*)$")]
    private static partial Regex InstructionLine();

    // The prediction of older processors, which depends on the direction of the branch.
    [GeneratedRegex("[+-] ")]
    private static partial Regex Hint();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

/// <summary>Skips where PowerPC's objdump is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PpcObjdumpFactAttribute : FactAttribute
{
    public PpcObjdumpFactAttribute()
    {
        if (!Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), p => File.Exists(Path.Combine(p, "powerpc-linux-gnu-objdump"))))
            Skip = "powerpc-linux-gnu-objdump is not installed";
    }
}
