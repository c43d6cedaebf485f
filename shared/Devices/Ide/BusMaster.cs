using System.Buffers.Binary;
using Suite.Devices.Block;
using Suite.Devices.Core;

namespace Suite.Devices.Ide;

/// <summary>
/// The bus master of one IDE channel (Programming Interface for Bus Master IDE Controller, revision 1.0): command, status and the address of a
/// table of memory regions, which it works through between drive and memory.
/// </summary>
internal sealed class BusMaster : IBusDevice
{
    public const int Ports = 8;

    private const int Command = 0, Status = 2, Table = 4;
    private const ulong Start = 1, ToMemory = 8, Active = 1, Error = 2, Interrupt = 4, DriveFlags = 0x60;
    private const int EntryBytes = 8, FullRegion = 0x10000;

    // At once; regions are at least two bytes long, so they hold at least a sector of a CD.
    private const int MostBytes = 1 << 20, MostRegions = 1024;

    private readonly IdeChannel _channel;
    private readonly IGuestMemory _memory;
    private readonly Register _command, _status, _table;
    private readonly List<IoVector> _pieces = [];
    private readonly List<(ulong Address, int Length, ulong Entry, int EntryDone)> _regions = [];
    private ulong _entry;
    private int _entryDone;
    private bool _hasMore;

    public BusMaster(IdeChannel channel, IGuestMemory memory, DeviceState state, string name)
    {
        (_channel, _memory) = (channel, memory);
        _command = state.Register($"{name} BMIC", 8);
        _status = state.Register($"{name} BMIS", 8);
        _table = state.Register($"{name} BMIDTP", 32);
        channel.Master = this;
    }

    public bool IsActive => _status.Has(Active);

    public ulong Read(ulong offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= ReadByte((int)offset + i) << (8 * i);
        return value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset >= Table)
        {
            int shift = 8 * (int)(offset - Table);
            ulong mask = ((1UL << (8 * size)) - 1) << shift;
            _table.Value = ((_table.Value & ~mask) | value << shift) & ~3UL;
            return;
        }

        for (int i = 0; i < size; i++)
            WriteByte((int)offset + i, (byte)(value >> (8 * i)));
    }

    public void Interrupted() => _status.Set(Interrupt, true);

    /// <summary>The drive begins to move data: the table is read from its start.</summary>
    public void Begin() => (_entry, _entryDone, _hasMore) = (_table.Value, 0, true);

    /// <summary>
    /// Collects where in memory the next bytes of a transfer are. The regions must then be taken with <see cref="TryMap"/>, or with
    /// <see cref="Copy"/> when that fails.
    /// </summary>
    /// <param name="wanted">Bytes the drive still has.</param>
    /// <param name="unit">The result is a multiple of this, at most 2048.</param>
    /// <returns>How many bytes there is room for now; 0 when the table has ended, or is not in memory.</returns>
    public int Prepare(long wanted, int unit)
    {
        wanted = Math.Min(wanted, MostBytes);
        _regions.Clear();
        Span<byte> entry = stackalloc byte[EntryBytes];
        int total = 0;
        const uint last = 0x80000000;
        while (total < wanted && _regions.Count < MostRegions && _hasMore)
        {
            if (!_memory.TryRead(_entry, entry))
            {
                Stop(failed: true);
                return 0;
            }

            ulong address = BinaryPrimitives.ReadUInt32LittleEndian(entry) & ~1u;
            uint control = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            int count = (int)(control & 0xFFFE) is 0 ? FullRegion : (int)(control & 0xFFFE);
            int part = (int)Math.Min(count - _entryDone, wanted - total);
            _regions.Add((address + (ulong)_entryDone, part, _entry, _entryDone));
            total += part;
            _entryDone += part;
            if (_entryDone < count)
                break;
            (_entry, _entryDone, _hasMore) = (_entry + EntryBytes, 0, (control & last) == 0);
        }

        return GiveBack(total, total % unit);
    }

    /// <summary>The regions as memory of this process; false when one is not a piece of memory.</summary>
    public unsafe bool TryMap(bool toMemory, out ReadOnlySpan<IoVector> pieces)
    {
        pieces = default;
        _pieces.Clear();
        foreach ((ulong address, int length, _, _) in _regions)
        {
            if (!_memory.TryMap(address, length, toMemory, out byte* pointer))
                return false;
            _pieces.Add(new IoVector((nint)pointer, length));
        }

        pieces = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pieces);
        return true;
    }

    /// <summary>Memory was written through the mapped pieces.</summary>
    public void Written()
    {
        foreach ((ulong address, int length, _, _) in _regions)
            _memory.Written(address, length);
    }

    /// <summary>Copies between the regions and a buffer of the drive. False when a region is not memory.</summary>
    public bool Copy(Span<byte> buffer, bool toMemory)
    {
        foreach ((ulong address, int length, _, _) in _regions)
        {
            Span<byte> part = buffer[..length];
            if (!(toMemory ? _memory.TryWrite(address, part) : _memory.TryRead(address, part)))
            {
                Stop(failed: true);
                return false;
            }

            buffer = buffer[length..];
        }

        return true;
    }

    /// <summary>The transfer is over; a table that had room for more leaves the master active, as the specification has it.</summary>
    public void Finish() => _status.Set(Active, _hasMore || _entryDone != 0);

    /// <summary>The drive has ended the command with an error, or the table was of no use.</summary>
    public void Stop(bool failed)
    {
        _status.Set(Active, false);
        if (failed)
            _status.Set(Error, true);
    }

    // What does not fill a unit is left for the next time.
    private int GiveBack(int total, int excess)
    {
        total -= excess;
        while (excess > 0)
        {
            (ulong address, int length, ulong entry, int entryDone) = _regions[^1];
            _regions.RemoveAt(_regions.Count - 1);
            int kept = Math.Max(length - excess, 0);
            (_entry, _entryDone, _hasMore) = (entry, entryDone + kept, true);
            if (kept > 0)
                _regions.Add((address, kept, entry, entryDone));
            excess -= length - kept;
        }

        return total;
    }

    private ulong ReadByte(int offset) => offset switch
    {
        Command => _command.Value,
        Status => _status.Value,
        >= Table => _table.Value >> (8 * (offset - Table)) & 0xFF,
        _ => 0xFF,
    };

    private void WriteByte(int offset, byte value)
    {
        switch (offset)
        {
            case Command:
                bool wasStarted = _command.Has(Start);
                _command.Value = value & (Start | ToMemory);
                if (wasStarted == _command.Has(Start))
                    return;
                _status.Set(Active, _command.Has(Start));
                if (_command.Has(Start))
                    _channel.MasterStarted();
                return;
            case Status:
                _status.Value = ((ulong)value & DriveFlags) | (_status.Value & Active) | (_status.Value & ~(ulong)value & (Error | Interrupt));
                return;
        }
    }
}
