using Suite.Devices.Core;

namespace Suite.Devices.Dma;

/// <summary>
/// A PC's two 8237A DMA controllers (Intel 8237A data sheet, order number 231466) with their page registers: channels 0 to 3 move bytes, 5 to 7
/// words; 4 joins them. Devices ask for a transfer, and it is made at once.
/// </summary>
public sealed class Dma8237 : Device
{
    private const int Channels = 8, PerController = 4;

    private readonly Controller[] _controllers;
    private readonly Register[] _pages;
    private readonly IGuestMemory _memory;
    private readonly Action?[] _ready = new Action?[Channels];

    /// <summary>The controllers.</summary>
    public Dma8237(IGuestMemory memory)
        : base("dma")
    {
        _memory = memory;
        _controllers = [new Controller(this, State, 0), new Controller(this, State, 1)];
        _pages = State.RegisterArray("page", 16, 8);
    }

    /// <summary>Ports 00h to 0Fh, C0h to DFh, 80h to 8Fh (but the page register of port 80h is left to who shows codes there).</summary>
    public void Attach(Bus io)
    {
        io.Attach(_controllers[0], Name, 0x00, 16);
        io.Attach(_controllers[1], Name, 0xC0, 32);
        io.Attach(new PagePorts(this), "dma-page", 0x81, 15);
        // 92h and its neighbours are other chips'.
    }

    /// <summary>Says whom to call when the guest lets a channel run.</summary>
    public void WhenReady(int channel, Action ready) => _ready[channel] = ready;

    /// <summary>
    /// Moves bytes between a device and memory, as many as the guest has programmed. What lies outside of memory is dropped, or reads as ones.
    /// </summary>
    /// <param name="channel">0 to 3, 5 to 7.</param>
    /// <param name="bytes">From, or for, the device.</param>
    /// <param name="toMemory">The direction the device needs.</param>
    /// <param name="ended">The count has run out (TC).</param>
    /// <returns>Bytes moved; 0 while the channel is masked, or set up for the other direction.</returns>
    public int Transfer(int channel, Span<byte> bytes, bool toMemory, out bool ended) =>
        _controllers[channel / PerController].Channel(channel % PerController).Transfer(bytes, toMemory, out ended);

    // Page registers by channel: ports 87h, 83h, 81h, 82h; 8Fh, 8Bh, 89h, 8Ah.
    private uint PageOf(int channel)
    {
        ReadOnlySpan<byte> ports = [7, 3, 1, 2, 15, 11, 9, 10];
        return (uint)_pages[ports[channel]].Value;
    }

    private sealed class PagePorts(Dma8237 dma) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => dma._pages[(int)offset + 1].Value;

        public void Write(ulong offset, int size, ulong value) => dma._pages[(int)offset + 1].Value = value;
    }

    private sealed class Controller : IBusDevice
    {
        private const int StatusOrCommand = 8, Request = 9, SingleMask = 10, Mode = 11, ClearFlipFlop = 12, MasterClear = 13, ClearMask = 14, AllMask = 15;

        private readonly Dma8237 _dma;
        private readonly int _number;
        private readonly Register _flipFlop, _command, _terminal, _mask;
        private readonly DmaChannel[] _channels = new DmaChannel[PerController];

        public Controller(Dma8237 dma, DeviceState state, int number)
        {
            (_dma, _number) = (dma, number);
            _flipFlop = state.Register($"controller {number} flip-flop", 1);
            _command = state.Register($"controller {number} command", 8);
            _terminal = state.Register($"controller {number} TC", PerController);
            _mask = state.Register($"controller {number} mask", PerController, reset: 15);
            for (int i = 0; i < PerController; i++)
            {
                int channel = i;
                _channels[i] = new DmaChannel(state, $"channel {number * PerController + i}", dma._memory, number, () => dma.PageOf(number * PerController + channel),
                    () => CanRun(channel), () => Ended(channel));
            }
        }

        public DmaChannel Channel(int index) => _channels[index];

        public ulong Read(ulong offset, int size)
        {
            int register = (int)offset >> _number;
            if (register < StatusOrCommand)
                return _channels[register / 2].ReadHalf((register & 1) != 0, Toggle());
            switch (register)
            {
                case StatusOrCommand:
                    ulong status = _terminal.Value;
                    _terminal.Value = 0;
                    return status;
                case AllMask:
                    return _mask.Value | 0xF0;
                default:
                    return 0;
            }
        }

        public void Write(ulong offset, int size, ulong value)
        {
            int register = (int)offset >> _number;
            if (register < StatusOrCommand)
            {
                _channels[register / 2].WriteHalf((register & 1) != 0, Toggle(), (byte)value);
                return;
            }

            switch (register)
            {
                case StatusOrCommand:
                    _command.Value = value;
                    break;
                case Request:
                    break; // requests by software move memory to memory, which a PC does not do
                case SingleMask:
                    _mask.Set(1u << (int)(value & 3), (value & 4) != 0);
                    break;
                case Mode:
                    _channels[(int)value & 3].SetMode((byte)value);
                    break;
                case ClearFlipFlop:
                    _flipFlop.Value = 0;
                    break;
                case MasterClear:
                    (_flipFlop.Value, _command.Value, _terminal.Value, _mask.Value) = (0, 0, 0, 15);
                    break;
                case ClearMask:
                    _mask.Value = 0;
                    break;
                case AllMask:
                    _mask.Value = value;
                    break;
            }

            for (int i = 0; i < PerController; i++)
                if (CanRun(i))
                    _dma._ready[_number * PerController + i]?.Invoke();
        }

        private bool CanRun(int channel)
        {
            const ulong disabled = 4;
            return !_command.Has(disabled) && !_mask.Has(1u << channel);
        }

        private void Ended(int channel)
        {
            _terminal.Set(1u << channel, true);
            if (!_channels[channel].Repeats)
                _mask.Set(1u << channel, true);
        }

        private bool Toggle()
        {
            bool high = _flipFlop.IsSet;
            _flipFlop.IsSet = !high;
            return high;
        }
    }
}
