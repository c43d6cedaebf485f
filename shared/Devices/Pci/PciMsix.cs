using System.Buffers.Binary;
using System.Numerics;
using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>The MSI-X capability of a function (PCI Local Bus Specification 3.0, section 6.8.2): a table of messages, each with a mask, in a BAR.</summary>
public sealed class PciMsix : IBusDevice
{
    internal const int CapabilityLength = 12;

    private const int Control = 2, Table = 4, Pending = 8;
    private const int Enable = 0x8000, MaskAll = 0x4000;
    private const int EntryLength = 16, EntryData = 8, EntryControl = 12, EntryMasked = 1;
    private const uint SmallestBar = 4096;

    private readonly PciFunction _function;
    private readonly int _offset, _pendingStart;
    private readonly byte[] _table, _pending;
    private readonly IMessageLine?[] _lines;

    internal PciMsix(PciFunction function, int offset, int bar, int vectors, DeviceState state)
    {
        (_function, _offset, Vectors) = (function, offset, vectors);
        _table = state.Bytes("MSI-X table", vectors * EntryLength);
        _lines = new IMessageLine?[vectors];
        _pending = state.Bytes("MSI-X pending", (vectors + 63) / 64 * 8);
        BarLength = Math.Max(BitOperations.RoundUpToPowerOf2((uint)_table.Length) * 2, SmallestBar);
        _pendingStart = (int)BarLength / 2;
        function.SetConfig16(offset + Control, (ushort)(vectors - 1));
        function.SetWritable(offset + Control, Enable | MaskAll, 2);
        function.SetConfig32(offset + Table, (uint)bar);
        function.SetConfig32(offset + Pending, (uint)(_pendingStart | bar));
    }

    /// <summary>Entries of the table.</summary>
    public int Vectors { get; }

    /// <summary>The guest wants messages instead of the pin.</summary>
    public bool IsEnabled => (_function.Config16(_offset + Control) & Enable) != 0;

    internal uint BarLength { get; }

    /// <summary>True when a vector's message is held back.</summary>
    public bool IsMasked(int vector) =>
        (_function.Config16(_offset + Control) & MaskAll) != 0 || (_table[vector * EntryLength + EntryControl] & EntryMasked) != 0;

    /// <summary>The message of a vector.</summary>
    public (ulong Address, uint Data) Message(int vector)
    {
        ReadOnlySpan<byte> entry = _table.AsSpan(vector * EntryLength, EntryLength);
        return (BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[EntryData..]));
    }

    /// <summary>Sends a vector's message, or remembers it while it is masked. Vectors that do not exist are nothing.</summary>
    public void Send(int vector)
    {
        if ((uint)vector >= (uint)Vectors || !IsEnabled || !_function.IsBusMaster)
            return;
        if (IsMasked(vector))
        {
            _pending[vector / 8] |= (byte)(1 << vector % 8);
            return;
        }

        (ulong Address, uint Data) message = Message(vector);
        if (_lines[vector] is { } line)
        {
            if (line.Message == message && line.TrySend())
                return;
            line.Dispose();
        }

        _lines[vector] = _function.Bus?.OpenMessage?.Invoke(message.Address, message.Data);
        if (_lines[vector]?.TrySend() != true)
            _function.Bus?.SendMessage(message.Address, message.Data);
    }

    ulong IBusDevice.Read(ulong offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (ulong)ReadByte((int)offset + i) << (8 * i);
        return value;
    }

    void IBusDevice.Write(ulong offset, int size, ulong value)
    {
        if (offset >= (ulong)_table.Length)
            return;
        int at = (int)offset, vector = at / EntryLength;
        for (int i = 0; i < size && at + i < _table.Length; i++)
            _table[at + i] = (byte)(value >> (8 * i));
        _table.AsSpan(vector * EntryLength + EntryControl + 1, 3).Clear();
        _table[vector * EntryLength + EntryControl] &= EntryMasked;
        SendPending(vector);
    }

    internal void Reset()
    {
        for (int vector = 0; vector < Vectors; vector++)
            _table[vector * EntryLength + EntryControl] = EntryMasked;
        Close();
    }

    /// <summary>Gives up what was prepared for its messages.</summary>
    internal void Close()
    {
        for (int vector = 0; vector < Vectors; vector++)
        {
            _lines[vector]?.Dispose();
            _lines[vector] = null;
        }
    }

    internal void ConfigurationWritten(int offset, int size)
    {
        if (offset >= _offset + CapabilityLength || offset + size <= _offset)
            return;
        for (int vector = 0; vector < Vectors; vector++)
            SendPending(vector);
    }

    private byte ReadByte(int at)
    {
        if (at < _table.Length)
            return _table[at];
        at -= _pendingStart;
        return at >= 0 && at < _pending.Length ? _pending[at] : (byte)0;
    }

    private void SendPending(int vector)
    {
        int bit = 1 << vector % 8;
        if ((_pending[vector / 8] & bit) == 0 || !IsEnabled || IsMasked(vector))
            return;
        _pending[vector / 8] &= (byte)~bit;
        Send(vector);
    }
}
