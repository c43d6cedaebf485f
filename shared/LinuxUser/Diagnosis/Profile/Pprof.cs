using System.Buffers.Binary;
using System.Text;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>The format of pprof (profile.proto of google/pprof), in gzip's wrapping without compression (RFC 1951, 1952).</summary>
internal static class Pprof
{
    private const int Varint = 0, Bytes = 2;
    private const long Second = 1_000_000_000;

    public static byte[] Write(ProfileData data, bool isPacked)
    {
        Dictionary<string, int> strings = new() { [""] = 0 };
        List<string> table = [""];
        int Text(string text)
        {
            if (!strings.TryGetValue(text, out int index))
            {
                strings[text] = index = table.Count;
                table.Add(text);
            }

            return index;
        }

        Dictionary<string, int> functions = [];
        MemoryStream profile = new(), locations = new(), samples = new();
        long period = Second / data.Rate;
        foreach ((string thread, ProfileNode<string> root) in data.Threads)
            ProfileData.Visit(root, (path, count) =>
            {
                MemoryStream sample = new(), stack = new(), values = new(), label = new();
                for (int i = path.Count - 1; i >= 0; i--)
                {
                    if (!functions.TryGetValue(path[i], out int id))
                    {
                        functions[path[i]] = id = functions.Count + 1;
                        AddLocation(locations, id, Text(path[i]));
                    }

                    Number(stack, (ulong)id);
                }

                Number(values, (ulong)count);
                Number(values, (ulong)(count * period));
                Message(sample, 1, stack);
                Message(sample, 2, values);
                Field(label, 1, (ulong)Text("thread"));
                Field(label, 2, (ulong)Text(thread));
                Message(sample, 3, label);
                Message(samples, 2, sample);
            });
        Message(profile, 1, ValueType(Text("samples"), Text("count")));
        Message(profile, 1, ValueType(Text("cpu"), Text("nanoseconds")));
        samples.WriteTo(profile);
        locations.WriteTo(profile);
        MemoryStream periodType = ValueType(Text("cpu"), Text("nanoseconds"));
        foreach (string text in table)
        {
            byte[] raw = Encoding.UTF8.GetBytes(text);
            Tag(profile, 6, Bytes);
            Number(profile, (ulong)raw.Length);
            profile.Write(raw);
        }

        Field(profile, 10, (ulong)(data.Total * period));
        Message(profile, 11, periodType);
        Field(profile, 12, (ulong)period);
        return isPacked ? Wrap(profile.ToArray()) : profile.ToArray();
    }

    // A function and a location in it, with the same number.
    private static void AddLocation(MemoryStream to, int id, int name)
    {
        MemoryStream line = new(), location = new(), function = new();
        Field(line, 1, (ulong)id);
        Field(location, 1, (ulong)id);
        Message(location, 4, line);
        Message(to, 4, location);
        Field(function, 1, (ulong)id);
        Field(function, 2, (ulong)name);
        Field(function, 3, (ulong)name);
        Message(to, 5, function);
    }

    private static MemoryStream ValueType(int type, int unit)
    {
        MemoryStream message = new();
        Field(message, 1, (ulong)type);
        Field(message, 2, (ulong)unit);
        return message;
    }

    private static void Field(MemoryStream to, int number, ulong value)
    {
        Tag(to, number, Varint);
        Number(to, value);
    }

    private static void Message(MemoryStream to, int number, MemoryStream content)
    {
        Tag(to, number, Bytes);
        Number(to, (ulong)content.Length);
        content.WriteTo(to);
    }

    private static void Tag(MemoryStream to, int number, int type) => Number(to, (ulong)(number << 3 | type));

    private static void Number(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }

    private static byte[] Wrap(byte[] content)
    {
        const int LargestBlock = 65535, Unknown = 255;
        MemoryStream gzip = new();
        gzip.Write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, Unknown]);
        Span<byte> word = stackalloc byte[4];
        for (int at = 0; at < content.Length || at == 0; at += LargestBlock)
        {
            int length = Math.Min(LargestBlock, content.Length - at);
            gzip.WriteByte((byte)(at + length >= content.Length ? 1 : 0));
            BinaryPrimitives.WriteUInt16LittleEndian(word, (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(word[2..], (ushort)~length);
            gzip.Write(word);
            gzip.Write(content, at, length);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(word, Crc32.Of(content));
        gzip.Write(word);
        BinaryPrimitives.WriteUInt32LittleEndian(word, (uint)content.Length);
        gzip.Write(word);
        return gzip.ToArray();
    }
}
