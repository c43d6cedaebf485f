using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Machines.X86.Kvm;

/// <summary>
/// Where interrupts by number lead in the kernel: the first 24 are the inputs of the interrupt controllers, those behind them messages that an eventfd sends
/// (irqfd).
/// </summary>
internal sealed unsafe class KvmRoutes(KvmDescriptor vm)
{
    private const int FirstMessage = 24, MostMessages = 1024;

    private readonly Dictionary<int, MessageLine> _lines = [];
    private KvmRoute[] _inputs = [];

    /// <summary>Says where the inputs lead.</summary>
    /// <exception cref="KvmException">The kernel refuses.</exception>
    public void SetInputs(KvmRoute[] inputs)
    {
        _inputs = inputs;
        if (!TryCommit())
            throw new KvmException("the kernel refuses KVM_SET_GSI_ROUTING");
    }

    /// <summary>A line that sends a message; null when the kernel has no room for it, or it is not one.</summary>
    public IMessageLine? TryOpen(ulong address, uint data)
    {
        int gsi = FirstMessage;
        while (_lines.ContainsKey(gsi))
            gsi++;
        EventDescriptor signal = new();
        if (signal.Descriptor < 0 || _lines.Count == MostMessages)
        {
            signal.Dispose();
            return null;
        }

        MessageLine line = new(this, gsi, signal, address, data);
        _lines.Add(gsi, line);
        if (TryCommit() && TryBind(line, remove: false))
            return line;
        _lines.Remove(gsi);
        signal.Dispose();
        return null;
    }

    /// <summary>Closes all lines: what they have sent has arrived when this returns.</summary>
    public void CloseMessages()
    {
        foreach (MessageLine line in _lines.Values.ToArray())
            line.Dispose();
    }

    private void Close(MessageLine line)
    {
        TryBind(line, remove: true);
        _lines.Remove(line.Gsi); // its route goes with the next change; nothing leads to it any more
    }

    private bool TryBind(MessageLine line, bool remove)
    {
        KvmIrqfd request = new() { Descriptor = (uint)line.Descriptor, Gsi = (uint)line.Gsi, Flags = remove ? KvmIrqfd.Deassign : 0 };
        return vm.Try(KvmApi.KVM_IRQFD, ref request) >= 0;
    }

    private bool TryCommit()
    {
        int count = _inputs.Length + _lines.Count;
        byte[] table = new byte[8 + count * sizeof(KvmRoute)];
        fixed (byte* p = table)
        {
            *(uint*)p = (uint)count;
            KvmRoute* next = (KvmRoute*)(p + 8);
            foreach (KvmRoute input in _inputs)
                *next++ = input;
            foreach (MessageLine line in _lines.Values)
                *next++ = line.Route;
            return vm.Try(KvmApi.KVM_SET_GSI_ROUTING, (long)p) >= 0;
        }
    }

    private sealed class MessageLine(KvmRoutes routes, int gsi, EventDescriptor signal, ulong address, uint data) : IMessageLine
    {
        private bool _isClosed;

        public int Gsi => gsi;

        public int Descriptor => signal.Descriptor;

        public (ulong Address, uint Data) Message => (address, data);

        public KvmRoute Route => new() { Gsi = (uint)gsi, Type = KvmRoute.Msi, MsiAddressLow = (uint)address, MsiAddressHigh = (uint)(address >> 32), MsiData = data };

        public bool TrySend()
        {
            if (_isClosed)
                return false;
            signal.Signal();
            return true;
        }

        public void Dispose()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            routes.Close(this);
            signal.Dispose();
        }
    }
}
