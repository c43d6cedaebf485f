using System.Text;

namespace Suite.PcBios.Tables;

/// <summary>The strings behind an SMBIOS structure, which its fields name by their numbers from 1 on.</summary>
internal sealed class SmbiosTexts
{
    private readonly List<string> _texts = [];

    public SmbiosTexts()
    {
    }

    /// <summary>Strings that no field names.</summary>
    public SmbiosTexts(IEnumerable<string> texts) => _texts.AddRange(texts);

    /// <summary>As they follow the structure: each ends with a zero, all with another; two zeros when there are none.</summary>
    public byte[] Bytes => [.. _texts.SelectMany(t => (byte[])[.. Encoding.UTF8.GetBytes(t), 0]), .. _texts.Count == 0 ? (byte[])[0, 0] : [0]];

    /// <summary>Adds one; its number, or 0 for none.</summary>
    public byte Add(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return 0;
        _texts.Add(text);
        return (byte)_texts.Count;
    }
}
