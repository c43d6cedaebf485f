using System.Buffers.Binary;
using Suite.PcBios.Services;

namespace Suite.PcBios.Boot;

/// <summary>
/// Option ROMs between C8000 and F0000 (C0000 for a VGA's): copied there, checked, their initialization called; boot entries by their Plug and
/// Play headers (Plug and Play BIOS Specification 1.0A, 3; BIOS Boot Specification 1.01).
/// </summary>
internal sealed class OptionRoms(Bios bios)
{
    private const int Unit = 512, Alignment = 2048, PnpPointer = 0x1A, InitOffset = 3, MostImage = 128 * 1024;
    private const uint VideoStart = 0xC0000, Start = 0xC8000, End = 0xF0000;
    private const uint PnpSignature = 0x506E_5024; // "$PnP"

    private uint _next = Start;

    /// <summary>ROMs that were copied: address, PCI function they belong to (0: none).</summary>
    public List<(uint Address, int Function)> Copied { get; } = [];

    /// <summary>Forgets all, after a reset.</summary>
    public void Clear()
    {
        _next = Start;
        Copied.Clear();
    }

    /// <summary>Reads the image at an address as far as its header says; empty when there is none.</summary>
    public static byte[] ReadImage(BiosMemory memory, uint at, uint room)
    {
        // A ROM may hold several images; the first one for PCs (code type 0) is taken.
        for (uint offset = 0; offset + Unit <= room;)
        {
            if (memory.Word(at + offset) != 0xAA55)
                return [];
            uint data = memory.Word(at + offset + 0x18);
            bool hasData = data is >= 0x1A and < Alignment && memory.Dword(at + offset + data) == 0x5249_4350; // "PCIR"
            if (!hasData || memory.Byte(at + offset + data + 0x14) == 0)
            {
                int length = Math.Min(memory.Byte(at + offset + 2) * Unit, (int)Math.Min(room - offset, MostImage));
                byte[] image = new byte[length];
                memory.Read(at + offset, image);
                return image;
            }

            uint step = (uint)memory.Word(at + offset + data + 0x10) * Unit;
            if (step == 0 || (memory.Byte(at + offset + data + 0x15) & 0x80) != 0)
                return [];
            offset += step;
        }

        return [];
    }

    /// <summary>Copies an image to its place. False when it is none, or there is no room.</summary>
    public bool Copy(byte[] image, int function, bool isVideo, string name)
    {
        if (image.Length < Unit || image[0] != 0x55 || image[1] != 0xAA || image[2] == 0 || image[2] * Unit > image.Length)
        {
            if (image.Length > 0)
                bios.Parts.Log?.Invoke($"{name}: no option ROM (no 55 AA at its start, or truncated)");
            return false;
        }

        int length = image[2] * Unit;
        if (Sum(image.AsSpan(0, length)) != 0)
        {
            bios.Parts.Log?.Invoke($"{name}: the option ROM's checksum is wrong");
            return false;
        }

        uint at = isVideo ? VideoStart : _next;
        if (at + (uint)length > (isVideo ? Start : End))
        {
            bios.Parts.Log?.Invoke($"{name}: no room for an option ROM of {length >> 10} KiB");
            return false;
        }

        bios.Memory.Write(at, image.AsSpan(0, length));
        if (!isVideo)
            _next = (at + (uint)length + Alignment - 1) & ~(uint)(Alignment - 1);
        Copied.Add((at, function));
        return true;
    }

    /// <summary>Asks the stub to call a ROM's initialization.</summary>
    public void CallInit(ServiceCall call, int index, byte step)
    {
        (uint at, int function) = Copied[index];
        // ax: the PCI function; bx, dx: no card number; es:di: the Plug and Play installation check.
        bios.CallGuest(call, at << 12 | InitOffset, isInterrupt: false, step, (ushort)function, 0xFFFF, 0, 0xFFFF, 0, PnpStructure, 0xF000);
    }

    /// <summary>Boot entries of a ROM: far address and name. Called when its initialization is done.</summary>
    public IEnumerable<(uint Entry, bool IsDisk, string Name)> Entries(int index)
    {
        (uint at, _) = Copied[index];
        uint length = (uint)bios.Memory.Byte(at + 2) * Unit, offset = bios.Memory.Word(at + PnpPointer);
        // Each header names the next; a loop or a place outside ends the list.
        for (int i = 0; i < 16 && offset != 0 && offset + 0x20 <= length; i++)
        {
            if (bios.Memory.Dword(at + offset) != PnpSignature)
                yield break;
            uint name = bios.Memory.Word(at + offset + 0x10);
            uint connect = bios.Memory.Word(at + offset + 0x16), bootstrap = bios.Memory.Word(at + offset + 0x1A);
            string text = name != 0 && name < length ? Text(at + name) : "option ROM";
            if (bootstrap != 0)
                yield return (at << 12 | bootstrap, false, text);
            if (connect != 0)
                yield return (at << 12 | connect, true, text);
            offset = bios.Memory.Word(at + offset + 6);
        }
    }

    /// <summary>Offset in segment F000 of the Plug and Play installation check structure.</summary>
    public ushort PnpStructure { get; set; }

    /// <summary>The structure itself: version 1.0, no entry that does anything (its entry points lead to the dummy return).</summary>
    public static byte[] MakePnpStructure(ushort dummy)
    {
        byte[] pnp = new byte[0x21];
        "$PnP"u8.CopyTo(pnp);
        (pnp[4], pnp[5]) = (0x10, 0x21);
        BinaryPrimitives.WriteUInt16LittleEndian(pnp.AsSpan(0x0D), dummy);
        BinaryPrimitives.WriteUInt16LittleEndian(pnp.AsSpan(0x0F), 0xF000);
        BinaryPrimitives.WriteUInt16LittleEndian(pnp.AsSpan(0x11), dummy);
        BinaryPrimitives.WriteUInt32LittleEndian(pnp.AsSpan(0x13), MemoryMap.RomStart);
        BinaryPrimitives.WriteUInt16LittleEndian(pnp.AsSpan(0x1B), 0xF000);
        pnp[8] = (byte)-Sum(pnp);
        return pnp;
    }

    private string Text(uint at)
    {
        List<char> text = [];
        for (byte c; text.Count < 40 && (c = bios.Memory.Byte(at++)) is >= 0x20 and < 0x7F;)
            text.Add((char)c);
        return new string([.. text]);
    }

    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return sum;
    }
}
