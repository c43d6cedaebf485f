using Suite.Devices.Core;

namespace Suite.Devices.Dma;

/// <summary>One channel of an 8237A.</summary>
internal sealed class DmaChannel
{
    private const int Verify = 0, ToMemoryType = 1, FromMemoryType = 2;

    private readonly Register _baseAddress, _baseCount, _address, _count, _mode;
    private readonly IGuestMemory _memory;
    private readonly int _wordShift;
    private readonly Func<uint> _page;
    private readonly Func<bool> _canRun;
    private readonly Action _ended;

    public DmaChannel(DeviceState state, string name, IGuestMemory memory, int wordShift, Func<uint> page, Func<bool> canRun, Action ended)
    {
        (_memory, _wordShift, _page, _canRun, _ended) = (memory, wordShift, page, canRun, ended);
        _baseAddress = state.Register($"{name} base address", 16);
        _baseCount = state.Register($"{name} base count", 16);
        _address = state.Register($"{name} address", 16);
        _count = state.Register($"{name} count", 16);
        _mode = state.Register($"{name} mode", 8);
    }

    /// <summary>Starts anew by itself when the count has run out.</summary>
    public bool Repeats => _mode.Has(0x10);

    private bool Descends => _mode.Has(0x20);

    private int Type => (int)_mode.Value >> 2 & 3;

    public void SetMode(byte mode) => _mode.Value = mode;

    public ulong ReadHalf(bool count, bool high) => (count ? _count : _address).Value >> (high ? 8 : 0) & 0xFF;

    public void WriteHalf(bool count, bool high, byte value)
    {
        Register register = count ? _baseCount : _baseAddress;
        register.Value = high ? (register.Value & 0xFF) | (ulong)value << 8 : (register.Value & 0xFF00) | value;
        (count ? _count : _address).Value = register.Value;
    }

    public int Transfer(Span<byte> bytes, bool toMemory, out bool ended)
    {
        ended = false;
        if (!_canRun() || (Type != Verify && Type != (toMemory ? ToMemoryType : FromMemoryType)))
            return 0;
        int moved = (int)Math.Min(bytes.Length >> _wordShift << _wordShift, ((long)_count.Value + 1) << _wordShift);
        if (Type != Verify)
            Move(bytes[..moved], toMemory);
        int steps = moved >> _wordShift;
        _address.Value = (ulong)(_address.Int + (Descends ? -steps : steps)) & 0xFFFF;
        ended = _count.Int - steps < 0;
        _count.Value = (ulong)(_count.Int - steps) & 0xFFFF;
        if (!ended)
            return moved;
        if (Repeats)
            (_address.Value, _count.Value) = (_baseAddress.Value, _baseCount.Value);
        _ended();
        return moved;
    }

    // Addresses stay within the page: 64 KiB, or 128 KiB for words.
    private void Move(Span<byte> bytes, bool toMemory)
    {
        ulong page = (ulong)(_page() & (_wordShift == 0 ? 0xFFu : 0xFE)) << 16, size = 0x10000UL << _wordShift;
        ulong at = _address.Value << _wordShift;
        if (Descends)
        {
            for (int i = 0; i < bytes.Length; i++)
                Copy(page | ((at - (ulong)i) & (size - 1)), bytes.Slice(i, 1), toMemory);
            return;
        }

        int first = (int)Math.Min((ulong)bytes.Length, size - at);
        Copy(page | at, bytes[..first], toMemory);
        if (first < bytes.Length)
            Copy(page, bytes[first..], toMemory);
    }

    private void Copy(ulong address, Span<byte> bytes, bool toMemory)
    {
        if (toMemory)
            _memory.TryWrite(address, bytes);
        else if (!_memory.TryRead(address, bytes))
            bytes.Fill(0xFF);
    }
}
