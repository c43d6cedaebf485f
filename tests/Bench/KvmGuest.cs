using System.Buffers.Binary;

namespace Suite.Bench;

/// <summary>
/// Firmware images of 64 KiB whose first instructions say a character at the debug port E9h. The guest then sleeps for good, or makes one access again and again, says another
/// character, and sleeps.
/// </summary>
internal static class KvmGuest
{
    /// <summary>The debug port's characters: the guest runs, the accesses are made.</summary>
    public const char Started = '<', Done = '>';

    private const int Bytes = 0x10000, Gdt = 0x100, GdtPlace = 0x120, CodeSelector = 8, Reset = 0xFFF0;
    private const uint Segment = 0xF0000;

    /// <summary>Says that it runs, and sleeps.</summary>
    public static byte[] Start() => Image([.. Say(Started), .. Sleep]);

    /// <summary>Reads or writes a port of 8 bits.</summary>
    public static byte[] Port(ushort port, bool isWrite, int times) =>
        Image([.. Say(Started), 0x66, 0xB9, .. Little(times), 0xBA, (byte)port, (byte)(port >> 8), isWrite ? (byte)0xEE : (byte)0xEC, 0x66, 0x49, 0x75, 0xFB, .. Say(Done), .. Sleep]);

    /// <summary>Reads or writes 32 bits of memory, in flat protected mode.</summary>
    public static byte[] Register(uint address, bool isWrite, int times)
    {
        byte[] enter =
        [
            0x2E, 0x66, 0x0F, 0x01, 0x16, GdtPlace & 0xFF, GdtPlace >> 8, // lgdt cs:[GdtPlace]
            0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, // mov eax, cr0; or al, 1; mov cr0, eax
        ];
        uint flat = Segment + (uint)enter.Length + 8;
        byte[] image = Image(
        [
            .. enter, 0x66, 0xEA, .. Little((int)flat), CodeSelector, 0, // jmp 8:flat
            0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD8, // mov ax, 10h; mov ds, ax
            .. Say(Started), 0xB9, .. Little(times), 0xBB, .. Little((int)address), isWrite ? (byte)0x89 : (byte)0x8B, 0x03, 0x49, 0x75, 0xFB, .. Say(Done), .. Sleep,
        ]);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Gdt + CodeSelector), 0x00CF9B000000FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Gdt + 0x10), 0x00CF93000000FFFF);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(GdtPlace), 0x17);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(GdtPlace + 2), Segment + Gdt);
        return image;
    }

    private static byte[] Say(char what) => [0xB0, (byte)what, 0xE6, 0xE9]; // mov al, what; out 0E9h, al

    private static byte[] Sleep => [0xFA, 0xF4, 0xEB, 0xFD]; // cli; hlt; again

    private static byte[] Little(int value) => BitConverter.GetBytes(value);

    private static byte[] Image(byte[] code)
    {
        byte[] image = new byte[Bytes];
        code.CopyTo(image, 0);
        byte[] jump = [0xEA, 0x00, 0x00, 0x00, 0xF0];
        jump.CopyTo(image, Reset);
        return image;
    }
}
