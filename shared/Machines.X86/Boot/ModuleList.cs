namespace Suite.Machines.X86.Boot;

/// <summary>A module for a multiboot kernel.</summary>
/// <param name="File">What is loaded.</param>
/// <param name="Text">Its string: the words as the user wrote them, path first.</param>
internal sealed record BootModule(LoaderFile File, string Text)
{
    /// <summary>Modules of -initrd: "file args,file2 args2"; a comma within is written twice.</summary>
    /// <exception cref="BootException">One cannot be opened.</exception>
    public static IReadOnlyList<BootModule> Parse(string? list)
    {
        List<BootModule> modules = [];
        foreach (string text in Split(list ?? ""))
        {
            string trimmed = text.Trim();
            if (trimmed.Length == 0)
                continue;
            int space = trimmed.IndexOf(' ', StringComparison.Ordinal);
            modules.Add(new BootModule(LoaderFile.Open("-initrd", space < 0 ? trimmed : trimmed[..space]), trimmed));
        }

        return modules;
    }

    /// <summary>Puts modules into memory, each on pages of its own.</summary>
    public static IReadOnlyList<ulong> Place(IReadOnlyList<BootModule> modules, MemoryPlacer placer, List<BootPiece> pieces)
    {
        List<ulong> addresses = [];
        foreach (BootModule module in modules)
        {
            ulong length = (ulong)module.File.Length;
            ulong at = placer.Place(module.File, "a module", (Math.Max(length, 1) + 4095) & ~4095UL, 4096, 1UL << 32, 0x10_0000);
            pieces.Add(new BootPiece(at, module.File.Path) { File = module.File, FileLength = length });
            addresses.Add(at);
        }

        return addresses;
    }

    private static IEnumerable<string> Split(string list)
    {
        int start = 0;
        for (int i = 0; i <= list.Length; i++)
        {
            if (i < list.Length && list[i] != ',')
                continue;
            if (i + 1 < list.Length && list[i + 1] == ',')
            {
                i++;
                continue;
            }

            yield return list[start..i].Replace(",,", ",", StringComparison.Ordinal);
            start = i + 1;
        }
    }
}
