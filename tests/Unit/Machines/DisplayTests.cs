using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Machines.Display;

namespace Suite.Tests.Machines;

public sealed class DisplayTests
{
    [Fact]
    public void A_PNG_holds_the_pixels_and_right_checksums()
    {
        Surface surface = new();
        surface.Resize(3, 2);
        surface.SetRow(0, 0, [0x112233, 0x445566, 0x778899]);
        surface.SetRow(0, 1, [0xFFFFFF, 0, 0xABCDEF]);
        MemoryStream png = new();
        Screenshot.WritePng(surface, png);
        byte[] bytes = png.ToArray();
        Assert.Equal("89504E470D0A1A0A0000000D49484452000000030000000208020000001216F14D", Convert.ToHexString(bytes.AsSpan(0, 33)));
        int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(33));
        Assert.Equal("IDAT", Encoding.ASCII.GetString(bytes, 37, 4));
        using ZLibStream unpacked = new(new MemoryStream(bytes, 41, length), CompressionMode.Decompress);
        MemoryStream rows = new();
        unpacked.CopyTo(rows);
        Assert.Equal("00112233445566778899" + "00FFFFFF000000ABCDEF", Convert.ToHexString(rows.ToArray()));
        Assert.Equal("0000000049454E44AE426082", Convert.ToHexString(bytes.AsSpan(41 + length + 4)));
    }

    [Fact]
    public void A_PPM_is_a_header_and_the_pixels()
    {
        Surface surface = new();
        surface.Resize(1, 1);
        surface.SetRow(0, 0, [0x414243]);
        MemoryStream ppm = new();
        Screenshot.WritePpm(surface, ppm);
        Assert.Equal("P6\n1 1\n255\nABC", Encoding.ASCII.GetString(ppm.ToArray()));
    }

    [Fact]
    public void A_terminal_shows_cells_and_then_only_what_changed()
    {
        using TerminalBench bench = new();
        bench.Screen[0] = 0x1E41;
        bench.Screen[1] = 0x1EDB;
        bench.Terminal.Refresh();
        Assert.Contains("\x1b[1;1H\x1b[0;93;44mA█", bench.TakeOutput());
        bench.Terminal.Refresh();
        Assert.Equal("", bench.TakeOutput());
        bench.Screen[81] = 0x0742;
        bench.Terminal.Refresh();
        Assert.Equal("\x1b[2;2H\x1b[0;37;40mB\x1b[?25l", bench.TakeOutput());
    }

    [Theory]
    [InlineData("a", "1C+ 1C-")]
    [InlineData("A", "12+ 1C+ 1C- 12-")]
    [InlineData("\r", "5A+ 5A-")]
    [InlineData("\x03", "14+ 21+ 21- 14-")]
    [InlineData("\x1b[A", "E075+ E075-")]
    [InlineData("\x1bOP", "05+ 05-")]
    [InlineData("\x1b[24~", "07+ 07-")]
    [InlineData("\x1b[[B", "06+ 06-")]
    [InlineData("\x1bx", "11+ 22+ 22- 11-")]
    [InlineData("\x7f", "66+ 66-")]
    public void What_is_typed_becomes_keys(string typed, string keys)
    {
        using TerminalBench bench = new();
        bench.Terminal.Receive(Encoding.ASCII.GetBytes(typed));
        bench.Run(200);
        Assert.Equal(keys, string.Join(" ", bench.Keys));
    }

    [Fact]
    public void A_lonely_escape_is_the_key_after_a_moment()
    {
        using TerminalBench bench = new();
        bench.Terminal.Receive([0x1B]);
        Assert.Empty(bench.Keys);
        bench.Run(300);
        Assert.Equal(["76+", "76-"], bench.Keys);
    }

    [Fact]
    public void Key_symbols_and_set_1_codes_name_the_same_keys()
    {
        Assert.Equal(Keyboard.FromCharacter('q'), Keyboard.FromSet1(0x10));
        Assert.Equal(Keyboard.FromKeySym(0xFFE4), Keyboard.FromSet1(0x9D));
        Assert.Equal(Keyboard.FromKeySym(0xFFC4), Keyboard.FromSet1(0x41)); // F7
        Assert.Equal(Keyboard.FromKeySym(0xFF1B), Keyboard.FromSet1(1));
        Assert.Equal(Keyboard.FromKeySym(0xFFC9), Keyboard.FromSet1(0x58)); // F12
        Assert.Null(Keyboard.FromSet1(0));
        Assert.Null(Keyboard.FromKeySym(0x1234567));
        for (uint code = 1; code < 0x80; code++)
            if (code is not (0x54 or 0x41) && Keyboard.FromSet1(code) is { } key)
                Assert.Equal(code, Suite.Devices.Input.ScanCodes.ToSet1(key.Code));
    }

    private sealed class TerminalBench : IChardev, IDisplaySource, IDisplayInput, IDisposable
    {
        private readonly HostLoop _loop = new(new Lock());
        private readonly StringBuilder _output = new();

        public TerminalBench()
        {
            Terminal = new TerminalDisplay(this, this, this, _loop);
            _output.Clear();
            Array.Fill(Screen, (ushort)0x0720);
        }

        public ushort[] Screen { get; } = new ushort[80 * 25];

        public TerminalDisplay Terminal { get; }

        public List<string> Keys { get; } = [];

        public ICharReceiver? Receiver { get; set; }

        public void Write(ReadOnlySpan<byte> bytes) => _output.Append(Encoding.UTF8.GetString(bytes));

        public string TakeOutput()
        {
            string text = _output.ToString();
            _output.Clear();
            return text;
        }

        public void Run(int milliseconds)
        {
            long end = HostLoop.Milliseconds + milliseconds;
            while (HostLoop.Milliseconds < end)
                _loop.RunOnce(10);
        }

        public void Render(Surface surface) => surface.Resize(640, 480);

        public bool TryReadText(TextScreen screen)
        {
            screen.Resize(80, 25);
            Screen.CopyTo(screen.Cells, 0);
            return true;
        }

        public void Key(byte code, bool isExtended, bool isPressed) => Keys.Add($"{(isExtended ? "E0" : "")}{code:X2}{(isPressed ? '+' : '-')}");

        public void Mouse(int x, int y, int wheel, int buttons)
        {
        }

        public void Dispose() => _loop.Dispose();
    }
}
