using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>How a field is stored.</summary>
internal enum FieldStorage : byte { Unsigned, Signed, Text, SignalSet, Nested }

/// <summary>One field of a layout; <see cref="Count"/> elements of <see cref="Bytes"/> each.</summary>
internal sealed record StructField(
    string Name, bool Hidden, FieldStorage Storage, int Offset, int Bytes, int Count, SignatureType Type, StructLayout? Nested);

/// <summary>
/// Where the fields of a struct lie for one guest. Written as <c>name:storage [type]</c> separated by commas. Storage is <c>u8</c> to
/// <c>i64</c>, <c>w</c> or <c>uw</c> (a C long), <c>char[n]</c>, <c>sigset</c>, or <c>{layout}</c>; scalars may carry <c>[count]</c>. Fields are
/// aligned as the guest's C compiler does. A name that starts with a dot takes room but is not printed. The type is one of a signature and
/// says how to print. Fields behind <c>...</c> are not printed; at the end it stands for fields left out. In front may stand <c>packed;</c> (no alignment) or <c>sized;</c>
/// (the caller passes the size; fields beyond it do not exist).
/// </summary>
internal sealed class StructLayout
{
    private StructLayout(StructField[] fields, int size, int alignment, bool isSized, bool isPartial, bool isWhole)
    {
        IsWhole = isWhole;
        Fields = fields;
        Size = size;
        Alignment = alignment;
        IsSized = isSized;
        IsPartial = isPartial;
    }

    public IReadOnlyList<StructField> Fields { get; }

    /// <summary>Bytes up to the end of the last field described, rounded to the alignment when the layout is whole.</summary>
    public int Size { get; }

    public int Alignment { get; }

    public bool IsSized { get; }

    /// <summary>Some fields are not printed.</summary>
    public bool IsPartial { get; }

    /// <summary>Every field is described, so that the struct can be converted.</summary>
    public bool IsWhole { get; }

    /// <exception cref="FormatException">The text breaks the form given above.</exception>
    public static StructLayout Parse(string text, GuestAbi abi)
    {
        bool packed = Strip(ref text, "packed;"), sized = Strip(ref text, "sized;"), partial = false, whole = true;
        var fields = new List<StructField>();
        int offset = 0, alignment = 1;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part == "...")
            {
                partial = true;
                whole = false;
                continue;
            }
            whole = true;
            StructField field = ParseField(part, abi, out int fieldAlignment);
            if (!packed)
            {
                alignment = Math.Max(alignment, fieldAlignment);
                offset = Align(offset, fieldAlignment);
            }
            fields.Add(field with { Offset = offset, Hidden = field.Hidden || partial });
            offset += field.Bytes * field.Count;
        }
        return new StructLayout([.. fields], whole ? Align(offset, alignment) : offset, alignment, sized, partial, whole);
    }

    /// <summary>Storage word to bytes and signedness; zero bytes when the word is no scalar.</summary>
    public static (int Bytes, bool Signed) Scalar(string storage, GuestAbi abi) => storage switch
    {
        "u8" => (1, false),
        "i8" => (1, true),
        "u16" => (2, false),
        "i16" => (2, true),
        "u32" => (4, false),
        "i32" => (4, true),
        "u64" => (8, false),
        "i64" => (8, true),
        "uw" or "ptr" => (abi.WordBytes, false),
        "w" => (abi.WordBytes, true),
        _ => (0, false),
    };

    private static StructField ParseField(string part, GuestAbi abi, out int alignment)
    {
        int colon = part.IndexOf(':');
        if (colon < 0)
            throw new FormatException($"'{part}': name:storage expected");
        string name = part[..colon], storage = part[(colon + 1)..];
        int space = storage.IndexOf(' ');
        string typeText = space < 0 ? "" : storage[(space + 1)..];
        storage = space < 0 ? storage : storage[..space];
        int open = storage.IndexOf('[');
        int count = open < 0 ? 1 : int.Parse(storage.AsSpan(open + 1).TrimEnd(']'));
        storage = open < 0 ? storage : storage[..open];

        (int bytes, bool signed) = Scalar(storage, abi);
        StructLayout? nested = null;
        FieldStorage kind = signed ? FieldStorage.Signed : FieldStorage.Unsigned;
        alignment = Math.Min(Math.Max(bytes, 1), abi.LargestAlignment);
        if (storage == "char")
            (kind, bytes, count) = (FieldStorage.Text, count, 1);
        else if (storage == "sigset")
            (kind, bytes, alignment) = (FieldStorage.SignalSet, 8, abi.WordBytes);
        else if (storage.StartsWith('{'))
        {
            string inner = storage.Trim('{', '}');
            nested = Parse(StructLayouts.Find(inner) ?? throw new FormatException($"'{part}': no layout {inner}"), abi);
            (kind, bytes, alignment) = (FieldStorage.Nested, nested.Size, nested.Alignment);
        }
        else if (bytes == 0)
            throw new FormatException($"'{part}': unknown storage");
        SignatureType type = typeText.Length > 0 ? SignatureType.Parse(typeText)
            : new SignatureType(signed ? SignatureKind.Long : SignatureKind.Ulong);
        return new StructField(name.TrimStart('.'), name.StartsWith('.'), kind, 0, bytes, count, type, nested);
    }

    private static bool Strip(ref string text, string prefix)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        text = text[prefix.Length..].TrimStart();
        return true;
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
