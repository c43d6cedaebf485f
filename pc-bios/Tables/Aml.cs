using System.Buffers.Binary;
using System.Text;

namespace Suite.PcBios.Tables;

/// <summary>Puts ACPI machine language together: each method gives the bytes of one term (ACPI specification 6.5, chapter 20).</summary>
internal static class Aml
{
    private const byte NameOp = 0x08, ScopeOp = 0x10, BufferOp = 0x11, PackageOp = 0x12, MethodOp = 0x14, ExtendedOp = 0x5B, RegionOp = 0x80, FieldOp = 0x81, DeviceOp = 0x82,
        ProcessorOp = 0x83, StoreOp = 0x70, AndOp = 0x7B, OrOp = 0x7D, NotifyOp = 0x86, CreateDWordOp = 0x8A, EqualOp = 0x93, LessOp = 0x95, IfOp = 0xA0, ReturnOp = 0xA4,
        BytePrefix = 0x0A, WordPrefix = 0x0B, DWordPrefix = 0x0C, StringPrefix = 0x0D, QWordPrefix = 0x0E, DualName = 0x2E, MultiName = 0x2F;

    /// <summary>Address spaces of an operation region.</summary>
    public const byte SystemMemory = 0, SystemIo = 1, PciConfig = 2;

    /// <summary>Access widths of a field.</summary>
    public const byte ByteAccess = 1, DWordAccess = 3;

    /// <summary>The first argument of a method.</summary>
    public static byte[] Arg0 => [0x68];

    /// <summary>A method's variables.</summary>
    public static byte[] Local0 => [0x60];

    /// <inheritdoc cref="Local0"/>
    public static byte[] Local1 => [0x61];

    public static byte[] Scope(string name, params byte[][] terms) => Package(ScopeOp, [Name(name), .. terms]);

    public static byte[] Device(string name, params byte[][] terms) => [ExtendedOp, .. Package(DeviceOp, [Name(name), .. terms])];

    /// <summary>A processor without a P_BLK.</summary>
    public static byte[] Processor(string name, byte id) => [ExtendedOp, .. Package(ProcessorOp, [Name(name), [id, 0, 0, 0, 0, 0]])];

    /// <summary>A method; serialized when it declares names.</summary>
    public static byte[] Method(string name, int arguments, bool isSerialized, params byte[][] terms) =>
        Package(MethodOp, [Name(name), [(byte)(arguments | (isSerialized ? 8 : 0))], .. terms]);

    /// <summary>Name(name, value).</summary>
    public static byte[] Define(string name, byte[] value) => [NameOp, .. Name(name), .. value];

    public static byte[] Define(string name, ulong value) => Define(name, Integer(value));

    public static byte[] Define(string name, string text) => Define(name, Text(text));

    public static byte[] Text(string text) => [StringPrefix, .. Encoding.ASCII.GetBytes(text), 0];

    public static byte[] Integer(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return value switch
        {
            0 => [0],
            1 => [1],
            <= byte.MaxValue => [BytePrefix, .. bytes[..1]],
            <= ushort.MaxValue => [WordPrefix, .. bytes[..2]],
            <= uint.MaxValue => [DWordPrefix, .. bytes[..4]],
            _ => [QWordPrefix, .. bytes],
        };
    }

    /// <summary>A compressed EISA id: "PNP0A03" (ACPI specification 6.5, 19.3.4).</summary>
    public static byte[] EisaId(string id)
    {
        uint vendor = (uint)((id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@'));
        uint product = Convert.ToUInt16(id[3..], 16);
        return [DWordPrefix, (byte)(vendor >> 8), (byte)vendor, (byte)(product >> 8), (byte)product];
    }

    public static byte[] Package(params byte[][] elements) => Package(PackageOp, [[(byte)elements.Length], .. elements]);

    public static byte[] Buffer(byte[] bytes) => Package(BufferOp, [Integer((ulong)bytes.Length), bytes]);

    /// <summary>OperationRegion.</summary>
    public static byte[] Region(string name, byte space, ulong offset, ulong length) => [ExtendedOp, RegionOp, .. Name(name), space, .. Integer(offset), .. Integer(length)];

    /// <summary>Field with entries that follow each other; a null name skips bits.</summary>
    public static byte[] Field(string region, byte access, params (string? Name, int Bits)[] entries)
    {
        const byte preserve = 0;
        List<byte[]> list = [Name(region), [(byte)(access | preserve)]];
        foreach ((string? name, int bits) in entries)
            list.Add(name is null ? [0, .. Length(bits, isField: true)] : [.. Name(name), .. Length(bits, isField: true)]);
        return [ExtendedOp, .. Package(FieldOp, [.. list])];
    }

    public static byte[] Store(byte[] value, byte[] target) => [StoreOp, .. value, .. target];

    /// <summary>And without a target.</summary>
    public static byte[] And(byte[] a, byte[] b) => [AndOp, .. a, .. b, 0];

    /// <summary>Or with a target.</summary>
    public static byte[] Or(byte[] a, byte[] b, byte[] target) => [OrOp, .. a, .. b, .. target];

    public static byte[] Equal(byte[] a, byte[] b) => [EqualOp, .. a, .. b];

    public static byte[] Less(byte[] a, byte[] b) => [LessOp, .. a, .. b];

    public static byte[] If(byte[] condition, params byte[][] terms) => Package(IfOp, [condition, .. terms]);

    public static byte[] Return(byte[] value) => [ReturnOp, .. value];

    public static byte[] Notify(string name, byte value) => [NotifyOp, .. Name(name), .. Integer(value)];

    /// <summary>A call of a method with one argument.</summary>
    public static byte[] Call(string name, byte[] argument) => [.. Name(name), .. argument];

    /// <summary>CreateDWordField(buffer, offset, name).</summary>
    public static byte[] CreateDWordField(byte[] buffer, int offset, string name) => [CreateDWordOp, .. buffer, .. Integer((ulong)offset), .. Name(name)];

    /// <summary>A name string: segments are padded with underscores.</summary>
    public static byte[] Name(string path)
    {
        int prefix = 0;
        while (prefix < path.Length && path[prefix] is '\\' or '^')
            prefix++;
        string[] segments = path[prefix..].Split('.', StringSplitOptions.RemoveEmptyEntries);
        byte[] names = Encoding.ASCII.GetBytes(string.Concat(segments.Select(s => s.PadRight(4, '_'))));
        byte[] count = segments.Length switch
        {
            0 => [0],
            1 => [],
            2 => [DualName],
            _ => [MultiName, (byte)segments.Length],
        };
        return [.. Encoding.ASCII.GetBytes(path[..prefix]), .. count, .. names];
    }

    /// <summary>Terms one behind the other.</summary>
    public static byte[] Join(IEnumerable<byte[]> terms)
    {
        MemoryStream all = new();
        foreach (byte[] term in terms)
            all.Write(term);
        return all.ToArray();
    }

    private static byte[] Package(byte op, byte[][] parts)
    {
        byte[] body = Join(parts);
        return [op, .. Length(body.Length, isField: false), .. body];
    }

    // PkgLength counts its own bytes, but for the width of a field, which is given in the same form.
    private static byte[] Length(int value, bool isField)
    {
        for (int bytes = 1; ; bytes++)
        {
            int length = value + (isField ? 0 : bytes);
            if (bytes == 1 && length < 1 << 6)
                return [(byte)length];
            if (bytes == 1 || length >= 1 << (4 + 8 * (bytes - 1)))
                continue;
            byte[] encoded = new byte[bytes];
            encoded[0] = (byte)((bytes - 1) << 6 | (length & 15));
            for (int i = 1; i < bytes; i++)
                encoded[i] = (byte)(length >> (4 + 8 * (i - 1)));
            return encoded;
        }
    }
}
