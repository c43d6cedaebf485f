using Suite.Devices.Core;
using Suite.Devices.Intc;

namespace Suite.Tests.Devices;

public sealed class IoApicTests : IApicBus
{
    private readonly List<ApicMessage> _messages = [];
    private readonly Bus _memory = new("memory", 1UL << 32);
    private readonly IoApic _apic;

    public IoApicTests()
    {
        _apic = new IoApic(this);
        _memory.Attach(_apic, "ioapic", IoApic.UsualBase, IoApic.Length, widest: 4);
        _apic.Reset();
    }

    [Fact]
    public void It_says_what_it_is()
    {
        Assert.Equal(0x00170020UL, Read(1));
        Write(0, 0x05000000);
        Assert.Equal(0x05000000UL, Read(0));
        Assert.Equal(0x10000UL, Read(0x10)); // masked
    }

    [Fact]
    public void An_edge_is_sent_once_and_waits_behind_the_mask()
    {
        Write(0x13, 0x03000000);
        _apic.SetInput(1, true);
        Assert.Empty(_messages);
        Write(0x12, 0x0831); // logical, fixed, vector 31h
        Assert.Equal([new ApicMessage(3, true, 0, 0x31, false)], _messages);
        _apic.SetInput(1, false);
        _apic.SetInput(1, true);
        Assert.Equal(2, _messages.Count);
    }

    [Fact]
    public void A_level_is_sent_again_after_EOI_while_it_stands()
    {
        Write(0x20, 0x8040 | 0x8000);
        _apic.SetInput(8, true);
        Assert.Single(_messages);
        _apic.SetInput(8, false);
        _apic.SetInput(8, true);
        Assert.Single(_messages); // in service
        Assert.Equal(0x4000UL, Read(0x20) & 0x4000);
        _apic.EndOfInterrupt(0x40);
        Assert.Equal(2, _messages.Count);
        _apic.SetInput(8, false);
        _memory.Write(IoApic.UsualBase + 0x40, 4, 0x40);
        Assert.Equal(2, _messages.Count);
        Assert.Equal(0UL, Read(0x20) & 0x4000);
    }

    [Fact]
    public void Indices_behind_the_table_are_nothing()
    {
        Write(0xFF, 0xFFFFFFFF);
        Assert.Equal(0UL, Read(0xFF));
    }

    void IApicBus.Deliver(in ApicMessage message) => _messages.Add(message);

    private ulong Read(byte index)
    {
        _memory.Write(IoApic.UsualBase, 4, index);
        return _memory.Read(IoApic.UsualBase + 0x10, 4);
    }

    private void Write(byte index, ulong value)
    {
        _memory.Write(IoApic.UsualBase, 4, index);
        _memory.Write(IoApic.UsualBase + 0x10, 4, value);
    }
}
