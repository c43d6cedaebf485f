using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Finds how to unwind from an address of one image: in .eh_frame as it is mapped, by the table of .eh_frame_hdr or from end to end; in
/// .debug_frame of the file where there is no .eh_frame (LSB Core 5.0 chapter 10; DWARF 5, section 6.4).
/// </summary>
internal sealed class CallFrameTable
{
    private const uint PtGnuEhFrame = 0x6474E550;
    private const int LargestRecord = 1 << 16, LargestScan = 1 << 20, SortedTable = 0x3B, Omitted = 0xFF;

    private readonly ulong _header, _frames, _framesEnd, _bias;
    private readonly byte[]? _debugFrame;
    private readonly bool _big;
    private readonly int _word;

    private CallFrameTable(ElfTarget target, ulong bias, ulong header, ulong frames, ulong framesEnd, byte[]? debugFrame)
    {
        (_big, _word, _bias) = (target.BigEndian, target.WordSize, bias);
        (_header, _frames, _framesEnd, _debugFrame) = (header, frames, framesEnd, debugFrame);
    }

    /// <summary>The table of an image; null when it has none.</summary>
    public static CallFrameTable? Of(ElfView view, ulong bias, ElfTarget target)
    {
        foreach (ElfSegment segment in view.Segments)
            if (segment.Type == PtGnuEhFrame && segment.Vaddr != 0)
                return new CallFrameTable(target, bias, bias + segment.Vaddr, 0, 0, null);
        if (view.Find(".eh_frame") is { Address: not 0 } section)
            return new CallFrameTable(target, bias, 0, bias + section.Address, bias + section.Address + section.Size, null);
        if (view.Find(".debug_frame") is { } debug && view.Read(debug) is { } content)
            return new CallFrameTable(target, bias, 0, 0, 0, content);
        return null;
    }

    /// <summary>The entry for an address; null when there is none.</summary>
    public CallFrameEntry? Find(IGuestReader memory, ulong pc)
    {
        if (_debugFrame is not null)
            return ScanDebugFrame(pc);
        (ulong frames, ulong end) = (_frames, _framesEnd);
        if (_header != 0)
        {
            Span<byte> head = stackalloc byte[32];
            if (!memory.TryRead(_header, head))
                return null;
            DwarfCursor cursor = new(head, _header, _word, _big);
            int version = cursor.Byte(), framesEncoding = cursor.Byte(), countEncoding = cursor.Byte(), tableEncoding = cursor.Byte();
            if (version != 1 || !cursor.Pointer(framesEncoding, _header, out frames))
                return null;
            if (countEncoding != Omitted && tableEncoding == SortedTable && cursor.Pointer(countEncoding, _header, out ulong count))
                return Search(memory, cursor.Address, count, pc);
            end = ulong.MaxValue;
        }

        return Scan(memory, frames, end, pc);
    }

    // Entries of two 32-bit distances from the header's start: of the first address, and of the entry.
    private CallFrameEntry? Search(IGuestReader memory, ulong table, ulong count, ulong pc)
    {
        if (count > LargestScan)
            return null;
        (ulong low, ulong high) = (0, count);
        Span<byte> pair = stackalloc byte[8];
        ulong entry = 0;
        while (low < high)
        {
            ulong middle = (low + high) / 2;
            if (!memory.TryRead(table + middle * 8, pair))
                return null;
            DwarfCursor cursor = new(pair, 0, _word, _big);
            ulong start = Wrap(_header + cursor.Number(4, signed: true)), at = Wrap(_header + cursor.Number(4, signed: true));
            if (start <= pc)
                (low, entry) = (middle + 1, at);
            else
                high = middle;
        }

        return entry == 0 || ReadRecord(memory, entry, out ulong content, out _) is not { } record ? null : Covering(Parse(record, content, memory), pc);
    }

    private CallFrameEntry? Scan(IGuestReader memory, ulong at, ulong end, ulong pc)
    {
        for (int records = 0; records < LargestScan && at < end && ReadRecord(memory, at, out ulong content, out ulong next) is { } record; records++, at = next)
            if (record.Length > 4 && Covering(Parse(record, content, memory), pc) is { } found)
                return found;
        return null;
    }

    private static CallFrameEntry? Covering(CallFrameEntry? entry, ulong pc) => entry is not null && pc - entry.Start < entry.Length ? entry : null;

    // The bytes behind the length; null at the end mark.
    private byte[]? ReadRecord(IGuestReader memory, ulong at, out ulong content, out ulong next)
    {
        (content, next) = (0, 0);
        Span<byte> head = stackalloc byte[4];
        if (!memory.TryRead(at, head))
            return null;
        DwarfCursor cursor = new(head, at, _word, _big);
        ulong length = cursor.Number(4);
        if (length is 0 or > LargestRecord)
            return null;
        (content, next) = (at + 4, at + 4 + length);
        byte[] record = new byte[length];
        return memory.TryRead(content, record) ? record : null;
    }

    private CallFrameEntry? Parse(byte[] record, ulong content, IGuestReader memory)
    {
        DwarfCursor cursor = new(record, content, _word, _big);
        ulong distance = cursor.Number(4);
        if (distance == 0 || ReadRecord(memory, content - distance, out ulong cieContent, out _) is not { } cie)
            return null; // a CIE itself
        return ParseWith(ref cursor, cie, cieContent, isDebugFrame: false);
    }

    private CallFrameEntry? ScanDebugFrame(ulong pc)
    {
        byte[] all = _debugFrame!;
        for (int at = 0, records = 0; at + 8 <= all.Length && records < LargestScan; records++)
        {
            DwarfCursor cursor = new(all, 0, _word, _big) { Position = at };
            ulong length = cursor.Number(4);
            if (length is 0 or > LargestRecord || at + 4 + (int)length > all.Length)
                return null;
            byte[] record = all[(at + 4)..(at + 4 + (int)length)];
            at += 4 + (int)length;
            cursor = new DwarfCursor(record, 0, _word, _big);
            ulong cieAt = cursor.Number(4);
            if (cieAt == uint.MaxValue || cieAt + 8 > (ulong)all.Length)
                continue;
            DwarfCursor head = new(all, 0, _word, _big) { Position = (int)cieAt };
            ulong cieLength = head.Number(4);
            if (cieLength > LargestRecord || cieAt + 4 + cieLength > (ulong)all.Length)
                continue;
            if (Covering(ParseWith(ref cursor, all[((int)cieAt + 4)..((int)cieAt + 4 + (int)cieLength)], 0, isDebugFrame: true), pc) is { } found)
                return found;
        }

        return null;
    }

    // cursor: a frame description entry behind its pointer to the CIE.
    private CallFrameEntry? ParseWith(ref DwarfCursor fde, byte[] cie, ulong cieAddress, bool isDebugFrame)
    {
        DwarfCursor c = new(cie, cieAddress, _word, _big);
        c.Number(4);
        int version = c.Byte();
        ReadOnlySpan<byte> augmentation = c.Text();
        if (version >= 4)
            c.Number(2); // sizes of addresses and segment selectors
        ulong codeAlignment = c.Uleb();
        long dataAlignment = c.Sleb();
        ulong column = version == 1 ? c.Byte() : c.Uleb();
        int encoding = 0;
        bool signal = false, sized = augmentation.Length > 0 && augmentation[0] == (byte)'z';
        if (augmentation.Length > 0 && !sized)
            return null; // of compilers older than the format
        if (sized)
        {
            ulong bytes = c.Uleb();
            int end = c.Position + (int)Math.Min(bytes, LargestRecord);
            foreach (byte letter in augmentation[1..])
            {
                if (letter == (byte)'R')
                    encoding = c.Byte();
                else if (letter == (byte)'P')
                    c.SkipPointer(c.Byte());
                else if (letter == (byte)'L')
                    c.Byte();
                else if (letter == (byte)'S')
                    signal = true;
            }

            c.Position = end;
        }

        if (!fde.Pointer(encoding, 0, out ulong start) || !fde.Pointer(encoding & 0x0F, 0, out ulong length))
            return null;
        if (sized)
            fde.Block(fde.Uleb());
        if (c.Failed || fde.Failed || c.Position > cie.Length)
            return null;
        ulong programAddress = fde.Address;
        return new CallFrameEntry
        {
            Start = isDebugFrame ? start + _bias : start,
            Length = length,
            CodeAlignment = codeAlignment,
            DataAlignment = dataAlignment,
            ReturnColumn = column,
            IsSignalFrame = signal,
            PointerEncoding = encoding,
            InitialProgram = cie[c.Position..],
            Program = fde.Rest().ToArray(),
            ProgramAddress = programAddress,
        };
    }

    private ulong Wrap(ulong address) => _word == 4 ? (uint)address : address;
}
