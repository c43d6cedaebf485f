using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Suite.Devices.Core;
using Suite.Devices.Pci;
using Suite.Devices.Virtio;

namespace Suite.Tests.Devices;

/// <summary>What a guest's driver does, over one of the three transports: negotiates, sets up rings in memory, makes chains available, takes used ones.</summary>
internal abstract class VirtioDriver : IDisposable
{
    public const ulong Version1 = 1UL << 32, EventIndex = 1UL << 29, Indirect = 1UL << 28;

    private const int Entries = 8, RingBytes = 0x3000, RingsStart = 0x1000, BufferStart = 0x40000;

    private readonly ushort[] _available = new ushort[8], _seen = new ushort[8], _nextDescriptor = new ushort[8];
    private ulong _nextBuffer = BufferStart;

    protected VirtioDriver() => Memory.Bytes.Clear();

    public RingMemory Memory { get; } = new(1 << 20);

    public int Interrupts { get; protected set; }

    public static VirtioDriver Create(string transport, VirtioDevice device) => transport switch
    {
        "mmio" => new MmioDriver(device),
        "pci" => new PciDriver(device, isLegacy: false),
        _ => new PciDriver(device, isLegacy: true),
    };

    public abstract byte Status { get; set; }

    public abstract ulong Offered { get; }

    public abstract Device Transport { get; }

    public bool IsLegacy { get; protected init; }

    public abstract ulong Config(int offset, int size);

    public abstract void SetConfig(int offset, int size, ulong value);

    public abstract void Notify(int queue);

    public abstract byte TakeIsr();

    public void Dispose() => Memory.Dispose();

    /// <summary>The whole initialisation of 3.1.1.</summary>
    public void Start(int queues, ulong features = 0)
    {
        Status = 0;
        Status = 1;
        Status = 3;
        if (!IsLegacy)
            features |= Version1;
        Accept(features & Offered);
        if (!IsLegacy)
        {
            Status = 0xB;
            Assert.Equal(0xB, Status);
        }

        for (int i = 0; i < queues; i++)
        {
            (_available[i], _seen[i], _nextDescriptor[i]) = (0, 0, 0);
            Memory.Bytes.Slice((int)Descriptors(i), RingBytes).Clear();
            SetUp(i);
        }

        Status = (byte)(Status | 4);
    }

    public ulong Buffer(ReadOnlySpan<byte> contents) => Buffer(contents.Length, contents);

    public ulong Buffer(int length, ReadOnlySpan<byte> contents = default)
    {
        ulong at = _nextBuffer;
        contents.CopyTo(Memory.Bytes[(int)at..]);
        _nextBuffer += (ulong)(length + 15 & ~15);
        return at;
    }

    /// <summary>Makes a chain available without telling; the number of its first descriptor.</summary>
    public ushort Offer(int queue, params (ulong Address, int Length, bool IsWritable)[] parts)
    {
        ushort head = _nextDescriptor[queue];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isLast = i == parts.Length - 1;
            ushort next = (ushort)((_nextDescriptor[queue] + 1) % Entries);
            WriteDescriptor(Descriptors(queue) + (ulong)(_nextDescriptor[queue] * 16), parts[i].Address, (uint)parts[i].Length,
                (ushort)((isLast ? 0 : 1) | (parts[i].IsWritable ? 2 : 0)), next);
            _nextDescriptor[queue] = next;
        }

        OfferHead(queue, head);
        return head;
    }

    public void OfferHead(int queue, ushort head)
    {
        Span<byte> ring = Memory.Bytes[(int)Available(queue)..];
        BinaryPrimitives.WriteUInt16LittleEndian(ring[(4 + 2 * (_available[queue] % Size(queue)))..], head);
        _available[queue]++;
        BinaryPrimitives.WriteUInt16LittleEndian(ring[2..], _available[queue]);
    }

    public void SetUsedEvent(int queue, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Memory.Bytes[((int)Available(queue) + 4 + 2 * Size(queue))..], value);

    public ushort AvailableEvent(int queue) => BinaryPrimitives.ReadUInt16LittleEndian(Memory.Bytes[((int)Used(queue) + 4 + 8 * Size(queue))..]);

    public void SetNoInterrupt(int queue) => Memory.Bytes[(int)Available(queue)] = 1;

    public void WriteDescriptor(ulong at, ulong address, uint length, ushort flags, ushort next)
    {
        Span<byte> descriptor = Memory.Bytes.Slice((int)at, 16);
        BinaryPrimitives.WriteUInt64LittleEndian(descriptor, address);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[12..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[14..], next);
    }

    /// <summary>The next used element; null when there is none.</summary>
    public (uint Head, uint Written)? Take(int queue)
    {
        ReadOnlySpan<byte> ring = Memory.Bytes[(int)Used(queue)..];
        if (BinaryPrimitives.ReadUInt16LittleEndian(ring[2..]) == _seen[queue])
            return null;
        ReadOnlySpan<uint> element = MemoryMarshal.Cast<byte, uint>(ring.Slice(4 + 8 * (_seen[queue]++ % Size(queue)), 8));
        return (element[0], element[1]);
    }

    /// <summary>Offers a chain, notifies, and expects it back; how many bytes were written.</summary>
    public uint Do(int queue, params (ulong Address, int Length, bool IsWritable)[] parts)
    {
        ushort head = Offer(queue, parts);
        Notify(queue);
        (uint Head, uint Written)? used = Take(queue);
        Assert.Equal((uint?)head, used?.Head);
        return used!.Value.Written;
    }

    protected int Size(int queue) => IsLegacy ? LegacySize(queue) : Entries;

    protected virtual int LegacySize(int queue) => Entries;

    protected static ulong Descriptors(int queue) => (ulong)(RingsStart + queue * RingBytes);

    protected ulong Available(int queue) => Descriptors(queue) + (ulong)(16 * Size(queue));

    protected ulong Used(int queue) => (Available(queue) + (ulong)(6 + 2 * Size(queue)) + 4095) & ~4095UL;

    protected abstract void Accept(ulong features);

    protected abstract void SetUp(int queue);

    private sealed class MmioDriver : VirtioDriver
    {
        private readonly Bus _bus = new("memory", 1UL << 32);
        private readonly VirtioMmio _slot;

        public MmioDriver(VirtioDevice device)
        {
            _slot = new VirtioMmio("virtio-mmio.0", device, Memory, new IrqLine(high => Interrupts += high ? 1 : 0));
            _bus.Attach(_slot, "virtio-mmio.0", 0xFEB0_0000, VirtioMmio.Length, widest: 4);
            _slot.Reset();
            Assert.Equal((0x74726976u, 2u, (uint)device.Id), (In(0), In(4), In(8)));
        }

        public override Device Transport => _slot;

        public override byte Status
        {
            get => (byte)In(0x70);
            set => Out(0x70, value);
        }

        public override ulong Offered
        {
            get
            {
                Out(0x14, 0);
                ulong low = In(0x10);
                Out(0x14, 1);
                return low | (ulong)In(0x10) << 32;
            }
        }

        public override ulong Config(int offset, int size) => _bus.Read(0xFEB0_0100 + (ulong)offset, size);

        public override void SetConfig(int offset, int size, ulong value) => _bus.Write(0xFEB0_0100 + (ulong)offset, size, value);

        public override void Notify(int queue) => Out(0x50, (uint)queue);

        public override byte TakeIsr()
        {
            uint isr = In(0x60);
            Out(0x64, isr);
            return (byte)isr;
        }

        protected override void Accept(ulong features)
        {
            Out(0x24, 0);
            Out(0x20, (uint)features);
            Out(0x24, 1);
            Out(0x20, (uint)(features >> 32));
        }

        protected override void SetUp(int queue)
        {
            Out(0x30, (uint)queue);
            Out(0x38, Entries);
            Out(0x80, (uint)Descriptors(queue));
            Out(0x90, (uint)Available(queue));
            Out(0xA0, (uint)Used(queue));
            Out(0x44, 1);
        }

        private uint In(ulong offset) => (uint)_bus.Read(0xFEB0_0000 + offset, 4);

        private void Out(ulong offset, uint value) => _bus.Write(0xFEB0_0000 + offset, 4, value);
    }

    private sealed class PciDriver : VirtioDriver
    {
        private const ulong Ports = 0xC000, Registers = 0xFE00_0000, MsixTable = 0xFD00_0000;

        private readonly Bus _io = new("io", 0x10000), _memory = new("memory", 1UL << 36);
        private readonly VirtioPci _function;
        private readonly VirtioDevice _device;

        public PciDriver(VirtioDevice device, bool isLegacy)
        {
            (IsLegacy, _device) = (isLegacy, device);
            PciBus bus = new(_io, _memory, Memory, (_, high) => Interrupts += high && !_function!.Msix!.IsEnabled ? 1 : 0, (_, _) => Interrupts++);
            _function = new VirtioPci("virtio", device);
            bus.Add(_function, 3);
            _function.Reset();
            Assert.Equal(0x1AF4u, _function.ReadConfiguration(0, 2));
            _function.WriteConfiguration(0x10, 4, (uint)Ports);
            _function.WriteConfiguration(0x14, 4, (uint)MsixTable);
            _function.WriteConfiguration(0x20, 4, (uint)Registers);
            _function.WriteConfiguration(4, 2, 7);
        }

        public override Device Transport => _function;

        public override byte Status
        {
            get => (byte)(IsLegacy ? _io.Read(Ports + 18, 1) : _memory.Read(Registers + 20, 1));
            set
            {
                if (IsLegacy)
                    _io.Write(Ports + 18, 1, value);
                else
                    _memory.Write(Registers + 20, 1, value);
            }
        }

        public override ulong Offered
        {
            get
            {
                if (IsLegacy)
                    return _io.Read(Ports, 4);
                _memory.Write(Registers, 4, 0);
                ulong low = _memory.Read(Registers + 4, 4);
                _memory.Write(Registers, 4, 1);
                return low | _memory.Read(Registers + 4, 4) << 32;
            }
        }

        public override ulong Config(int offset, int size) =>
            IsLegacy ? _io.Read(Ports + 20 + (ulong)offset, size) : _memory.Read(Registers + 0x2000 + (ulong)offset, size);

        public override void SetConfig(int offset, int size, ulong value)
        {
            if (IsLegacy)
                _io.Write(Ports + 20 + (ulong)offset, size, value);
            else
                _memory.Write(Registers + 0x2000 + (ulong)offset, size, value);
        }

        public override void Notify(int queue)
        {
            if (IsLegacy)
                _io.Write(Ports + 16, 2, (ulong)queue);
            else
                _memory.Write(Registers + 0x3000 + 4 * (ulong)queue, 2, (ulong)queue);
        }

        public override byte TakeIsr() => (byte)(IsLegacy ? _io.Read(Ports + 19, 1) : _memory.Read(Registers + 0x1000, 1));

        protected override int LegacySize(int queue) => _device.Queues[queue].Largest;

        protected override void Accept(ulong features)
        {
            if (IsLegacy)
            {
                _io.Write(Ports + 4, 4, features);
                return;
            }

            _memory.Write(Registers + 8, 4, 0);
            _memory.Write(Registers + 12, 4, (uint)features);
            _memory.Write(Registers + 8, 4, 1);
            _memory.Write(Registers + 12, 4, features >> 32);
        }

        protected override void SetUp(int queue)
        {
            if (IsLegacy)
            {
                _io.Write(Ports + 14, 2, (ulong)queue);
                Assert.Equal((ulong)Size(queue), _io.Read(Ports + 12, 2));
                _io.Write(Ports + 8, 4, Descriptors(queue) >> 12);
                return;
            }

            _memory.Write(Registers + 22, 2, (ulong)queue);
            _memory.Write(Registers + 24, 2, Entries);
            _memory.Write(Registers + 32, 8, Descriptors(queue));
            _memory.Write(Registers + 40, 8, Available(queue));
            _memory.Write(Registers + 48, 8, Used(queue));
            _memory.Write(Registers + 28, 2, 1);
        }
    }
}
