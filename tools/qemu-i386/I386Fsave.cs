using System.Buffers.Binary;
using Suite.UserMode.X86;

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

    /// <summary>Writes the image.</summary>
    /// <param name="area">A thread's vector area.</param>
    /// <param name="ds">Selector of the data segment, shown as that of the last operand.</param>
    /// <param name="image">At least <see cref="Size"/> bytes.</param>
    public static void Fill(byte* area, ushort ds, Span<byte> image)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(image, *(ushort*)area | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(image[4..], *(ushort*)(area + FxStatus) | HighHalf);
        BinaryPrimitives.WriteUInt32LittleEndian(image[8..], X87Tags.Word(new ReadOnlySpan<byte>(area, XsaveFrame.Legacy)) | HighHalf);
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
        *(ushort*)(area + FxTags) = X87Tags.InUse(BinaryPrimitives.ReadUInt16LittleEndian(image[8..]));
        *(ushort*)(area + FxOpcode) = BinaryPrimitives.ReadUInt16LittleEndian(image[18..]);
        *(ulong*)(area + FxIp) = BinaryPrimitives.ReadUInt32LittleEndian(image[12..]);
        *(ulong*)(area + FxOperand) = BinaryPrimitives.ReadUInt32LittleEndian(image[20..]);
        for (int i = 0; i < Registers; i++)
            image.Slice(Environment + i * RegisterBytes, RegisterBytes).CopyTo(new Span<byte>(area + FxRegisters + i * FxRegisterBytes, RegisterBytes));
        *(ulong*)(area + XsaveHeader) |= 1;
    }
}
