using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Rows of integer, branch, load, store and system instructions, interpreted, against the installed qemu-ppc.</summary>
public sealed class IntegerQemuTests
{
    private const int Rounds = 200;
    private static readonly string[] Options = ["-mcpu=7450", "-Wl,--defsym,code_at=0x10800000"];

    [PpcQemuFact]
    public void Rows_agree_with_qemu() => Compare("7447a",
    [
        .. IntegerRows.Rows.Where(r => r.Feature == PpcFeature.None && !IsUnlike(r)), .. BranchRows.Rows.Where(r => !IsUnlike(r)),
        .. SystemRows.Rows.Where(r => r.Feature == PpcFeature.None && !IsUnlike(r)),
        .. LoadStoreRows.Rows.Where(r => r.Feature == PpcFeature.None && !IsUnlike(r)).OrderBy(r => r.Name == "lwarx"),
    ]);

    [PpcQemuFact]
    public void Multiply_accumulate_agrees_with_qemu() => Compare("440epb", [.. IntegerRows.Rows.Where(r => r.Feature is PpcFeature.Mac4xx or PpcFeature.Dlmzb)]);

    // A system call ends the test program; QEMU lets Linux's emulation of popcntb and isel out, and its clock runs on.
    private static bool IsUnlike(PpcRow row) => row.Name is "sc" or "popcntb" or "isel";

    // QEMU sets LR although it finds bcctr invalid, and looks at the reservation before the alignment.
    // QEMU 7.2 sets LR in an invalid bcctr, looks at the reservation before it looks at the address, reads SPRs the 7447A does not let programs
    // read, and leaves the target of the 4xx multiply-accumulate instructions as it was.
    private static bool IsKnown(PpcRow row, IntegerRecord our)
    {
        const uint FirstVrSave = 256, LastUserSprg = 263;
        uint spr = our.Word >> 16 & 31 | our.Word >> 6 & 0x3E0;
        return (row.Name is "bcctr" or "stwcx." && our.Signal != 0) || (row.Name == "mfspr" && spr is >= FirstVrSave and <= LastUserSprg)
            || row.Name.StartsWith("mac", StringComparison.Ordinal) || row.Name.StartsWith("nmac", StringComparison.Ordinal);
    }

    private static void Compare(string model, PpcRow[] rows)
    {
        var samples = new IntegerSamples(1);
        byte[] records = new byte[rows.Length * Rounds * IntegerRecord.Size];
        for (int i = 0; i < rows.Length * Rounds; i++)
            samples.Fill(new IntegerRecord(records, i * IntegerRecord.Size), rows[i / Rounds]);
        byte[] theirs = QemuOracle.Run("integer-oracle.c", Options, model, records);

        byte[] ours = (byte[])records.Clone();
        using var machine = new IntegerMachine(PpcModel.Parse(model));
        var disassembler = new PpcDisassembler(new PpcDecoder(PpcModel.Parse(model)));
        var differences = new List<string>();
        for (int i = 0; i < rows.Length * Rounds; i++)
        {
            int at = i * IntegerRecord.Size;
            IntegerRecord our = new(ours, at), their = new(theirs, at), before = new(records, at);
            machine.Execute(our);
            string difference = IsKnown(rows[i / Rounds], our) ? "" : Difference(our, their, before);
            if (difference.Length > 0)
                differences.Add($"{rows[i / Rounds].Name}: {our.Word:x8} {disassembler.Disassemble(our.Word, IntegerRecord.Code)}{difference}\n");
        }
        string names = string.Join(' ', differences.Select(d => d.Split(':')[0]).GroupBy(n => n).Select(g => $"{g.Key}:{g.Count()}"));
        Assert.True(differences.Count == 0, $"{names}\n{string.Join('\n', differences.GroupBy(d => d.Split(':')[0]).SelectMany(g => g.Take(3)))}");
    }

    private static string Difference(IntegerRecord our, IntegerRecord their, IntegerRecord before)
    {
        // QEMU keeps bits of XER that the processor has not, and has finer codes for SIGILL than Linux.
        const uint XerBits = 0xE000007F, Sigill = 4;
        string text = "";
        void Compare(string name, uint o, uint t, uint b) => text += o == t ? "" : $"\n  {name}: ours {o:x8} qemu {t:x8} before {b:x8}";
        for (int n = 0; n < 32; n++)
            Compare($"r{n}", our.Gpr(n), their.Gpr(n), before.Gpr(n));
        Compare("cr", our.Cr, their.Cr, before.Cr);
        Compare("xer", our.Xer & XerBits, their.Xer & XerBits, before.Xer);
        Compare("lr", our.Lr, their.Lr, before.Lr);
        Compare("ctr", our.Ctr, their.Ctr, before.Ctr);
        Compare("taken", our.Taken, their.Taken, 0);
        Compare("signal", our.Signal, their.Signal, 0);
        if (our.Signal != Sigill)
            Compare("code", our.SignalCode, their.SignalCode, 0);
        if (!our.Memory.SequenceEqual(their.Memory))
            text += $"\n  memory: ours {Convert.ToHexStringLower(our.Memory)}\n          qemu {Convert.ToHexStringLower(their.Memory)}\n        before {Convert.ToHexStringLower(before.Memory)}";
        return text;
    }
}
