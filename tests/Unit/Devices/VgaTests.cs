using System.Runtime.InteropServices;
using CsCheck;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Devices.Pci;

namespace Suite.Tests.Devices;

public sealed unsafe class VgaTests : IDisposable
{
    private const int MemoryBytes = 1 << 20;

    // Registers of the standard modes (IBM VGA BIOS parameter tables): miscellaneous output, sequencer, CRTC, graphics, attribute.
    private const string Mode3 = "67 0301030002 5F4F50825581BF1F004F0D0E000000009C8E8F281F96B9A3FF 0000000000100E00FF 000102030405140738393A3B3C3D3E3F0C000F0800";
    private const string Mode13 = "63 03010F000E 5F4F50825480BF1F0041000000000000 9C8E8F284096B9A3FF 000000000040050FFF 000102030405060708090A0B0C0D0E0F41000F0000";
    private const string Mode12 = "E3 03010F0006 5F4F508254800B3E00400000000000 00EA8CDF2800E704E3FF 000000000000050FFF 000102030405060708090A0B0C0D0E0F01000F0000";
    private const string Mode4 = "63 0309030002 2D2728902B80BF1F00C1000000000000 9C8E8F140096B9A2FF 0000000000300F00FF 001315170204060710111213141516170100030000";

    private readonly byte* _memory = (byte*)NativeMemory.AllocZeroed(MemoryBytes);
    private readonly DeviceBench _bench = new();
    private readonly Bus _mmio = new("memory", 1UL << 32);
    private readonly Vga _vga;
    private readonly Surface _surface = new();
    private readonly List<int?> _windows = [];
    private ulong? _frameBuffer;

    public VgaTests()
    {
        _vga = new Vga(_memory, MemoryBytes, _bench.Clock, at => _frameBuffer = at, [], Edid.Make(1280, 800)) { PlainWindowChanged = _windows.Add };
        PciBus bus = new(_bench.Io, _mmio, new RingMemory(4096), (_, _) => { }, (_, _) => { });
        bus.Add(_vga, 2);
        _vga.AttachLegacy(_bench.Io, _mmio);
        _vga.Reset();
        for (int i = 0; i < 256; i++)
        {
            _bench.Out(0x3C8, i);
            _bench.Out(0x3C9, i & 63);
            _bench.Out(0x3C9, 63 - (i & 63));
            _bench.Out(0x3C9, i >> 6);
        }
    }

    public void Dispose() => NativeMemory.Free(_memory);

    [Fact]
    public void The_monitor_s_description_lies_at_the_start_of_BAR_2()
    {
        const ulong Place = 0xE000_0000;
        _vga.WriteConfiguration(0x18, 4, (uint)Place);
        _vga.WriteConfiguration(4, 2, 2);
        byte[] edid = Edid.Make(1280, 800);
        Assert.Equal(edid, Enumerable.Range(0, Edid.Bytes).Select(i => (byte)_mmio.Read(Place + (ulong)i, 1)).ToArray());
        Assert.Equal((0UL, 8UL), (_mmio.Read(Place + Edid.Bytes, 2), _mmio.Read(Place + 0x600, 1)));
    }

    [Fact]
    public void A_text_mode_shows_glyphs_cursor_and_cells()
    {
        SetMode(Mode3);
        // The font goes into plane 2 as a BIOS loads it.
        _bench.Io.Write(0x3C4, 2, 0x0402);
        _bench.Io.Write(0x3C4, 2, 0x0604);
        _bench.Io.Write(0x3CE, 2, 0x0005);
        _bench.Io.Write(0x3CE, 2, 0x0006);
        _mmio.Write(0xA0000 + 'A' * 32, 1, 0x81);
        SetMode(Mode3);
        _mmio.Write(0xB8000, 2, 0x1E41);
        _mmio.Write(0xB8000 + 160 * 24 + 158, 2, 0x0742);
        _bench.Io.Write(0x3D4, 2, 0x010F);
        TextScreen screen = new();
        Assert.True(_vga.TryReadText(screen));
        Assert.Equal((80, 25, 0x1E41, 0x0742), (screen.Columns, screen.Rows, screen.Cells[0], screen.Cells[^1]));
        Assert.Equal((1, 0), (screen.CursorColumn, screen.CursorRow));
        _vga.Render(_surface);
        Assert.Equal((640, 400), (_surface.Width, _surface.Height));
        Assert.Equal((Colour(0x3E), Colour(1), Colour(0x3E)), (_surface.Pixels[0], _surface.Pixels[1], _surface.Pixels[7]));
        Assert.Equal(Colour(0), _surface.Pixels[8]);
        Assert.Equal(_surface.Pixels[640 * 13 + 8], _surface.Pixels[640 * 14 + 15]); // the cursor's two lines
        Assert.Equal(0xB8000 + 0x41ul, 0xB8000 + _mmio.Read(0xB8000, 1));
    }

    [Fact]
    public void Mode_13h_is_plain_memory_of_256_colours()
    {
        SetMode(Mode13);
        Assert.Equal(0, _windows[^1]);
        _mmio.Write(0xA0000, 4, 0x04030201);
        _mmio.Write(0xA0000 + 320 * 199 + 319, 1, 0x90);
        _vga.Render(_surface);
        Assert.Equal((640, 400), (_surface.Width, _surface.Height));
        Assert.Equal((Colour(1), Colour(1), Colour(2), Colour(4)), (_surface.Pixels[0], _surface.Pixels[641], _surface.Pixels[2], _surface.Pixels[7]));
        Assert.Equal(Colour(0x90), _surface.Pixels[^1]);
        Assert.False(_vga.TryReadText(new TextScreen()));
        _bench.Io.Write(0x3C4, 2, 0x0604); // unchained
        Assert.Null(_windows[^1]);
    }

    [Fact]
    public void Planes_are_written_in_four_modes_and_read_in_two()
    {
        SetMode(Mode12);
        _bench.Io.Write(0x3C4, 2, 0x0502); // planes 0 and 2
        _mmio.Write(0xA0000, 1, 0xF0);
        Assert.Equal(new byte[] { 0xF0, 0, 0xF0, 0 }, new ReadOnlySpan<byte>(_memory, 4).ToArray());
        _bench.Io.Write(0x3CE, 2, 0x0204);
        Assert.Equal(0xF0u, _mmio.Read(0xA0000, 1));
        _bench.Io.Write(0x3CE, 2, 0x0805); // read mode 1: which pixels have colour 5
        _bench.Io.Write(0x3CE, 2, 0x0502);
        _bench.Io.Write(0x3CE, 2, 0x0F07);
        Assert.Equal(0xF0u, _mmio.Read(0xA0000, 1));
        _bench.Io.Write(0x3C4, 2, 0x0F02);
        _bench.Io.Write(0x3CE, 2, 0x0105); // write mode 1 copies the latches
        _mmio.Write(0xA0001, 1, 0);
        Assert.Equal(new byte[] { 0xF0, 0, 0xF0, 0 }, new ReadOnlySpan<byte>(_memory + 4, 4).ToArray());
        _bench.Io.Write(0x3CE, 2, 0x0205); // write mode 2: a colour, under the bit mask
        _bench.Io.Write(0x3CE, 2, 0x0108);
        _mmio.Read(0xA0000, 1);
        _mmio.Write(0xA0000, 1, 0x0A);
        Assert.Equal(new byte[] { 0xF0, 1, 0xF0, 1 }, new ReadOnlySpan<byte>(_memory, 4).ToArray());
        _bench.Io.Write(0x3CE, 2, 0x0305); // write mode 3: the byte is the mask, set/reset the colour
        _bench.Io.Write(0x3CE, 2, 0x0F00);
        _bench.Io.Write(0x3CE, 2, 0xFF08);
        _mmio.Read(0xA0000, 1);
        _mmio.Write(0xA0000, 1, 0x0C);
        Assert.Equal(new byte[] { 0xFC, 0x0D, 0xFC, 0x0D }, new ReadOnlySpan<byte>(_memory, 4).ToArray());
        _bench.Io.Write(0x3CE, 2, 0x0005); // write mode 0 with xor
        _bench.Io.Write(0x3CE, 2, 0x1803);
        _mmio.Read(0xA0000, 1);
        _mmio.Write(0xA0000, 1, 0xFF);
        Assert.Equal(0x03, _memory[0]);
        _vga.Render(_surface);
        Assert.Equal((640, 480), (_surface.Width, _surface.Height));
    }

    [Fact]
    public void Sixteen_colours_come_from_four_planes()
    {
        SetMode(Mode12);
        (_memory[0], _memory[1], _memory[2], _memory[3]) = (0x80, 0x40, 0xC0, 0x01);
        _vga.Render(_surface);
        Assert.Equal((Colour(5), Colour(6), Colour(0), Colour(8)), (_surface.Pixels[0], _surface.Pixels[1], _surface.Pixels[2], _surface.Pixels[7]));
    }

    [Fact]
    public void CGA_graphics_have_odd_lines_8_KiB_further()
    {
        SetMode(Mode4);
        _mmio.Write(0xB8000, 2, 0xFF1B); // colours 0 1 2 3, then 3 3 3 3
        _mmio.Write(0xBA000, 1, 0xC0);
        _vga.Render(_surface);
        Assert.Equal((640, 400), (_surface.Width, _surface.Height));
        Assert.Equal((Colour(0), Colour(0x13), Colour(0x15), Colour(0x17)), (_surface.Pixels[0], _surface.Pixels[2], _surface.Pixels[4], _surface.Pixels[6]));
        Assert.Equal(Colour(0x17), _surface.Pixels[15]);
        Assert.Equal((Colour(0x17), Colour(0)), (_surface.Pixels[640 * 2], _surface.Pixels[640 * 2 + 2]));
    }

    [Fact]
    public void VBE_modes_show_the_linear_frame_buffer()
    {
        _vga.WriteConfiguration(0x10, 4, 0xE000_0000);
        _vga.WriteConfiguration(4, 2, 3);
        Assert.Equal(0xE000_0000u, _frameBuffer);
        Vbe(0, 0xB0C5);
        Assert.Equal(0xB0C5, ReadVbe(0));
        Assert.Equal(MemoryBytes >> 16, ReadVbe(10));
        new Span<byte>(_memory, 100).Fill(0xFF);
        SetVbe(320, 200, 32, 0x41);
        Assert.Equal(0, _memory[0]); // cleared
        ((uint*)_memory)[0] = 0xAA123456;
        ((uint*)_memory)[320 * 200 - 1] = 0x00FEDCBA;
        _vga.Render(_surface);
        Assert.Equal((320, 200, 0x123456u, 0xFEDCBAu), (_surface.Width, _surface.Height, _surface.Pixels[0], _surface.Pixels[^1]));
        Vbe(9, 1); // a line further down
        ((uint*)_memory)[320] = 0x777777;
        _vga.Render(_surface);
        Assert.Equal(0x777777u, _surface.Pixels[0]);
        SetVbe(640, 480, 16, 0xC1);
        ((ushort*)_memory)[0] = 0xF81F;
        _vga.Render(_surface);
        Assert.Equal(0xFF00FFu, _surface.Pixels[0]);
        SetVbe(640, 480, 8, 0x81);
        _memory[0x10000] = 77;
        Vbe(5, 1);
        Assert.Equal(77u, _mmio.Read(0xA0000, 1));
        Assert.Equal(0x10000, _windows[^1]);
        Vbe(4, 2);
        Assert.Equal(32, ReadVbe(3));
        Vbe(4, 0);
        Assert.Equal(0, _windows[^1]);
    }

    [Fact]
    public void With_a_log_of_writes_only_what_was_written_is_rendered_for_each_viewer()
    {
        Log log = new();
        _vga.WriteLog = log;
        SetVbe(256, 128, 32, 0x41); // a page is four rows
        uint* pixels = (uint*)_memory;
        Surface late = new();
        pixels[0] = 0x111111;
        _vga.Render(_surface);
        _vga.Render(late);
        Assert.Equal((0x111111u, 0x111111u), (_surface.Pixels[0], late.Pixels[0]));
        (pixels[0], pixels[4 * 256]) = (0x222222, 0x333333); // the log knows of the second only
        log.Pages.Add(1);
        _vga.Render(_surface);
        Assert.Equal((0x111111u, 0x333333u), (_surface.Pixels[0], _surface.Pixels[4 * 256]));
        _vga.Render(_surface);
        _vga.Render(late); // it comes later and misses nothing
        Assert.Equal((0x111111u, 0x333333u), (late.Pixels[0], late.Pixels[4 * 256]));
        Vbe(9, 8); // another part of memory is shown
        _vga.Render(_surface);
        Vbe(9, 0);
        _vga.Render(_surface);
        Assert.Equal(0x222222u, _surface.Pixels[0]);
        _vga.Render(late);
        Assert.Equal(0x222222u, late.Pixels[0]);
        Vbe(4, 0);
        _vga.Render(late);
        Assert.Equal(0u, late.Pixels[0]); // text mode, switched off
        SetVbe(256, 128, 32, 0xC1); // back, with what was there
        pixels[1] = 0x444444;
        _vga.Render(late);
        Assert.Equal((0x222222u, 0x444444u), (late.Pixels[0], late.Pixels[1]));
        SetVbe(256, 128, 4, 0xC1); // planes, on the same surface
        _vga.Render(late);
        SetVbe(256, 128, 32, 0xC1);
        _vga.Render(late);
        Assert.Equal((0x222222u, 0x444444u), (late.Pixels[0], late.Pixels[1]));
        _mmio.Write(0xA0000, 4, 0x555555); // through the window, which is the device's own doing
        _vga.Render(late);
        Assert.Equal(0x555555u, late.Pixels[0]);
    }

    [Fact]
    public void With_a_log_of_writes_another_palette_is_seen()
    {
        _vga.WriteLog = new Log();
        SetVbe(256, 128, 8, 0x41);
        _memory[0] = 9;
        _vga.Render(_surface);
        Assert.Equal(Colour(9), _surface.Pixels[0]);
        _bench.Out(0x3C8, 9);
        for (int i = 0; i < 3; i++)
            _bench.Out(0x3C9, 63);
        _vga.Render(_surface);
        Assert.Equal(0xFFFFFFu, _surface.Pixels[0]);
    }

    [Fact]
    public void Impossible_VBE_modes_are_made_to_fit()
    {
        SetVbe(4096, 4096, 32, 0x41);
        Vbe(6, 0xFFFF);
        Vbe(9, 0xFFFF);
        Vbe(8, 0xFFFF);
        _vga.Render(_surface);
        Assert.True(_surface.Width * _surface.Height * 4 <= MemoryBytes);
        Vbe(5, 0xFFFF);
        _mmio.Read(0xA0000, 8);
    }

    [Fact]
    public void The_registers_of_BAR_2_are_the_ports()
    {
        _vga.WriteConfiguration(0x18, 4, 0xF000_0000);
        _vga.WriteConfiguration(4, 2, 3);
        _mmio.Write(0xF000_0500 + 2, 2, 800);
        Assert.Equal(800, ReadVbe(1));
        _mmio.Write(0xF000_0408, 1, 5);
        _mmio.Write(0xF000_0409, 1, 1);
        Assert.Equal(0xB0C5u, _mmio.Read(0xF000_0500, 2));
        Assert.Equal(0x1E1E_1E1Eu, _mmio.Read(0xF000_0604, 4));
        Assert.Equal(8u, _mmio.Read(0xF000_0600, 4));
    }

    [Fact]
    public void Only_what_changed_is_dirty()
    {
        SetVbe(320, 200, 32, 0x41);
        List<Area> areas = [];
        _vga.Render(_surface);
        _surface.Dirty.Take(areas);
        Assert.Equal([new Area(0, 0, 320, 200)], areas);
        _vga.Render(_surface);
        _surface.Dirty.Take(areas);
        Assert.Empty(areas);
        ((uint*)_memory)[100 * 320 + 100] = 1;
        _vga.Render(_surface);
        _surface.Dirty.Take(areas);
        Assert.Equal([new Area(96, 96, 16, 16)], areas);
    }

    [Fact]
    public void The_retrace_bit_comes_seventy_times_a_second()
    {
        _bench.Out(0x3C2, 1); // colour
        int rises = 0;
        bool was = false;
        for (int i = 0; i < 100_000; i++)
        {
            _bench.Advance(10_000);
            bool isNow = (_bench.In(0x3DA) & 8) != 0;
            rises += isNow && !was ? 1 : 0;
            was = isNow;
        }

        Assert.InRange(rises, 69, 71);
    }

    [Fact]
    public void A_snapshot_keeps_the_mode()
    {
        SetMode(Mode13);
        _mmio.Write(0xA0000, 1, 9);
        MemoryStream saved = new();
        _vga.State.Save(saved);
        byte pixel = _memory[0];
        _vga.Reset();
        saved.Position = 0;
        _vga.Load(saved);
        _memory[0] = pixel;
        _vga.Render(_surface);
        Assert.Equal(Colour(9), _surface.Pixels[0]);
        Assert.Equal(0, _windows[^1]);
    }

    [Fact]
    public void Random_registers_never_throw()
    {
        Gen.Select(Gen.Int[0x3B0, 0x3DF], Gen.Byte).Array[200].Sample(writes =>
        {
            foreach ((int port, byte value) in writes)
            {
                _bench.Out((ushort)port, value);
                _bench.Io.Write(0x1CE, 2, value % 12u);
                _bench.Io.Write(0x1CF, 2, (ulong)(value * 257));
                _mmio.Write(0xA0000 + (ulong)(value << 9), 8, ulong.MaxValue);
                _mmio.Read(0xA0000 + (ulong)(port << 7) % 0x20000, 8);
            }

            _vga.Render(_surface);
            _vga.TryReadText(new TextScreen());
        }, iter: 60, threads: 1);
    }

    private static uint Colour(int index)
    {
        static uint Eight(int six) => (uint)(six << 2 | six >> 4);
        return Eight(index & 63) << 16 | Eight(63 - (index & 63)) << 8 | Eight(index >> 6);
    }

    private void SetMode(string mode)
    {
        byte[] all = Convert.FromHexString(mode.Replace(" ", ""));
        int at = 0;
        _bench.Out(0x3C2, all[at++]);
        for (int i = 0; i < 5; i++)
            _bench.Io.Write(0x3C4, 2, (ulong)(all[at++] << 8 | i));
        _bench.Io.Write(0x3D4, 2, 0x0011);
        for (int i = 0; i < 25; i++)
            _bench.Io.Write(0x3D4, 2, (ulong)(all[at++] << 8 | i));
        for (int i = 0; i < 9; i++)
            _bench.Io.Write(0x3CE, 2, (ulong)(all[at++] << 8 | i));
        _bench.In(0x3DA);
        for (int i = 0; i < 21; i++)
        {
            _bench.Out(0x3C0, i);
            _bench.Out(0x3C0, all[at++]);
        }

        _bench.Out(0x3C0, 0x20);
        Assert.Equal(all.Length, at);
    }

    private void SetVbe(int width, int height, int depth, int enable)
    {
        Vbe(4, 0);
        Vbe(1, width);
        Vbe(2, height);
        Vbe(3, depth);
        Vbe(4, enable);
    }

    private void Vbe(int index, int value)
    {
        _bench.Io.Write(0x1CE, 2, (ulong)index);
        _bench.Io.Write(0x1CF, 2, (ulong)value);
    }

    private int ReadVbe(int index)
    {
        _bench.Io.Write(0x1CE, 2, (ulong)index);
        return (int)_bench.Io.Read(0x1D0, 2);
    }

    private sealed class Log : IWriteLog
    {
        private bool _wasAsked;

        public List<int> Pages { get; } = [];

        public void Take(Span<byte> pages)
        {
            if (!_wasAsked)
                pages.Fill(1);
            _wasAsked = true;
            foreach (int page in Pages)
                pages[page] = 1;
            Pages.Clear();
        }
    }
}
