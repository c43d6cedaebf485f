using System.Text;
using Suite.LinuxUser.Loader;

namespace Suite.UserMode.Binfmt;

/// <summary>
/// How the kernel recognises a target's programs: the first twenty bytes of an ELF file, to e_machine, under a mask
/// (Documentation/admin-guide/binfmt-misc.rst). The mask lets the last bit of e_type open, so that 2 (EXEC) and 3 (DYN) match; the last two bits
/// of EI_OSABI, so that 0 (none) and 3 (GNU) match; EI_ABIVERSION and the padding must be zero, as in every program that Linux made.
/// </summary>
public sealed class BinfmtFormat
{
    private const int ClassOffset = 4, DataOffset = 5, VersionOffset = 6, OsAbiOffset = 7, Length = 20;

    private BinfmtFormat(ElfTarget target)
    {
        Name = target.Tool;
        byte[] magic = new byte[Length], mask = new byte[Length];
        "\u007fELF"u8.CopyTo(magic);
        mask.AsSpan().Fill(0xff);
        magic[ClassOffset] = (byte)(target.Is64 ? 2 : 1);
        magic[DataOffset] = (byte)(target.BigEndian ? 2 : 1);
        magic[VersionOffset] = 1;
        mask[OsAbiOffset] = 0xfc;
        int low = target.BigEndian ? 1 : 0; // the byte of a 16-bit number that holds its low bits
        magic[ElfHeader.TypeOffset + low] = 2;
        mask[ElfHeader.TypeOffset + low] = 0xfe;
        magic[ElfHeader.MachineOffset + low] = (byte)target.Machine;
        (Magic, Mask) = (magic, mask);
    }

    /// <summary>The format of a target.</summary>
    public static BinfmtFormat For(ElfTarget target) => new(target);

    /// <summary>What the entry is called, and the tool: <c>qemu-ppc</c>.</summary>
    public string Name { get; }

    /// <summary>The bytes at the start of the file.</summary>
    public byte[] Magic { get; }

    /// <summary>The bits of them that count.</summary>
    public byte[] Mask { get; }

    /// <summary>The line for the kernel's register file and for systemd's binfmt.d.</summary>
    /// <param name="name">What the entry is to be called.</param>
    /// <param name="interpreter">The tool's path.</param>
    /// <param name="flags">Letters of O, C, F and P.</param>
    public string Line(string name, string interpreter, string flags) => $":{name}:M::{Escaped(Magic)}:{Escaped(Mask)}:{interpreter}:{flags}";

    /// <summary>The file for Debian's update-binfmts (/usr/share/binfmts).</summary>
    public string DebianText(string package, string interpreter, string flags) => $"""
        package {package}
        interpreter {interpreter}
        magic {Escaped(Magic)}
        offset 0
        mask {Escaped(Mask)}
        credentials {(flags.Contains('C') ? "yes" : "no")}
        fix_binary {(flags.Contains('F') ? "yes" : "no")}
        preserve {(flags.Contains('P') ? "yes" : "no")}

        """;

    private static string Escaped(byte[] bytes)
    {
        StringBuilder text = new();
        foreach (byte b in bytes)
            text.Append($"\\x{b:x2}");
        return text.ToString();
    }
}
