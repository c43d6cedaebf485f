using System.Globalization;

namespace Suite.Guest.Ppc;

/// <summary>Look-up and listing of CPU models by name.</summary>
internal static class PpcModelTable
{
    private const int NameWidth = 16, PvrDigits = 8;

    /// <summary>The model of a name, an alias, or a processor version.</summary>
    public static PpcModel Find(string spec)
    {
        bool isVersion = uint.TryParse(spec, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint wanted) && spec.Length == PvrDigits;
        foreach (Range range in PpcModelNames.Text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = PpcModelNames.Text.AsSpan()[range];
            uint pvr = Pvr(line);
            foreach (Range part in Names(line).Split(' '))
            {
                ReadOnlySpan<char> names = Names(line)[part];
                if (isVersion ? pvr == wanted : HasName(names, spec))
                    return PpcFamily.Create(Primary(names).ToString(), pvr);
            }
        }
        throw new PpcModelException($"unknown CPU model '{spec}'; -cpu help lists the models");
    }

    /// <summary>The first model that has all of the given features; null when none has.</summary>
    public static PpcModel? FindWith(PpcFeature features)
    {
        foreach (Range range in PpcModelNames.Text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = PpcModelNames.Text.AsSpan()[range];
            foreach (Range part in Names(line).Split(' '))
                if (PpcFamily.Create(Primary(Names(line)[part]).ToString(), Pvr(line)) is var model && model.Has(features))
                    return model;
        }

        return null;
    }

    /// <summary>All models and their aliases, by processor version.</summary>
    public static void WriteHelp(TextWriter output)
    {
        output.WriteLine("Available CPUs:");
        foreach (Range range in PpcModelNames.Text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = PpcModelNames.Text.AsSpan()[range];
            string previous = "";
            foreach (Range part in Names(line).Split(' '))
                WriteNames(output, Names(line)[part], Pvr(line), ref previous);
        }
    }

    private static void WriteNames(TextWriter output, ReadOnlySpan<char> names, uint pvr, ref string previous)
    {
        string primary = Primary(names).ToString();
        foreach (Range part in names.Split('='))
        {
            string name = names[part].ToString();
            if (name != primary)
                output.WriteLine($"PowerPC {name.PadRight(NameWidth)} (alias for {primary})");
            else if (name != previous)
                output.WriteLine($"PowerPC {name.PadRight(NameWidth)} PVR {pvr:x8}{(name == PpcModel.DefaultName ? " (default)" : "")}");
        }
        previous = primary;
    }

    private static uint Pvr(ReadOnlySpan<char> line) => uint.Parse(line[..PvrDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static ReadOnlySpan<char> Names(ReadOnlySpan<char> line) => line[(PvrDigits + 1)..];

    private static ReadOnlySpan<char> Primary(ReadOnlySpan<char> names) => names.IndexOf('=') is >= 0 and int at ? names[..at] : names;

    private static bool HasName(ReadOnlySpan<char> names, string wanted)
    {
        foreach (Range part in names.Split('='))
            if (names[part].Equals(wanted, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }
}
