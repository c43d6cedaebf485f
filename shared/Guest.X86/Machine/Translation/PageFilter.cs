namespace Suite.Guest.X86.Machine.Translation;

/// <summary>A set of pages that answers "certainly not" or "perhaps": most invalidated pages never held code that was jumped to.</summary>
internal sealed class PageFilter
{
    private const int Bits = 1024;

    private readonly ulong[] _words = new ulong[Bits / 64];

    /// <summary>Adds a page number.</summary>
    public void Add(ulong page) => _words[page % Bits / 64] |= 1UL << (int)(page % 64);

    /// <summary>False when the page was not added.</summary>
    public bool MayHold(ulong page) => (_words[page % Bits / 64] >> (int)(page % 64) & 1) != 0;

    /// <summary>Forgets all.</summary>
    public void Clear() => Array.Clear(_words);
}
