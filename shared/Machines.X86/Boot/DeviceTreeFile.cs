using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>A flattened device tree given with -dtb: only its header is looked at (devicetree specification 0.4, 5.2).</summary>
internal sealed record DeviceTreeFile(LoaderFile File)
{
    private const uint Magic = 0xD00D_FEED;
    private const int HeaderBytes = 40, Most = 16 << 20;

    /// <exception cref="BootException">It is not one, or truncated.</exception>
    public static DeviceTreeFile Open(string path)
    {
        LoaderFile file = LoaderFile.Open("-dtb", path);
        byte[] head = file.Head(0, HeaderBytes);
        if (head.Length < HeaderBytes || BinaryPrimitives.ReadUInt32BigEndian(head) != Magic)
            throw file.Error("is no flattened device tree (no d00dfeed at its start): compile the source with dtc -O dtb");
        uint size = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(4));
        if (size > file.Length)
            throw file.Error($"has {file.Length} bytes of {size}: the file is truncated");
        return file.Length <= Most ? new DeviceTreeFile(file) : throw file.Error($"has {file.Length >> 20} MiB; no device tree is larger than {Most >> 20}");
    }
}
