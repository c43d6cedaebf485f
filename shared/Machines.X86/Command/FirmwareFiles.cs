using Suite.Machines.Options;

namespace Suite.Machines.X86.Command;

/// <summary>Finds firmware images: by path, then by name below -L and where distributions put them.</summary>
internal static class FirmwareFiles
{
    private static readonly string[] Usual = ["/usr/share/seabios", "/usr/share/qemu", "/usr/share/OVMF", "/usr/share/ovmf", "/usr/share/seavgabios", "/usr/lib/ipxe/qemu"];

    /// <summary>The contents of an image that may be missing; null when it is.</summary>
    public static byte[]? TryRead(string name, IReadOnlyList<string> paths) => Array.Find(Places(name, paths), File.Exists) is { } path ? UserFile.Read("-option-rom", path) : null;

    /// <summary>The contents of an image.</summary>
    /// <exception cref="OptionException">There is no such file.</exception>
    public static byte[] Read(string name, IReadOnlyList<string> paths)
    {
        string[] places = Places(name, paths);
        string path = Array.Find(places, File.Exists)
            ?? throw new OptionException($"-bios: there is no {name}", name.Contains('/') ? "without -bios our own firmware is used" : $"looked in {string.Join(", ", places.Skip(1).Select(Path.GetDirectoryName))}; -L adds a place, and without -bios our own firmware is used");
        return UserFile.Read("-bios", path);
    }

    private static string[] Places(string name, IReadOnlyList<string> paths) => name.Contains('/') ? [name] : [name, .. paths.Concat(Usual).Select(p => Path.Combine(p, name))];
}
