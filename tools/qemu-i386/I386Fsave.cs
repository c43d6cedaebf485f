using System.Buffers.Binary;
using Suite.Jit.Runtime;

namespace Suite.Tools.I386;

/// <summary>
/// The x87 state as FSAVE stores it (struct user_i387_ia32_struct), from and to the FXSAVE image that the host keeps.
/// <code>
///   +0 control  +4 status  +8 tags  +12 ip  +16 cs and opcode  +20 operand  +24 operand's segment  +28 st0..st7, 10 bytes each
/// </code>
/// </summary>
internal static unsafe class I386Fsave
{
    /// <summary>Bytes of the image.</summary>
    public const int Size = Environment + Registers * RegisterBytes;

    /// <summary>Where FXSAVE has the status word (AMD64 manual volume 2, section 11.4.4).</summary>
    public const int FxStatus = 2;

    private const int Environment = 28, RegisterBytes = 10, Registers = 8;
    private const uint HighHalf = 0xFFFF0000;
    private const int FxTags = 4, FxOpcode = 6, FxIp = 8, FxOperand = 16, FxRegisters = 32, FxRegisterBytes = 16, XsaveHeader = 512;
    private const int TagValid = 0, TagZero = 1, TagSpecial = 2, TagEmpty = 3;

    /// <summary>Writes the image.</summary>
    /// <param name="area">A thread's vector area.</param>
    /// <param name="ds">Selector of the data segment, shown as that of the last operand.</param>
    /// <param name="image">At least <see cref="Size"/> bytes.</param>
    public static void Fill(byte* area, ushort ds, Span<byte> image)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(image, *(ushort*)area | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(image[4..], *(ushort*)(area + FxStatus) | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(image[8..], Tags(area) | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(image[12..], *(uint*)(area + FxIp));
        BinaryPrimitives.WriteUInt32LittleEndian(image[16..], I386Segments.UserCode);
        BinaryPrimitives.WriteUInt32LittleEndian(image[20..], *(uint*)(area + FxOperand));
        BinaryPrimitives.WriteUInt32LittleEndian(image[24..], ds | HighHalf);
        for (int i = 0; i < Registers; i++)
            new ReadOnlySpan<byte>(area + FxRegisters + i * FxRegisterBytes, RegisterBytes).CopyTo(image[(Environment + i * RegisterBytes)..]);
    }

    /// <summary>Takes the x87 state from an image of at least <see cref="Size"/> bytes.</summary>
    public static void Take(byte* area, ReadOnlySpan<byte> image)
    {
        *(ushort*)area = BinaryPrimitives.ReadUInt16LittleEndian(image);
        *(ushort*)(area + FxStatus) = BinaryPrimitives.ReadUInt16LittleEndian(image[4..]);
        *(ushort*)(area + FxTags) = InUse(BinaryPrimitives.ReadUInt16LittleEndian(image[8..]));
        *(ushort*)(area + FxOpcode) = BinaryPrimitives.ReadUInt16LittleEndian(image[18..]);
        *(ulong*)(area + FxIp) = BinaryPrimitives.ReadUInt32LittleEndian(image[12..]);
        *(ulong*)(area + FxOperand) = BinaryPrimitives.ReadUInt32LittleEndian(image[20..]);
        for (int i = 0; i < Registers; i++)
            image.Slice(Environment + i * RegisterBytes, RegisterBytes).CopyTo(new Span<byte>(area + FxRegisters + i * FxRegisterBytes, RegisterBytes));
        *(ulong*)(area + XsaveHeader) |= 1;
    }

    // Two bits for each register, made from its contents, out of the one bit FXSAVE keeps.
    private static uint Tags(byte* area)
    {
        int top = *(ushort*)(area + FxStatus) >> 11 & 7;
        uint tags = 0;
        for (int i = 0; i < Registers; i++)
        {
            byte* register = area + FxRegisters + ((i - top) & 7) * FxRegisterBytes;
            tags |= (uint)((area[FxTags] >> i & 1) == 0 ? TagEmpty : Kind(*(ulong*)register, *(ushort*)(register + 8) & 0x7FFF)) << (2 * i);
        }

        return tags;
    }

    private static int Kind(ulong significand, int exponent) => exponent switch
    {
        0 when significand == 0 => TagZero,
        not 0 and not 0x7FFF when significand >> 63 != 0 => TagValid,
        _ => TagSpecial,
    };

    private static byte InUse(ushort tags)
    {
        int bits = 0;
        for (int i = 0; i < Registers; i++)
            if ((tags >> (2 * i) & 3) != TagEmpty)
                bits |= 1 << i;
        return (byte)bits;
    }
}
