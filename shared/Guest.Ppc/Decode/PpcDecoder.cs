using System.Runtime.CompilerServices;

namespace Suite.Guest.Ppc;

/// <summary>
/// Finds the row of an instruction word, among the rows a model has. Words are grouped by primary opcode and, where that has extended opcodes, by their low
/// eleven bits; the first row of a group is searched for once. Threads may share a decoder: they come to the same entries.
/// </summary>
public sealed class PpcDecoder(PpcRow[] rows, PpcFeature features)
{
    private const int ExtendedBits = 11, PrimaryCount = 64, None = ushort.MaxValue;

    // Primary opcodes 4, 19, 31, 59, 63 have groups of their own behind those of the primary opcodes.
    private readonly ushort[] _firstOf = new ushort[PrimaryCount + (5 << ExtendedBits)];

    public PpcDecoder(PpcModel model)
        : this(PpcRows.All, model.Features)
    {
    }

    /// <summary>The row of a word; null when the model has no such instruction.</summary>
    public ref readonly PpcRow Find(uint word)
    {
        int group = Group(word);
        int index = _firstOf[group];
        if (index == 0)
        {
            index = Search(0, word, GroupMask(word)) + 1;
            _firstOf[group] = (ushort)(index == 0 ? None : index);
        }
        if (index is not (0 or None))
        {
            index--;
            if ((word & rows[index].Mask) != rows[index].Match)
                index = Search(index + 1, word, uint.MaxValue);
            if (index >= 0)
                return ref rows[index];
        }
        return ref Unsafe.NullRef<PpcRow>();
    }

    /// <summary>Whether there is such an instruction.</summary>
    public bool TryFind(uint word, out PpcRow row)
    {
        ref readonly PpcRow found = ref Find(word);
        bool isKnown = !Unsafe.IsNullRef(in found);
        row = isKnown ? found : default;
        return isKnown;
    }

    private static int Bank(uint primary) => primary switch { 4 => 0, 19 => 1, 31 => 2, 59 => 3, 63 => 4, _ => -1 };

    private static int Group(uint word)
    {
        uint primary = word >> 26;
        int bank = Bank(primary);
        return bank < 0 ? (int)primary : PrimaryCount + (bank << ExtendedBits) + (int)(word & (1 << ExtendedBits) - 1);
    }

    private static uint GroupMask(uint word) => Bank(word >> 26) < 0 ? 0xFC000000 : 0xFC000000 | (1 << ExtendedBits) - 1;

    // The first row from an index on that agrees with the word in the bits looked at; -1 if there is none.
    private int Search(int from, uint word, uint bits)
    {
        for (int i = from; i < rows.Length; i++)
            if ((rows[i].Feature & ~features) == 0 && ((word ^ rows[i].Match) & rows[i].Mask & bits) == 0)
                return i;
        return -1;
    }
}
