using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Devices.Misc;

namespace Suite.Tests.Devices;

/// <summary>VESA Enhanced EDID 1.4, read as a driver reads it; and the latch of a PC's x87 exceptions.</summary>
public sealed class EdidTests
{
    [Theory]
    [InlineData(640, 480)]
    [InlineData(1280, 800)]
    [InlineData(1920, 1080)]
    [InlineData(2560, 1600)]
    public void The_preferred_mode_can_be_read_back(int width, int height)
    {
        byte[] edid = Edid.Make(width, height);
        Assert.Equal("00FFFFFFFFFFFF00", Convert.ToHexString(edid.AsSpan(0, 8)));
        Assert.Equal(0, (byte)edid.Sum(b => b));
        Span<byte> t = edid.AsSpan(54);
        Assert.Equal((width, height), (t[2] | (t[4] & 0xF0) << 4, t[5] | (t[7] & 0xF0) << 4));
        int total = (width + (t[3] | (t[4] & 0xF) << 8)) * (height + (t[6] | (t[7] & 0xF) << 8));
        Assert.InRange(BinaryPrimitives.ReadUInt16LittleEndian(t) * 10_000.0 / total, 59, 60.5);
        Assert.Equal(("FC", "FD"), ($"{edid[93]:X}", $"{edid[75]:X}"));
        for (int at = 38; at < 54; at += 2)
            Assert.True((edid[at], edid[at + 1]) == (1, 1) || (edid[at] + 31) * 8 <= width);
    }

    [Fact]
    public void An_x87_exception_is_IRQ_13_until_port_F0h_is_written()
    {
        List<bool> irq = [];
        FpuErrorLatch latch = new(new IrqLine(irq.Add));
        latch.Reset();
        latch.Write(0, 1, 0);
        Assert.False(latch.IsIgnored);
        latch.SetError(true);
        Assert.False(latch.IsIgnored);
        latch.Write(0, 1, 0);
        Assert.True(latch.IsIgnored);
        latch.SetError(false);
        Assert.False(latch.IsIgnored);
        latch.SetError(true);
        latch.SetError(false);
        Assert.Equal([true, false, true, false], irq);
    }
}
