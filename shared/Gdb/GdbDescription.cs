using System.Text;

namespace Suite.Gdb;

/// <summary>A register.</summary>
/// <param name="Name">gdb's name.</param>
/// <param name="Bits">Its size.</param>
/// <param name="Type">gdb's type, or one that the feature defines.</param>
/// <param name="Group">general, float, vector, or null.</param>
public sealed record GdbRegister(string Name, int Bits, string Type, string? Group = null)
{
    /// <summary>Bytes in packets.</summary>
    public int Bytes => Bits / 8;
}

/// <summary>A set of registers that gdb knows by its name (gdb manual, "Standard Target Features").</summary>
/// <param name="Name">As in org.gnu.gdb.i386.core.</param>
/// <param name="Types">Definitions of types in XML.</param>
/// <param name="Registers">The registers.</param>
public sealed record GdbFeature(string Name, string Types, IReadOnlyList<GdbRegister> Registers);

/// <summary>What a debugger must know of the target: the registers, and target.xml made from them. A register's number is its place.</summary>
/// <param name="architecture">gdb's name of the architecture.</param>
/// <param name="osAbi">gdb's name of the system's conventions; null for none.</param>
/// <param name="features">The registers.</param>
/// <param name="programCounter">Number of the program counter.</param>
/// <param name="stackPointer">Number of the stack pointer.</param>
/// <param name="isBigEndian">Byte order of registers.</param>
public sealed class GdbDescription(string architecture, string? osAbi, IReadOnlyList<GdbFeature> features, int programCounter, int stackPointer, bool isBigEndian)
{
    private string? _xml;

    /// <summary>All registers in the order of the g packet.</summary>
    public IReadOnlyList<GdbRegister> Registers { get; } = [.. features.SelectMany(f => f.Registers)];

    /// <summary>Number of the program counter.</summary>
    public int ProgramCounter { get; } = programCounter;

    /// <summary>Number of the stack pointer.</summary>
    public int StackPointer { get; } = stackPointer;

    /// <summary>Byte order of registers.</summary>
    public bool IsBigEndian { get; } = isBigEndian;

    /// <summary>Bytes of all registers.</summary>
    public int TotalBytes => field != 0 ? field : field = Registers.Sum(r => r.Bytes);

    /// <summary>Where a register lies among all; false when there is none of that number.</summary>
    public bool TryPlace(int number, out int offset, out int bytes)
    {
        (offset, bytes) = (0, 0);
        if (number < 0 || number >= Registers.Count)
            return false;
        for (int i = 0; i < number; i++)
            offset += Registers[i].Bytes;
        bytes = Registers[number].Bytes;
        return true;
    }

    /// <summary>target.xml.</summary>
    public string Xml => _xml ??= MakeXml();

    private string MakeXml()
    {
        StringBuilder text = new("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n");
        text.Append($"<architecture>{architecture}</architecture>\n");
        if (osAbi is not null)
            text.Append($"<osabi>{osAbi}</osabi>\n");
        int number = 0;
        foreach (GdbFeature feature in features)
        {
            text.Append($"<feature name=\"{feature.Name}\">\n{feature.Types}");
            foreach (GdbRegister r in feature.Registers)
                text.Append($"<reg name=\"{r.Name}\" bitsize=\"{r.Bits}\" type=\"{r.Type}\" regnum=\"{number++}\"{(r.Group is null ? "" : $" group=\"{r.Group}\"")}/>\n");
            text.Append("</feature>\n");
        }

        return text.Append("</target>\n").ToString();
    }
}
