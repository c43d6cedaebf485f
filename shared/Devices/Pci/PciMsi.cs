namespace Suite.Devices.Pci;

/// <summary>The MSI capability of a function (PCI Local Bus Specification 3.0, section 6.8.1): 64-bit addresses, no masks.</summary>
public sealed class PciMsi
{
    internal const int CapabilityLength = 14;

    private const int Control = 2, AddressLow = 4, AddressHigh = 8, Data = 12;
    private const int Enable = 1, MessagesEnabledShift = 4, MessagesCapableShift = 1, Is64Bit = 0x80;

    private readonly PciFunction _function;
    private readonly int _offset, _log2;

    internal PciMsi(PciFunction function, int offset, int messages)
    {
        (_function, _offset, _log2) = (function, offset, int.Log2(messages));
        function.SetConfig16(offset + Control, (ushort)(Is64Bit | _log2 << MessagesCapableShift));
        function.SetWritable(offset + Control, Enable | 7 << MessagesEnabledShift, 2);
        function.SetWritable(offset + AddressLow, ~3u, 4);
        function.SetWritable(offset + AddressHigh, ~0u, 4);
        function.SetWritable(offset + Data, 0xFFFF, 2);
    }

    /// <summary>Called when the guest changes it.</summary>
    public Action? Changed { get; set; }

    /// <summary>The guest wants messages instead of the pin.</summary>
    public bool IsEnabled => (_function.Config16(_offset + Control) & Enable) != 0;

    /// <summary>The message that stands for an interrupt.</summary>
    public (ulong Address, uint Data) Message(int number)
    {
        int count = 1 << Math.Min(_function.Config16(_offset + Control) >> MessagesEnabledShift & 7, _log2);
        ulong address = _function.Config32(_offset + AddressLow) | (ulong)_function.Config32(_offset + AddressHigh) << 32;
        uint data = _function.Config16(_offset + Data);
        return (address, (data & ~(uint)(count - 1)) | (uint)(number & (count - 1)));
    }

    /// <summary>Sends a message, if the guest has enabled them.</summary>
    public void Send(int number)
    {
        if (!IsEnabled || !_function.IsBusMaster)
            return;
        (ulong address, uint data) = Message(number);
        _function.Bus?.SendMessage(address, data);
    }

    internal void ConfigurationWritten(int offset, int size)
    {
        if (offset < _offset + CapabilityLength && offset + size > _offset)
            Changed?.Invoke();
    }
}
