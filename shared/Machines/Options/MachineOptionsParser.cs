namespace Suite.Machines.Options;

/// <summary>Reads a machine tool's command line.</summary>
public static class MachineOptionsParser
{
    /// <summary>Reads the words; a text to show ends it early.</summary>
    /// <exception cref="OptionException">A mistake; the message names the nearest right word.</exception>
    public static MachineOptions Parse(ReadOnlySpan<string> args, IMachineLists lists)
    {
        MachineOptions options = new();
        for (int i = 0; i < args.Length && options.Text is null; i++)
        {
            string word = args[i];
            if (word.Length < 2 || word[0] != '-')
            {
                options.Drives.Add(KeyValues.Of("-hda", ("file", word), ("if", "ide"), ("index", "0"), ("media", "disk")));
                continue;
            }

            string? joined = null;
            MachineOption? option = MachineOptionTable.Find(word);
            if (option is null && word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=') is > 0 and var equals)
            {
                option = MachineOptionTable.Find(word[..equals]);
                joined = word[(equals + 1)..];
            }

            if (option is null)
                throw OptionException.Unknown("option", word, MachineOptionTable.All.SelectMany(o => o.Names), "-h");
            if (option.ValueName is null && joined is not null)
                throw new OptionException($"{option.Name} takes no value");
            if (option.ValueName is not null && joined is null)
                joined = ++i < args.Length ? args[i] : throw new OptionException($"{option.Name} lacks its value", $"{option.Name} {option.ValueName}");
            option.Apply(options, joined ?? "", lists);
        }

        if (options.Text is null)
            CheckKernelFiles(options);
        return options;
    }

    private static void CheckKernelFiles(MachineOptions options)
    {
        string? lonely = options.Initrd is not null ? "-initrd" : options.Append.Length > 0 ? "-append" : options.Dtb is not null ? "-dtb" : null;
        if (options.Kernel is null && lonely is not null)
            throw new OptionException($"{lonely}: there is no kernel to give it to", "-kernel FILE; a boot loader on a disk has its own");
    }
}
