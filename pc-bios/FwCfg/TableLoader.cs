using System.Buffers.Binary;
using System.Text;

namespace Suite.PcBios.FwCfg;

/// <summary>
/// The script by which SeaBIOS (and OVMF) put tables into memory: allocate a file, add its address where another file points into it, add a
/// checksum (QEMU, docs/specs/fw_cfg and hw/acpi/bios-linker-loader: each command has 128 bytes).
/// </summary>
internal sealed class TableLoader
{
    private const int CommandBytes = 128, NameBytes = 56;
    private const int Allocate = 1, AddPointer = 2, AddChecksum = 3;
    private const byte HighZone = 1, SegmentFZone = 2;

    private readonly MemoryStream _script = new();

    /// <summary>The script.</summary>
    public byte[] Script => _script.ToArray();

    /// <summary>A file gets its place.</summary>
    /// <param name="file">Name in fw_cfg.</param>
    /// <param name="alignment">Of the place.</param>
    /// <param name="isLow">In segment F000, where systems look for root pointers.</param>
    public void Place(string file, int alignment, bool isLow)
    {
        byte[] command = New(Allocate);
        PutName(command, 4, file);
        Put(command, 4 + NameBytes, alignment);
        command[8 + NameBytes] = isLow ? SegmentFZone : HighZone;
        _script.Write(command);
    }

    /// <summary>The address of a file is added to a number in another.</summary>
    public void Point(string file, int offset, int size, string target)
    {
        byte[] command = New(AddPointer);
        PutName(command, 4, file);
        PutName(command, 4 + NameBytes, target);
        Put(command, 4 + 2 * NameBytes, offset);
        command[8 + 2 * NameBytes] = (byte)size;
        _script.Write(command);
    }

    /// <summary>A byte gets what makes the sum of a stretch zero.</summary>
    public void Checksum(string file, int offset, int start, int length)
    {
        byte[] command = New(AddChecksum);
        PutName(command, 4, file);
        Put(command, 4 + NameBytes, offset);
        Put(command, 8 + NameBytes, start);
        Put(command, 12 + NameBytes, length);
        _script.Write(command);
    }

    private static byte[] New(int kind)
    {
        byte[] command = new byte[CommandBytes];
        Put(command, 0, kind);
        return command;
    }

    private static void PutName(byte[] command, int at, string name) => Encoding.ASCII.GetBytes(name).CopyTo(command, at);

    private static void Put(byte[] command, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(at), value);
}
