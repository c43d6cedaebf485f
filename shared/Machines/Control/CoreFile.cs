using System.Buffers.Binary;

namespace Suite.Machines.Control;

/// <summary>A core file of a machine (System V ABI, ELF; core(5)): a note segment with the processors' registers, memory by its physical addresses.</summary>
internal sealed class CoreFile
{
    private const int TooManySegments = 0xFFFF, Piece = 1 << 20; // PN_XNUM: the number is in a section header
    private const uint PtLoad = 1, PtNote = 4;

    private readonly MachineControl _control;
    private readonly ushort _elfMachine;
    private readonly bool _isLong;
    private readonly byte[] _notes;
    private readonly List<(ulong Start, ulong Bytes, ulong At)> _runs = []; // memory, and where it is behind the headers
    private readonly List<MappedRange> _loads = [];

    /// <summary>Looks at the machine. While no vCPU runs, under the lock.</summary>
    /// <exception cref="ControlException">There is nothing to write.</exception>
    public CoreFile(MachineControl control, bool withPaging, ulong begin, ulong length)
    {
        _control = control;
        (_elfMachine, bool is64) = control.Inspector.CoreFormat;
        _notes = Notes(control, is64);
        ulong last = length > ulong.MaxValue - begin ? ulong.MaxValue : begin + length - 1, at = 0;
        foreach (Jit.Memory.MemorySlot slot in control.Machine.Spaces.Memory.Slots)
        {
            ulong start = Math.Max(slot.Start, begin), end = Math.Min(slot.Last, last);
            if (slot.Reads is null || length == 0 || start > end)
                continue;
            if (_runs.Count > 0 && _runs[^1] is var before && before.Start + before.Bytes == start)
                _runs[^1] = before with { Bytes = before.Bytes + (end - start + 1) };
            else
                _runs.Add((start, end - start + 1, at));
            at += end - start + 1;
        }

        if (_runs.Count == 0)
            throw new ControlException("there is no memory in that range");
        _isLong = is64 || _runs[^1].Start + _runs[^1].Bytes > 1UL << 32;
        if (withPaging)
            foreach (MappedRange mapped in control.Inspector.Mappings(0))
                AddMapped(mapped);
        // Without mapping: a virtual address of 0, as QEMU has it; readers go by the physical one.
        _loads.AddRange(_runs.Select(r => new MappedRange(0, r.Start, r.Bytes)));
    }

    /// <summary>Writes it; the result is how many bytes of memory there are.</summary>
    public long Write(Stream to)
    {
        int headBytes = _isLong ? 64 : 52, segmentBytes = _isLong ? 56 : 32;
        byte[] section = Section();
        ulong sectionAt = (ulong)headBytes + (ulong)(_loads.Count + 1) * (ulong)segmentBytes, notesAt = sectionAt + (ulong)section.Length, dataAt = (notesAt + (ulong)_notes.Length + 4095) & ~4095UL;
        to.Write(Head(headBytes, segmentBytes, sectionAt, section.Length));
        to.Write(Segment(segmentBytes, PtNote, notesAt, default, (ulong)_notes.Length));
        foreach (MappedRange load in _loads)
            to.Write(Segment(segmentBytes, PtLoad, dataAt + OffsetOf(load.Physical), load, load.Bytes));
        to.Write(section);
        to.Write(_notes);
        to.Write(new byte[dataAt - notesAt - (ulong)_notes.Length]);
        byte[] piece = new byte[Piece];
        long written = 0;
        foreach ((ulong start, ulong bytes, _) in _runs)
        {
            for (ulong done = 0; done < bytes;)
            {
                Span<byte> part = piece.AsSpan(0, (int)Math.Min(bytes - done, Piece));
                if (!_control.Machine.Spaces.Memory.TryRead(start + done, part))
                    part.Clear();
                to.Write(part);
                done += (ulong)part.Length;
            }

            written += (long)bytes;
        }

        return written;
    }

    private static byte[] Notes(MachineControl control, bool is64)
    {
        using MemoryStream notes = new();
        Span<byte> head = stackalloc byte[12];
        // All of one kind, then all of the next: readers count processors by the first.
        foreach (CoreNote note in control.Machine.Vcpus.SelectMany(v => control.Inspector.CoreNotes(v.Index, is64)).GroupBy(n => n.Name).SelectMany(g => g))
        {
            byte[] name = [.. note.Name.Select(c => (byte)c), 0];
            BinaryPrimitives.WriteInt32LittleEndian(head, name.Length);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], note.Contents.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[8..], note.Type);
            notes.Write(head);
            notes.Write(name);
            notes.Write(new byte[-name.Length & 3]);
            notes.Write(note.Contents);
            notes.Write(new byte[-note.Contents.Length & 3]);
        }

        return notes.ToArray();
    }

    // The parts of a mapping that are memory.
    private void AddMapped(MappedRange mapped)
    {
        foreach ((ulong start, ulong bytes, _) in _runs)
        {
            ulong first = Math.Max(mapped.Physical, start), end = Math.Min(mapped.Physical + mapped.Bytes, start + bytes);
            if (first < end)
                _loads.Add(new MappedRange(mapped.Virtual + (first - mapped.Physical), first, end - first));
        }
    }

    private ulong OffsetOf(ulong physical)
    {
        (ulong start, _, ulong at) = _runs.Last(r => r.Start <= physical);
        return at + (physical - start);
    }

    private byte[] Head(int headBytes, int segmentBytes, ulong sectionAt, int sectionBytes)
    {
        const ushort Core = 4;
        byte[] head = new byte[headBytes];
        ReadOnlySpan<byte> identity = [0x7F, (byte)'E', (byte)'L', (byte)'F', (byte)(_isLong ? 2 : 1), 1, 1];
        identity.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(16), Core);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(18), _elfMachine);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(20), 1);
        int word = _isLong ? 8 : 4, sizes = 24 + 3 * word + 4;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(24 + word), headBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(sizes), (ushort)headBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(sizes + 2), (ushort)segmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(sizes + 4), (ushort)Math.Min(_loads.Count + 1, TooManySegments));
        if (sectionBytes == 0)
            return head;
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(24 + 2 * word), (uint)sectionAt);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(sizes + 6), (ushort)sectionBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(sizes + 8), 1);
        return head;
    }

    // Linux alone maps 65536 pages to one (espfix); how many segments there are is then the "info" of the only section.
    private byte[] Section()
    {
        if (_loads.Count + 1 < TooManySegments)
            return [];
        byte[] section = new byte[_isLong ? 64 : 40];
        BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(_isLong ? 44 : 28), _loads.Count + 1);
        return section;
    }

    private byte[] Segment(int segmentBytes, uint type, ulong offset, MappedRange range, ulong bytes)
    {
        byte[] segment = new byte[segmentBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, type);
        ReadOnlySpan<ulong> fields = [offset, range.Virtual, range.Physical, bytes, bytes];
        for (int i = 0; i < fields.Length; i++)
        {
            if (_isLong)
                BinaryPrimitives.WriteUInt64LittleEndian(segment.AsSpan(8 + i * 8), fields[i]);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(4 + i * 4), (uint)fields[i]);
        }

        return segment;
    }
}
