using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>AltiVec rows, interpreted in the exact form, against the installed qemu-ppc.</summary>
public sealed class AltivecQemuTests
{
    private const int Rounds = 300, MemoryAt = 64;

    [PpcQemuFact]
    public void RowsAgreeWithQemu()
    {
        PpcRow[] rows = AltivecRows.Rows;
        var random = new Random(1);
        byte[] records = new byte[rows.Length * Rounds * AltivecRecord.Size];
        for (int i = 0; i < rows.Length * Rounds; i++)
            AltivecSamples.Fill(new AltivecRecord(records, i * AltivecRecord.Size), rows[i / Rounds], random);
        byte[] theirs = QemuOracle.Run("altivec-oracle.c", ["-maltivec", "-mcpu=7450"], "7447a", records);

        using var machine = new PpcMachine(PpcFeature.Altivec);
        var differences = new List<string>();
        byte[] ours = (byte[])records.Clone();
        for (int i = 0; i < rows.Length * Rounds; i++)
        {
            PpcRow row = rows[i / Rounds];
            AltivecRecord before = new(records, i * AltivecRecord.Size), our = new(ours, i * AltivecRecord.Size), their = new(theirs, i * AltivecRecord.Size);
            our.Load(machine, MemoryAt);
            machine.Execute(row, our.Word, exact: true);
            our.Store(machine, MemoryAt);
            if (!AltivecSamples.Agree(row, before, our, their))
                differences.Add($"{row.Name} {our.Word:x8} offset {before.Offset} vscr {before.Vscr:x}\n a {Hex(before, 1)}\n b {Hex(before, 2)}\n c {Hex(before, 3)}\n"
                    + $" ours {Hex(our, 4)} vscr {our.Vscr:x} cr {our.Cr:x8}\n qemu {Hex(their, 4)} vscr {their.Vscr:x} cr {their.Cr:x8}\n");
        }

        string names = string.Join(' ', differences.Select(d => d.Split(' ')[0]).GroupBy(n => n).Select(g => $"{g.Key}:{g.Count()}"));
        Assert.True(differences.Count == 0, $"{names}\n{string.Join('\n', differences.DistinctBy(d => d.Split(' ')[0]).Take(20))}");
    }

    private static string Hex(AltivecRecord r, int vector)
    {
        string text = Convert.ToHexStringLower(r.Vector(vector));
        return $"{text[..8]} {text[8..16]} {text[16..24]} {text[24..]}";
    }
}
