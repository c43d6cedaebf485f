using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Host;
using Suite.Machines.Display;
using Suite.Machines.Display.Vnc;

namespace Suite.Tests.Machines;

public sealed class VncTests : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HostLoop _loop;
    private readonly Picture _picture = new();
    private readonly Typist _typist = new();
    private readonly VncServer _server;

    public VncTests()
    {
        _loop = new HostLoop(_gate);
        _server = new VncServer(HostEndpoint.Internet(IPAddress.Loopback, 0), _picture, _typist, _loop, "test machine");
        _loop.Start();
    }

    public void Dispose()
    {
        lock (_gate)
            _server.Dispose();
        _loop.Dispose();
    }

    [Fact]
    public void DES_gives_the_standard_s_example()
    {
        Assert.Equal(0x85E813540F0AB405u, VncPassword.Encrypt(0x133457799BBCDFF1, 0x0123456789ABCDEF));
    }

    [Theory]
    [InlineData(0, "003.008", 32)]
    [InlineData(5, "003.007", 32)]
    [InlineData(16, "003.003", 32)]
    [InlineData(5, "003.008", 16)]
    [InlineData(16, "003.008", 16)]
    [InlineData(16, "003.008", 8)]
    public void A_client_sees_the_picture_and_its_changes(int encoding, string version, int bits)
    {
        using TestClient client = new(_server.Endpoint.Port, version);
        client.LogIn(null);
        Assert.Equal((200, 100, "test machine"), (client.Width, client.Height, client.Name));
        client.SetFormat(bits);
        client.SetEncodings(encoding);
        client.Request(isIncremental: false);
        client.ReadUpdate();
        client.Compare(_picture);
        lock (_gate)
            _picture.Paint(50, 20, 33, 17, 0xC0FFEE);
        client.Request(isIncremental: true);
        client.ReadUpdate();
        client.Compare(_picture);
        Assert.True(client.LastPixels < 200 * 100 / 2);
    }

    [Fact]
    public void A_password_lets_in_who_knows_it()
    {
        lock (_gate)
            _server.Password = "geheim";
        using TestClient right = new(_server.Endpoint.Port, "003.008");
        right.LogIn("geheim");
        right.Request(isIncremental: false);
        right.ReadUpdate();
        using TestClient wrong = new(_server.Endpoint.Port, "003.008");
        Assert.Throws<UnauthorizedAccessException>(() => wrong.LogIn("falsch"));
        lock (_gate)
            _server.Password = "";
        using TestClient none = new(_server.Endpoint.Port, "003.003");
        Assert.Throws<UnauthorizedAccessException>(() => none.LogIn(""));
    }

    [Fact]
    public void Keys_and_the_mouse_reach_the_machine()
    {
        using TestClient client = new(_server.Endpoint.Port, "003.008");
        client.LogIn(null);
        client.Send([4, 1, 0, 0, 0, 0, 0, (byte)'A']);
        client.Send([4, 0, 0, 0, 0, 0, 0xFF, 0x52]); // Up released
        client.Send([255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x9D]); // right Ctrl by its code
        client.Send([6, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]);
        client.Send([5, 0, 0, 10, 0, 10]);
        client.Send([5, 1, 0, 15, 0, 7]);
        client.Send([5, 8, 0, 15, 0, 7]);
        SpinWait.SpinUntil(() => _typist.Count >= 5, 5000);
        Assert.Equal(["key 1C False True", "key 75 True False", "key 14 True True", "mouse 5 -3 0 1", "mouse 0 0 -1 0"], _typist.Events);
    }

    [Fact]
    public void A_new_size_is_told_to_those_who_understand_it()
    {
        using TestClient client = new(_server.Endpoint.Port, "003.008");
        client.LogIn(null);
        client.SetEncodings(0, -223);
        client.Request(isIncremental: false);
        client.ReadUpdate();
        lock (_gate)
            _picture.Resize(64, 48);
        client.Request(isIncremental: true);
        client.ReadUpdate();
        Assert.Equal((64, 48), (client.Width, client.Height));
        client.Compare(_picture);
        using TestClient old = new(_server.Endpoint.Port, "003.008");
        old.LogIn(null);
        old.Request(isIncremental: false);
        old.ReadUpdate();
        lock (_gate)
            _picture.Resize(32, 32);
        old.Request(isIncremental: true);
        old.ReadUpdate();
        Assert.Equal((64, 48), (old.Width, old.Height));
    }

    [Theory]
    [InlineData(new byte[] { 99 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 24, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 30, 8, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 6, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Nonsense_ends_the_connection_and_nothing_else(byte[] nonsense)
    {
        using TestClient client = new(_server.Endpoint.Port, "003.008");
        client.LogIn(null);
        client.Send(nonsense);
        Assert.Throws<EndOfStreamException>(() => client.ReadBytes(1));
        using TestClient next = new(_server.Endpoint.Port, "003.008");
        next.LogIn(null);
        next.Send([3, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        next.Request(isIncremental: false);
        next.ReadUpdate();
    }

    [Fact]
    public void Vncsnapshot_sees_the_picture()
    {
        if (!File.Exists("/usr/bin/vncsnapshot"))
        {
            Console.WriteLine("skipped: vncsnapshot is not installed (apt install vncsnapshot)");
            return;
        }

        string file = Path.Combine(Path.GetTempPath(), $"vnc-{Guid.NewGuid():N}.jpg");
        try
        {
            using System.Diagnostics.Process viewer = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
                "/usr/bin/vncsnapshot", ["-quiet", "-quality", "100", $"127.0.0.1::{_server.Endpoint.Port}", file])
            { RedirectStandardError = true, RedirectStandardOutput = true })!;
            Assert.True(viewer.WaitForExit(20_000), "vncsnapshot hangs");
            Assert.True(viewer.ExitCode == 0, viewer.StandardError.ReadToEnd());
            Assert.True(new FileInfo(file).Length > 100);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class Typist : IDisplayInput
    {
        public List<string> Events { get; } = [];

        public int Count => Events.Count;

        public void Key(byte code, bool isExtended, bool isPressed) => Events.Add($"key {code:X2} {isExtended} {isPressed}");

        public void Mouse(int x, int y, int wheel, int buttons) => Events.Add($"mouse {x} {y} {wheel} {buttons}");
    }

    /// <summary>A display that shows what a test paints.</summary>
    private sealed class Picture : IDisplaySource
    {
        private uint[] _pixels = [];

        public Picture() => Resize(200, 100);

        public int Width { get; private set; }

        public int Height { get; private set; }

        public uint this[int x, int y] => _pixels[y * Width + x];

        public void Resize(int width, int height)
        {
            (Width, Height, _pixels) = (width, height, new uint[width * height]);
            // Parts with one colour, with two, with a few, and with many.
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    _pixels[y * width + x] = x < 40 ? 0x204060 : x < 90 ? (x + y) % 7 == 0 ? 0xFFFFFFu : 0 : x < 130 ? (uint)(x / 10 * 0x111111) : (uint)(x * 7919 + y * 104729) & 0xFFFFFF;
        }

        public void Paint(int x, int y, int width, int height, uint colour)
        {
            for (int row = y; row < y + height; row++)
                _pixels.AsSpan(row * Width + x, width).Fill(colour);
        }

        public void Render(Surface surface)
        {
            surface.Resize(Width, Height);
            for (int y = 0; y < Height; y++)
                surface.SetRow(0, y, _pixels.AsSpan(y * Width, Width));
        }

        public bool TryReadText(TextScreen screen) => false;
    }

    /// <summary>A VNC client.</summary>
    private sealed class TestClient : IDisposable
    {
        private readonly NetworkStream _stream;
        private readonly int _minor;
        private readonly MemoryStream _packed = new();
        private uint[] _pixels = [];
        private ZLibStream? _zlib;
        private long _unpackedFrom;
        private int _bits = 32;

        public TestClient(int port, string version)
        {
            Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
            socket.Connect(IPAddress.Loopback, port);
            _stream = new NetworkStream(socket, ownsSocket: true);
            Assert.Equal("RFB 003.008\n"u8.ToArray(), ReadBytes(12));
            Send(System.Text.Encoding.ASCII.GetBytes($"RFB {version}\n"));
            _minor = version[^1] - '0';
        }

        public int Width { get; private set; }

        public int Height { get; private set; }

        public string Name { get; private set; } = "";

        public int LastPixels { get; private set; }

        public void Dispose() => _stream.Dispose();

        public void Send(byte[] bytes) => _stream.Write(bytes);

        public byte[] ReadBytes(int count)
        {
            byte[] bytes = new byte[count];
            _stream.ReadExactly(bytes);
            return bytes;
        }

        public void LogIn(string? password)
        {
            int type = _minor == 3 ? Long() : ReadBytes(ReadBytes(1)[0])[0];
            Assert.Equal(password is null ? 1 : 2, type);
            if (_minor != 3)
                Send([(byte)type]);
            if (type == 2)
                Send(VncPassword.Response(password!, ReadBytes(16)));
            if ((type == 2 || _minor == 8) && Long() != 0)
                throw new UnauthorizedAccessException();
            Send([1]);
            (Width, Height) = (Word(), Word());
            ReadBytes(16);
            Name = System.Text.Encoding.UTF8.GetString(ReadBytes(Long()));
            _pixels = new uint[Width * Height];
        }

        public void SetFormat(int bits)
        {
            _bits = bits;
            if (bits == 32)
                Send([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
            else if (bits == 16)
                Send([0, 0, 0, 0, 16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0]); // big endian
            else
                Send([0, 0, 0, 0, 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0]);
        }

        public void SetEncodings(params int[] encodings)
        {
            byte[] message = new byte[4 + 4 * encodings.Length];
            (message[0], message[3]) = (2, (byte)encodings.Length);
            for (int i = 0; i < encodings.Length; i++)
                BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4 + 4 * i), encodings[i]);
            Send(message);
        }

        public void Request(bool isIncremental) => Send([3, isIncremental ? (byte)1 : (byte)0, 0, 0, 0, 0, (byte)(Width >> 8), (byte)Width, (byte)(Height >> 8), (byte)Height]);

        public void ReadUpdate()
        {
            Assert.Equal(0, ReadBytes(2)[0]);
            LastPixels = 0;
            for (int rectangles = Word(); rectangles > 0; rectangles--)
            {
                (int x, int y, int width, int height, int encoding) = (Word(), Word(), Word(), Word(), Long());
                if (encoding == -223)
                {
                    (Width, Height, _pixels) = (width, height, new uint[width * height]);
                    continue;
                }

                LastPixels += width * height;
                switch (encoding)
                {
                    case 0:
                        Fill(_stream, x, y, width, height, _bits / 8);
                        break;
                    case 5:
                        ReadHextile(x, y, width, height);
                        break;
                    default:
                        ReadZrle(x, y, width, height);
                        break;
                }
            }
        }

        public void Compare(Picture picture)
        {
            for (int y = 0; y < Height; y++)
                for (int x = 0; x < Width; x++)
                    Assert.Equal(Expected(picture[x, y]), _pixels[y * Width + x]);
        }

        private uint Expected(uint rgb) => _bits switch
        {
            32 => rgb,
            16 => (rgb >> 19 & 31) << 11 | (rgb >> 10 & 63) << 5 | (rgb >> 3 & 31),
            _ => (rgb >> 21 & 7) | (rgb >> 13 & 7) << 3 | (rgb >> 6 & 3) << 6,
        };

        private int Word() => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2));

        private int Long() => BinaryPrimitives.ReadInt32BigEndian(ReadBytes(4));

        private uint Pixel(Stream from, int bytes)
        {
            Span<byte> raw = stackalloc byte[4];
            raw.Clear();
            from.ReadExactly(raw[..bytes]);
            return _bits == 16 ? BinaryPrimitives.ReadUInt16BigEndian(raw) : BinaryPrimitives.ReadUInt32LittleEndian(raw);
        }

        private void Fill(Stream from, int x, int y, int width, int height, int bytes)
        {
            for (int row = y; row < y + height; row++)
                for (int column = x; column < x + width; column++)
                    _pixels[row * Width + column] = Pixel(from, bytes);
        }

        private void Fill(int x, int y, int width, int height, uint pixel)
        {
            for (int row = y; row < y + height; row++)
                _pixels.AsSpan(row * Width + x, width).Fill(pixel);
        }

        private void ReadHextile(int left, int top, int areaWidth, int areaHeight)
        {
            uint back = 0, fore = 0;
            for (int y = top; y < top + areaHeight; y += 16)
            {
                for (int x = left; x < left + areaWidth; x += 16)
                {
                    int width = Math.Min(16, left + areaWidth - x), height = Math.Min(16, top + areaHeight - y), kind = ReadBytes(1)[0];
                    if ((kind & 1) != 0)
                    {
                        Fill(_stream, x, y, width, height, _bits / 8);
                        continue;
                    }

                    if ((kind & 2) != 0)
                        back = Pixel(_stream, _bits / 8);
                    Fill(x, y, width, height, back);
                    if ((kind & 4) != 0)
                        fore = Pixel(_stream, _bits / 8);
                    for (int count = (kind & 8) != 0 ? ReadBytes(1)[0] : 0; count > 0; count--)
                    {
                        uint colour = (kind & 16) != 0 ? Pixel(_stream, _bits / 8) : fore;
                        byte[] place = ReadBytes(2);
                        Fill(x + (place[0] >> 4), y + (place[0] & 15), (place[1] >> 4) + 1, (place[1] & 15) + 1, colour);
                    }
                }
            }
        }

        private void ReadZrle(int left, int top, int areaWidth, int areaHeight)
        {
            byte[] packed = ReadBytes(Long());
            _packed.Position = _packed.Length;
            _packed.Write(packed);
            _packed.Position = _unpackedFrom;
            _zlib ??= new ZLibStream(_packed, CompressionMode.Decompress);
            int bytes = _bits == 32 ? 3 : _bits / 8;
            for (int y = top; y < top + areaHeight; y += 64)
            {
                for (int x = left; x < left + areaWidth; x += 64)
                {
                    int width = Math.Min(64, left + areaWidth - x), height = Math.Min(64, top + areaHeight - y), kind = _zlib.ReadByte();
                    if (kind == 0)
                    {
                        Fill(_zlib, x, y, width, height, bytes);
                        continue;
                    }

                    Assert.InRange(kind, 1, 16);
                    uint[] palette = [.. Enumerable.Range(0, kind).Select(_ => Pixel(_zlib, bytes))];
                    if (kind == 1)
                    {
                        Fill(x, y, width, height, palette[0]);
                        continue;
                    }

                    int bits = kind <= 2 ? 1 : kind <= 4 ? 2 : 4;
                    for (int row = 0; row < height; row++)
                    {
                        int value = 0, have = 0;
                        for (int column = 0; column < width; column++)
                        {
                            if (have == 0)
                                (value, have) = (_zlib.ReadByte(), 8);
                            have -= bits;
                            _pixels[(y + row) * Width + x + column] = palette[value >> have & ((1 << bits) - 1)];
                        }
                    }
                }
            }

            _unpackedFrom = _packed.Position;
        }
    }
}
