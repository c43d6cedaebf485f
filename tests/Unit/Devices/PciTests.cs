using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Tests.Devices;

public sealed class PciTests
{
    private const int Slot = 3;

    private readonly Bus _io = new("io", 0x10000), _memory = new("memory", 1UL << 40);
    private readonly BenchMemory _ram = new(0x10000);
    private readonly List<string> _events = [];
    private readonly PciBus _bus;
    private readonly PciConfigurationPorts _ports;
    private readonly Sample _sample = new("sample");

    public PciTests()
    {
        _bus = new PciBus(_io, _memory, _ram, (line, high) => _events.Add($"PIRQ{line} {(high ? 1 : 0)}"), (address, data) => _events.Add($"MSI {address:x} {data:x}"));
        _ports = new PciConfigurationPorts(_bus);
        _ports.Attach(_io);
        _bus.Add(_sample, Slot);
        _ports.Reset();
        _sample.Reset();
    }

    // SeaBIOS runs no ROM that names another device; iPXE's for virtio names the modern one.
    [Fact]
    public void A_ROM_of_the_same_maker_is_made_to_fit_the_device()
    {
        byte[] rom = new byte[512];
        (rom[0], rom[1], rom[2], rom[0x18]) = (0x55, 0xAA, 1, 0x20);
        "PCIR"u8.CopyTo(rom.AsSpan(0x20));
        (rom[0x24], rom[0x25], rom[0x26], rom[0x27]) = (0xF4, 0x1A, 0x41, 0x10);
        rom[6] = (byte)-rom.Sum(b => b);
        byte[] changed = PciRom.ForDevice(rom, [0xF4, 0x1A, 0x00, 0x10]);
        Assert.Equal((0x00, 0x10, 0), (changed[0x26], changed[0x27], (byte)changed.Sum(b => b)));
        Assert.Same(rom, PciRom.ForDevice(rom, [0xF4, 0x1A, 0x41, 0x10]));
        Assert.Same(rom, PciRom.ForDevice(rom, [0x86, 0x80, 0x0E, 0x10]));
        rom[0x19] = 0x10;
        Assert.Same(rom, PciRom.ForDevice(rom, [0xF4, 0x1A, 0x00, 0x10]));
    }

    // iPXE's for ne2000 names nobody.
    [Fact]
    public void A_ROM_without_a_maker_is_made_to_fit_the_device_that_has_it()
    {
        Write(0x04, 2);
        Write(0x30, 0xF0000001);
        Assert.Equal(0x5678_1234UL, _memory.Read(0xF000_0024, 4));
        ulong sum = 0;
        for (ulong i = 0; i < 2048; i++)
            sum += _memory.Read(0xF000_0000 + i, 1);
        Assert.Equal(0, (byte)sum);
    }

    [Fact]
    public void A_function_is_found_by_mechanism_1_in_bytes_words_and_dwords()
    {
        Assert.Equal(0x56781234U, Read(0));
        Assert.Equal(0x5678U, (uint)_io.Read(0xCFE, 2));
        Assert.Equal(0x12U, (uint)_io.Read(0xCFD, 1));
        Assert.Equal(0x02000001U, Read(8));
        Assert.Equal(0x1100_1AF4U, Read(0x2C));
        _io.Write(0xCF8, 4, 0x8000_0000 | 4 << 11);
        Assert.Equal(0xFFFF_FFFFU, (uint)_io.Read(0xCFC, 4)); // nothing is plugged in
        _io.Write(0xCF8, 4, 0x8001_0000 | Slot << 11);
        Assert.Equal(0xFFFF_FFFFU, (uint)_io.Read(0xCFC, 4)); // no bus 1
        _io.Write(0xCF8, 4, Slot << 11);
        Assert.Equal(0xFFFF_FFFFU, (uint)_io.Read(0xCFC, 4)); // not enabled
        _io.Write(0xCF8, 1, 0x80); // only dwords are addresses
        Assert.Equal((ulong)(Slot << 11), _io.Read(0xCF8, 4));
    }

    [Fact]
    public void Only_bits_that_can_be_written_change()
    {
        Write(0, 0xFFFFFFFF);
        Write(8, 0);
        Write(4, 0xFFFFFFFF);
        Assert.Equal(0x56781234U, Read(0));
        Assert.Equal(0x02000001U, Read(8));
        Assert.Equal(0x0010_0547U, Read(4));
        Write(0x3C, 0xFFFFFFFF);
        Assert.Equal(0x0000_01FFU, Read(0x3C));
    }

    [Fact]
    public void Sizes_of_base_address_registers_can_be_asked()
    {
        uint[] expected = [0xFFFF_FFE1, 0xFFFF_F000, 0xFFF0_000C, 0xFFFF_FFFF, 0xFFFF_F000];
        for (int i = 0; i < expected.Length; i++)
        {
            Write(0x10 + 4 * i, 0xFFFFFFFF);
            Assert.Equal(expected[i], Read(0x10 + 4 * i));
        }

        Write(0x30, 0xFFFFFFFE);
        Assert.Equal(0xFFFF_F800, Read(0x30));
    }

    [Fact]
    public void A_function_answers_where_the_guest_puts_it_while_decoding_is_on()
    {
        Write(0x10, 0xC000);
        Write(0x14, 0xE0000000);
        Write(0x18, 0x0010_0000);
        Write(0x1C, 0x80);
        Assert.Equal(0xFFUL, _io.Read(0xC004, 1));
        Write(4, 1);
        Assert.Equal(4UL, _io.Read(0xC004, 1));
        Assert.Equal(0xFFUL, _memory.Read(0xE0000004, 1));
        Write(4, 2);
        Assert.Equal(0xFFUL, _io.Read(0xC004, 1));
        Assert.Equal(4UL, _memory.Read(0xE0000004, 1));
        Assert.Equal(8UL, _memory.Read(0x80_0010_0008, 1));
        Write(0x14, 0xE0100000);
        Assert.Equal(0xFFUL, _memory.Read(0xE0000004, 1));
        Assert.Equal(4UL, _memory.Read(0xE0100004, 1));
        _sample.Reset();
        Assert.Equal(0xFFUL, _memory.Read(0xE0100004, 1));
    }

    [Fact]
    public void What_was_hidden_appears_when_the_place_comes_free()
    {
        Sample other = new("other");
        _bus.Add(other);
        other.Reset();
        Write(0x10, 0xC000);
        Write(4, 1);
        other.WriteConfiguration(0x10, 4, 0xC000);
        other.WriteConfiguration(4, 2, 1);
        _io.Write(0xC000, 1, 7);
        Assert.Equal(["sample 0=7"], _sample.Log);
        Write(0x10, 0xD000);
        _io.Write(0xC000, 1, 8);
        Assert.Equal(["other 0=8"], other.Log);
    }

    [Fact]
    public void The_ROM_answers_when_its_own_bit_is_set_too()
    {
        Write(0x30, 0xF0000000);
        Write(4, 2);
        Assert.Equal(0xFFFFUL, _memory.Read(0xF0000000, 2));
        Write(0x30, 0xF0000001);
        Assert.Equal(0xAA55UL, _memory.Read(0xF0000000, 2));
        Assert.Equal(0UL, _memory.Read(0xF0000400, 4));
    }

    [Fact]
    public void Pins_share_a_line_and_the_command_register_cuts_them_off()
    {
        Sample second = new("second");
        _bus.Add(second, Slot + 4); // four slots further it is the same line
        second.Reset();
        _sample.Interrupt(true);
        second.Interrupt(true);
        _sample.Interrupt(false);
        Assert.Equal([$"PIRQ{(Slot - 1) & 3} 1"], _events);
        second.WriteConfiguration(4, 2, 0x400);
        Assert.Equal(2, _events.Count);
        Assert.Equal(8u, second.ReadConfiguration(6, 2) & 8);
        second.WriteConfiguration(4, 2, 0);
        _bus.Remove(second);
        Assert.Equal($"PIRQ{(Slot - 1) & 3} 0", _events[^1]);
        Assert.Null(_bus[Slot + 4, 0]);
    }

    [Fact]
    public void MSI_sends_what_the_guest_wrote()
    {
        int msi = Capability(5);
        Write(msi + 4, 0xFEE0100C);
        Write(msi + 12, 0x41A0);
        _sample.Msi!.Send(0);
        Assert.Empty(_events);
        Write(4, 4);
        Write(msi, 0x00210000 | Read(msi));
        _sample.Msi.Send(1);
        Assert.Equal(["MSI fee0100c 41a1"], _events);
    }

    [Fact]
    public void MSIX_messages_wait_behind_their_masks()
    {
        int msix = Capability(0x11);
        Assert.Equal(2u, Read(msix) >> 16);
        Assert.Equal(4u, Read(msix + 4));
        Assert.Equal(0x804u, Read(msix + 8));
        Write(0x20, 0xE1000000);
        Write(4, 6);
        Write(msix, 0x80000000);
        Assert.Equal(1UL, _memory.Read(0xE100001C, 4));
        _memory.Write(0xE1000010, 4, 0xFEE00000);
        _memory.Write(0xE1000018, 4, 0x55);
        _sample.Msix!.Send(1);
        Assert.Empty(_events);
        Assert.Equal(2UL, _memory.Read(0xE1000800, 8));
        _memory.Write(0xE100001C, 4, 0);
        Assert.Equal(["MSI fee00000 55"], _events);
        Assert.Equal(0UL, _memory.Read(0xE1000800, 4));
        Write(msix, 0xC0000000);
        _sample.Msix.Send(1);
        _sample.Msix.Send(17);
        Assert.Single(_events);
        Write(msix, 0x80000000);
        Assert.Equal(2, _events.Count);
    }

    [Fact]
    public void DMA_needs_a_bus_master()
    {
        Assert.False(_sample.Copy(0x100, [1, 2, 3]));
        Write(4, 4);
        Assert.True(_sample.Copy(0x100, [1, 2, 3]));
        Assert.Equal(2, _ram.Bytes[0x101]);
        Assert.False(_sample.Copy(0xFFFF, [1, 2, 3]));
    }

    [Fact]
    public void Functions_beside_function_0_are_announced()
    {
        Assert.Equal(0u, Read(0x0C) >> 16 & 0x80);
        Sample second = new("second");
        _bus.Add(second, Slot, 2);
        Assert.Equal(0x80u, Read(0x0C) >> 16 & 0x80);
        Assert.Contains("is taken by second", Assert.Throws<InvalidOperationException>(() => _bus.Add(new Sample("third"), Slot, 2)).Message);
        Assert.Equal(0, _bus.FreeSlot());
    }

    [Fact]
    public void Any_access_is_survived_and_a_snapshot_puts_everything_back()
    {
        Random random = new(1);
        MemoryStream snapshot = new();
        Write(0x10, 0xC000);
        Write(4, 7);
        _sample.State.Save(snapshot);
        for (int i = 0; i < 20000; i++)
        {
            int size = 1 << random.Next(3);
            _io.Write(0xCF8, 4, 0x8000_0000 | Slot << 11 | (uint)random.Next(256));
            ulong port = 0xCF8 + (ulong)random.Next(8);
            if (random.Next(3) == 0)
                _io.Read(port, size);
            else
                _io.Write(port, size, (ulong)random.NextInt64());
            _memory.Write((ulong)random.NextInt64(1L << 32), 4, 0);
        }

        snapshot.Position = 0;
        _sample.Load(snapshot);
        Assert.Equal(4UL, _io.Read(0xC004, 1));
    }

    private uint Read(int offset)
    {
        _io.Write(0xCF8, 4, 0x8000_0000 | Slot << 11 | (uint)offset);
        return (uint)_io.Read(0xCFC, 4);
    }

    private void Write(int offset, uint value)
    {
        _io.Write(0xCF8, 4, 0x8000_0000 | Slot << 11 | (uint)offset);
        _io.Write(0xCFC, 4, value);
    }

    private int Capability(byte id)
    {
        int at = (int)Read(0x34) & 0xFF;
        while ((byte)Read(at) != id)
            at = (int)Read(at) >> 8 & 0xFF;
        return at;
    }

    // A function with one of everything.
    private sealed class Sample : PciFunction, IBusDevice
    {
        public Sample(string name)
            : base(name, new PciIdentity(0x1234, 0x5678, 0x020000, Revision: 1, InterruptPin: 1))
        {
            AddIoBar(0, 32, this);
            AddMemoryBar(1, 4096, this);
            AddMemoryBar(2, 1 << 20, this, is64: true, isPrefetchable: true);
            AddMsix(4, 3);
            AddMsi(4);
            byte[] rom = new byte[2048];
            (rom[0], rom[1], rom[2], rom[0x18], rom[6]) = (0x55, 0xAA, 4, 0x20, 0xAF);
            "PCIR"u8.CopyTo(rom.AsSpan(0x20));
            AddRom(rom);
        }

        public List<string> Log { get; } = [];

        public void Interrupt(bool high) => SetInterrupt(high);

        public bool Copy(ulong address, ReadOnlySpan<byte> bytes) => Dma.TryWrite(address, bytes);

        public ulong Read(ulong offset, int size) => offset;

        public void Write(ulong offset, int size, ulong value) => Log.Add($"{Name} {offset:x}={value:x}");
    }
}
