using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.PcBios.Services;

/// <summary>
/// Memory as a program sees it that calls the BIOS: linear addresses, which paging may have moved. What is not RAM goes to the device bus, as it
/// would for code in a ROM. What lies nowhere reads as ones.
/// </summary>
internal sealed class BiosMemory(FirmwareParts parts)
{
    private const ulong PageMask = 4095;

    /// <summary>Linear address of segment:offset.</summary>
    public static uint Linear(ushort segment, uint offset) => ((uint)segment << 4) + offset;

    public byte Byte(ulong linear)
    {
        Span<byte> value = stackalloc byte[1];
        Read(linear, value);
        return value[0];
    }

    public ushort Word(ulong linear)
    {
        Span<byte> value = stackalloc byte[2];
        Read(linear, value);
        return BinaryPrimitives.ReadUInt16LittleEndian(value);
    }

    public uint Dword(ulong linear)
    {
        Span<byte> value = stackalloc byte[4];
        Read(linear, value);
        return BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    public void SetByte(ulong linear, int value) => Write(linear, [(byte)value]);

    public void SetWord(ulong linear, int value) => Write(linear, [(byte)value, (byte)(value >> 8)]);

    public void SetDword(ulong linear, uint value) => Write(linear, [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)]);

    /// <summary>Fills a span.</summary>
    public void Read(ulong linear, Span<byte> into)
    {
        while (into.Length > 0)
        {
            int part = Part(linear, into.Length, out ulong? physical);
            if (physical is not { } at)
            {
                into[..part].Fill(0xFF);
            }
            else if (!parts.Memory.TryRead(at, into[..part]))
            {
                for (int i = 0; i < part; i++)
                    into[i] = (byte)parts.Mmio.Read(at + (ulong)i, 1);
            }

            into = into[part..];
            linear += (ulong)part;
        }
    }

    /// <summary>Stores bytes.</summary>
    public void Write(ulong linear, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            int part = Part(linear, from.Length, out ulong? physical);
            if (physical is { } at && !parts.Memory.TryWrite(at, from[..part]))
            {
                int i = 0;
                for (; i + 4 <= part && (at + (ulong)i) % 4 == 0; i += 4)
                    parts.Mmio.Write(at + (ulong)i, 4, BinaryPrimitives.ReadUInt32LittleEndian(from[i..]));
                for (; i < part; i++)
                    parts.Mmio.Write(at + (ulong)i, 1, from[i]);
            }

            from = from[part..];
            linear += (ulong)part;
        }
    }

    /// <summary>A stretch of RAM itself, as long as it goes on, for data moved in bulk; empty where there is none.</summary>
    /// <param name="linear">Where.</param>
    /// <param name="length">At most so many bytes.</param>
    /// <param name="forWriting">It will be written; <see cref="Written"/> must follow.</param>
    public unsafe Span<byte> Map(ulong linear, int length, bool forWriting)
    {
        int part = Part(linear, length, out ulong? physical);
        return physical is { } at && parts.Memory.TryMap(at, part, forWriting, out byte* pointer) ? new Span<byte>(pointer, part) : [];
    }

    /// <summary>Memory was written through <see cref="Map"/>.</summary>
    public void Written(ulong linear, int length)
    {
        if (Physical(linear) is { } at)
            parts.Memory.Written(at, length);
    }

    private ulong? Physical(ulong linear) => parts.Translate is { } translate ? translate(linear) : linear;

    // Without paging a run ends nowhere; with it, at each page.
    private int Part(ulong linear, int length, out ulong? physical)
    {
        physical = Physical(linear);
        return parts.Translate is null ? length : (int)Math.Min((ulong)length, PageMask + 1 - (linear & PageMask));
    }
}
