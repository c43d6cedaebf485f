using System.Buffers.Binary;
using Suite.UserMode.Debugging;

namespace Suite.UserMode.X86;

/// <summary>
/// The x87 tag word, two bits for each physical register, which FXSAVE does not store: it has one bit that says whether the register is in use, and
/// the rest follows from the register's contents (Intel SDM volume 1, 10.5.1.1).
/// </summary>
public sealed class X87Tags : IRegisterForm
{
    private const int StatusWord = 2, InUseBits = 4, FirstRegister = 32, RegisterBytes = 16, Registers = 8;
    private const int Valid = 0, Zero = 1, Special = 2, Empty = 3;

    /// <summary>The tag word as a register of a debugger's.</summary>
    public static X87Tags Form { get; } = new();

    /// <summary>The tag word of an FXSAVE image.</summary>
    public static ushort Word(ReadOnlySpan<byte> image)
    {
        int top = image[StatusWord + 1] >> 3 & 7, tags = 0;
        for (int i = 0; i < Registers; i++)
            tags |= ((image[InUseBits] >> i & 1) == 0 ? Empty : Kind(image[(FirstRegister + ((i - top) & 7) * RegisterBytes)..])) << (2 * i);
        return (ushort)tags;
    }

    /// <summary>FXSAVE's byte for a tag word.</summary>
    public static byte InUse(ushort tags)
    {
        int bits = 0;
        for (int i = 0; i < Registers; i++)
            if ((tags >> (2 * i) & 3) != Empty)
                bits |= 1 << i;
        return (byte)bits;
    }

    void IRegisterForm.Read(ReadOnlySpan<byte> image, Span<byte> register) => BinaryPrimitives.WriteUInt16LittleEndian(register, Word(image));

    void IRegisterForm.Write(ReadOnlySpan<byte> register, Span<byte> image) => image[InUseBits] = InUse(BinaryPrimitives.ReadUInt16LittleEndian(register));

    private static int Kind(ReadOnlySpan<byte> register)
    {
        ulong significand = BinaryPrimitives.ReadUInt64LittleEndian(register);
        return (BinaryPrimitives.ReadUInt16LittleEndian(register[8..]) & 0x7FFF) switch
        {
            0 when significand == 0 => Zero,
            not 0 and not 0x7FFF when significand >> 63 != 0 => Valid,
            _ => Special,
        };
    }
}
