using System.Buffers.Binary;
using System.Text;
using Suite.Devices.Core;

namespace Suite.Devices.FwCfg;

/// <summary>
/// fw_cfg: the items by which a machine tells its firmware what it is and what to boot (specification: QEMU documentation, "QEMU Firmware
/// Configuration (fw_cfg) Device"). Items are chosen by a selector and read byte by byte, or copied by DMA.
/// </summary>
public sealed class FwCfgDevice : Device
{
    private const int FeatureTraditional = 1, FeatureDma = 2, DirectoryEntry = 64, NameOffset = 8, NameLength = 56;
    private const ushort KeyMask = 0xBFFF; // bit 14 asked for writing, long ago

    private readonly Dictionary<ushort, Item> _items = [];
    private readonly SortedDictionary<string, Item> _files = new(StringComparer.Ordinal);
    private readonly Register _selected, _position, _dmaHigh;
    private readonly IGuestMemory _memory;
    private bool _keysGiven;

    /// <summary>A device without items.</summary>
    /// <param name="memory">For DMA.</param>
    public FwCfgDevice(IGuestMemory memory)
        : base("fw_cfg")
    {
        _memory = memory;
        _selected = State.Register("selector", 16);
        _position = State.Register("offset", 32);
        _dmaHigh = State.Register("DMA address, high half", 32);
        Add(FwCfgKey.Signature, "QEMU"u8.ToArray());
        AddNumber(FwCfgKey.Id, FeatureTraditional | FeatureDma, 4);
        _items[FwCfgKey.FileDirectory] = new Item { Contents = Directory };
        SelectorPort = new Selector(this);
        DataPort = new Data(this);
        DmaPort = new DmaAddress(this);
    }

    /// <summary>The selector of the memory-mapped form: two bytes, the high one first.</summary>
    public IBusDevice SelectorPort { get; }

    /// <summary>The data register of the memory-mapped form.</summary>
    public IBusDevice DataPort { get; }

    /// <summary>The eight bytes of the DMA address register, the highest first; the low half starts a transfer.</summary>
    public IBusDevice DmaPort { get; }

    /// <summary>Ports 510h and 511h, DMA at 514h.</summary>
    public void Attach(Bus io)
    {
        io.Attach(new Ports(this), Name, 0x510, 2, widest: 2);
        io.Attach(DmaPort, "fw_cfg-dma", 0x514, 8, widest: 4);
    }

    /// <summary>Adds an item of bytes.</summary>
    public void Add(ushort key, ReadOnlyMemory<byte> contents) => _items[key] = new Item { Contents = () => contents };

    /// <summary>Adds an item that is a number, little endian.</summary>
    public void AddNumber(ushort key, ulong value, int bytes) => Add(key, BitConverter.GetBytes(value).AsMemory(0, bytes));

    /// <summary>Adds a file; all must be added before the guest runs. One of the same name is replaced.</summary>
    /// <param name="name">"etc/e820" and so on, at most 55 characters.</param>
    /// <param name="contents">Asked each time the guest chooses it.</param>
    /// <exception cref="ArgumentException">The name is too long.</exception>
    public void AddFile(string name, Func<ReadOnlyMemory<byte>> contents) => AddFile(name, new Item { Contents = contents });

    /// <summary>Adds a file of fixed contents.</summary>
    public void AddFile(string name, ReadOnlyMemory<byte> contents) => AddFile(name, () => contents);

    /// <summary>Adds a file that the guest may write, by DMA only.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Bytes, zero at first.</param>
    /// <param name="written">Called with all bytes after each write.</param>
    public void AddWritableFile(string name, int length, Action<ReadOnlyMemory<byte>> written)
    {
        byte[] bytes = State.Bytes(name, length);
        AddFile(name, new Item { Contents = () => bytes, Writable = bytes, Written = written });
    }

    private void AddFile(string name, Item item)
    {
        if (Encoding.ASCII.GetByteCount(name) >= NameLength)
            throw new ArgumentException($"fw_cfg: the name of file {name} is longer than {NameLength - 1} characters");
        _files[name] = item;
        _keysGiven = false;
    }

    // Files have keys in the order of their names.
    private void GiveKeys()
    {
        if (_keysGiven)
            return;
        ushort key = FwCfgKey.FirstFile;
        foreach (Item item in _files.Values)
            _items[item.Key = key++] = item;
        _keysGiven = true;
    }

    private ReadOnlyMemory<byte> Directory()
    {
        GiveKeys();
        byte[] all = new byte[4 + DirectoryEntry * _files.Count];
        BinaryPrimitives.WriteInt32BigEndian(all, _files.Count);
        Span<byte> at = all.AsSpan(4);
        foreach ((string name, Item item) in _files)
        {
            BinaryPrimitives.WriteInt32BigEndian(at, item.Contents().Length);
            BinaryPrimitives.WriteUInt16BigEndian(at[4..], item.Key);
            Encoding.ASCII.GetBytes(name, at[NameOffset..]);
            at = at[DirectoryEntry..];
        }

        return all;
    }

    private void Select(ushort key) => (_selected.Value, _position.Value) = ((ulong)key, 0);

    private Item? Selected
    {
        get
        {
            GiveKeys();
            return _items.GetValueOrDefault((ushort)(_selected.Int & KeyMask));
        }
    }

    private byte ReadByte()
    {
        if (Selected is not { } item || _position.Value >= (ulong)item.Contents().Length)
            return 0;
        byte value = item.Contents().Span[_position.Int];
        _position.Value++;
        return value;
    }

    private void Transfer(ulong address)
    {
        const int length = 16;
        const uint error = 1, read = 2, skip = 4, select = 8, write = 16;
        Span<byte> command = stackalloc byte[length];
        if (!_memory.TryRead(address, command))
            return;
        uint control = BinaryPrimitives.ReadUInt32BigEndian(command), count = BinaryPrimitives.ReadUInt32BigEndian(command[4..]);
        ulong where = BinaryPrimitives.ReadUInt64BigEndian(command[8..]);
        if ((control & select) != 0)
            Select((ushort)(control >> 16));
        bool done = true;
        if ((control & read) != 0)
            done = CopyOut(where, count);
        else if ((control & write) != 0)
            done = CopyIn(where, count);
        else if ((control & skip) != 0)
            _position.Value = Math.Min(_position.Value + count, uint.MaxValue);
        Span<byte> result = command[..4];
        BinaryPrimitives.WriteUInt32BigEndian(result, done ? 0 : error);
        _memory.TryWrite(address, result);
    }

    // Behind the item's end there are zeros.
    private bool CopyOut(ulong where, uint count)
    {
        ReadOnlyMemory<byte> contents = Selected?.Contents() ?? default;
        int start = (int)Math.Min(_position.Value, (ulong)contents.Length), have = (int)Math.Min(count, (uint)(contents.Length - start));
        if (!_memory.TryWrite(where, contents.Span.Slice(start, have)))
            return false;
        _position.Value = Math.Min(_position.Value + count, uint.MaxValue);
        (ulong at, uint left) = (where + (ulong)have, count - (uint)have);
        ReadOnlySpan<byte> zeros = stackalloc byte[4096];
        while (left > 0)
        {
            int part = (int)Math.Min(left, (uint)zeros.Length);
            if (!_memory.TryWrite(at, zeros[..part]))
                return false;
            (at, left) = (at + (ulong)part, left - (uint)part);
        }

        return true;
    }

    private bool CopyIn(ulong where, uint count)
    {
        if (Selected is not { Writable: { } bytes } item || _position.Value + count > (ulong)bytes.Length)
            return false;
        if (!_memory.TryRead(where, bytes.AsSpan(_position.Int, (int)count)))
            return false;
        _position.Value += count;
        item.Written!(bytes);
        return true;
    }

    private sealed class Item
    {
        public ushort Key { get; set; }

        public required Func<ReadOnlyMemory<byte>> Contents { get; init; }

        public byte[]? Writable { get; init; }

        public Action<ReadOnlyMemory<byte>>? Written { get; init; }
    }

    // Ports: a word at 510h selects, bytes at either are data.
    private sealed class Ports(FwCfgDevice device) : IBusDevice
    {
        public ulong Read(ulong offset, int size) =>
            size == 1 ? device.ReadByte() : device.ReadByte() | (ulong)device.ReadByte() << 8;

        public void Write(ulong offset, int size, ulong value)
        {
            if (size == 2)
                device.Select((ushort)value);
        }
    }

    private sealed class Selector(FwCfgDevice device) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => 0;

        public void Write(ulong offset, int size, ulong value)
        {
            if (size == 2)
                device.Select(BinaryPrimitives.ReverseEndianness((ushort)value));
        }
    }

    private sealed class Data(FwCfgDevice device) : IBusDevice
    {
        public ulong Read(ulong offset, int size)
        {
            ulong value = 0;
            for (int i = 0; i < size; i++)
                value |= (ulong)device.ReadByte() << (8 * i);
            return value;
        }

        public void Write(ulong offset, int size, ulong value)
        {
        }
    }

    private sealed class DmaAddress(FwCfgDevice device) : IBusDevice
    {
        private const int Low = 4;

        public ulong Read(ulong offset, int size)
        {
            const ulong signature = 0x51454D5520434647; // "QEMU CFG"
            return BinaryPrimitives.ReverseEndianness(signature) >> (int)(8 * offset);
        }

        public void Write(ulong offset, int size, ulong value)
        {
            if (size != 4 || offset % Low != 0)
                return;
            uint half = BinaryPrimitives.ReverseEndianness((uint)value);
            if (offset != Low)
            {
                device._dmaHigh.Value = half;
                return;
            }

            ulong address = device._dmaHigh.Value << 32 | half;
            device._dmaHigh.Value = 0;
            device.Transfer(address);
        }
    }
}
