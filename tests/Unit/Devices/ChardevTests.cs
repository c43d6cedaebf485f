using System.Net;
using System.Net.Sockets;
using System.Text;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Tests.Devices;

public sealed class ChardevTests : IDisposable
{
    private readonly HostLoop _loop = new(new Lock());
    private readonly string _folder = Directory.CreateTempSubdirectory("chardev").FullName;
    private readonly Listener _listener = new();

    public void Dispose()
    {
        _loop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_file_takes_output_and_another_gives_input()
    {
        string path = Path.Combine(_folder, "out"), input = Path.Combine(_folder, "in");
        File.WriteAllText(input, "typed");
        using (FileChardev file = new(path, appends: false, input, _loop) { Receiver = _listener })
        {
            file.Write("hello"u8);
            Until(() => _listener.Text == "typed");
        }

        Assert.Equal("hello", File.ReadAllText(path));
        using (FileChardev file = new(path, appends: true, null, _loop))
            file.Write(" again"u8);
        Assert.Equal("hello again", File.ReadAllText(path));
        IOException error = Assert.Throws<IOException>(() => new FileChardev(Path.Combine(_folder, "no/where"), false, null, _loop));
        Assert.Contains("it does not exist", error.Message);
    }

    [Fact]
    public void Input_waits_until_the_device_has_room()
    {
        string input = Path.Combine(_folder, "in");
        File.WriteAllText(input, "0123456789");
        _listener.Limit = 4;
        using FileChardev file = new(Path.Combine(_folder, "out"), false, input, _loop) { Receiver = _listener };
        for (int i = 0; i < 5; i++)
            _loop.RunOnce(10);
        Assert.Equal("0123", _listener.Text);
        _listener.Limit = 100;
        file.ReceiverReady();
        Until(() => _listener.Text == "0123456789");
    }

    [Fact]
    public void A_pty_is_a_raw_terminal()
    {
        using PtyChardev pty = new(_loop) { Receiver = _listener };
        Assert.StartsWith("/dev/pts/", pty.Path);
        using FileStream terminal = new(pty.Path, FileMode.Open, FileAccess.ReadWrite);
        terminal.Write("ab\r"u8);
        terminal.Flush();
        Until(() => _listener.Text == "ab\r");
        pty.Write("x\ny"u8);
        byte[] read = new byte[3];
        terminal.ReadExactly(read.AsSpan(0, 1));
        Assert.Equal((byte)'x', read[0]);
    }

    [Fact]
    public void A_terminal_made_raw_is_put_back()
    {
        using PtyChardev pty = new(_loop);
        using FileStream terminal = new(pty.Path, FileMode.Open, FileAccess.ReadWrite);
        int descriptor = (int)terminal.SafeFileHandle.DangerousGetHandle();
        TerminalMode first = new(descriptor);
        Assert.True(first.IsTerminal);
        first.SetRaw(withSignals: true);
        TerminalMode second = new(descriptor);
        second.SetRaw(withSignals: false);
        second.Restore();
        first.Restore();
        Assert.False(new TerminalMode(HostFile.Open("/dev/null", 0)).IsTerminal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_server_talks_to_one_client_after_the_other(bool isUnix)
    {
        HostEndpoint place = isUnix ? HostEndpoint.Unix(Path.Combine(_folder, "socket")) : HostEndpoint.Internet(IPAddress.Loopback, 0);
        using SocketChardev server = new(place, isServer: true, isTelnet: false, 0, _loop) { Receiver = _listener };
        server.Write("nobody hears"u8);
        for (int i = 0; i < 2; i++)
        {
            _listener.Clear();
            using Socket client = Connect(server.Endpoint, isUnix);
            client.Send("hi"u8);
            Until(() => _listener.Text == "hi");
            Assert.True(server.IsOpen);
            server.Write("there"u8);
            Assert.Equal("there", Read(client, 5));
            client.Close();
            Until(() => !server.IsOpen);
            Assert.Equal(["opened", "closed"], _listener.Events);
        }
    }

    [Fact]
    public void Two_ends_of_this_kind_find_each_other()
    {
        string path = Path.Combine(_folder, "socket");
        using SocketChardev server = new(HostEndpoint.Unix(path), isServer: true, isTelnet: false, 0, _loop) { Receiver = _listener };
        Listener other = new();
        using SocketChardev client = new(HostEndpoint.Unix(path), isServer: false, isTelnet: false, 0, _loop) { Receiver = other };
        client.Write("question"u8);
        Until(() => _listener.Text == "question");
        server.Write("answer"u8);
        Until(() => other.Text == "answer");
        server.Dispose();
        Until(() => other.Events.Contains("closed"));
        Assert.False(File.Exists(path));
        IOException error = Assert.Throws<IOException>(() => new SocketChardev(HostEndpoint.Unix(path), false, false, 0, _loop));
        Assert.Contains("start the other side first", error.Message);
    }

    [Fact]
    public void Much_output_arrives_whole_while_the_client_is_slow()
    {
        using SocketChardev server = new(HostEndpoint.Internet(IPAddress.Loopback, 0), isServer: true, isTelnet: false, 0, _loop);
        using Socket client = Connect(server.Endpoint, isUnix: false);
        Until(() => server.IsOpen);
        byte[] part = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("0123456789abcdef", 64)));
        int total = 0;
        Thread reader = new(() =>
        {
            byte[] buffer = new byte[10_000];
            while (total < 3000 * part.Length && client.Receive(buffer) is var n && n > 0)
                total += n;
        });
        reader.Start();
        for (int i = 0; i < 3000; i++)
            server.Write(part);
        Until(() => !reader.IsAlive);
        Assert.Equal(3000 * part.Length, total);
    }

    [Fact]
    public void Telnet_options_are_not_input_and_break_is_a_break()
    {
        using SocketChardev server = new(HostEndpoint.Internet(IPAddress.Loopback, 0), isServer: true, isTelnet: true, 0, _loop) { Receiver = _listener };
        using Socket client = Connect(server.Endpoint, isUnix: false);
        client.Send([255, 253, 1, (byte)'a', 255, 255, 255, 250, 24, 1, 255, 240, (byte)'b', 255, 243]);
        Until(() => _listener.Events.Contains("break"));
        Assert.Equal("a\u00ffb", _listener.Text);
        server.Write([1, 255, 2]);
        byte[] read = new byte[16];
        for (int got = 0; got < 16;)
            got += client.Receive(read, got, 16 - got, SocketFlags.None);
        Assert.Equal("FFFB01FFFB03FFFB00FFFD0001FFFF02", Convert.ToHexString(read));
    }

    [Fact]
    public void Two_devices_share_a_terminal_by_Ctrl_A()
    {
        MemoryLine terminal = new();
        Listener serial = new(), monitor = new();
        bool hasQuit = false, hasCommitted = false;
        CharMux mux = new(terminal, dropsWhenFull: true) { Quit = () => hasQuit = true, Commit = () => hasCommitted = true };
        IChardev first = mux.Add(), second = mux.Add();
        (first.Receiver, second.Receiver) = (serial, monitor);
        mux.Receive("ls\u0001cinfo\u0001c\u0001\u0001\u0001b"u8);
        Assert.Equal(("ls\u0001", "info"), (serial.Text, monitor.Text));
        Assert.Contains("break", serial.Events);
        first.Write("guest "u8);
        second.Write("(qemu) "u8);
        Assert.Equal("guest (qemu) ", Encoding.ASCII.GetString([.. terminal.Sent]));
        mux.Receive("\u0001h"u8);
        Assert.Contains("C-a x    exit emulator", Encoding.ASCII.GetString([.. terminal.Sent]));
        Assert.False(hasQuit || hasCommitted);
        mux.Receive("\u0001s"u8);
        Assert.True(hasCommitted);
        serial.Limit = 0; // the guest hangs: Ctrl-A is heard all the same
        mux.Receive(Encoding.ASCII.GetBytes(new string('z', 1000)));
        Assert.NotEqual(0, mux.Room);
        mux.Receive("\u0001x"u8);
        Assert.True(hasQuit);
    }

    [Fact]
    public void A_script_s_input_waits_for_the_guest()
    {
        MemoryLine terminal = new();
        Listener serial = new() { Limit = 3 };
        CharMux mux = new(terminal, dropsWhenFull: false);
        IChardev front = mux.Add();
        front.Receiver = serial;
        mux.Receive(Encoding.ASCII.GetBytes(new string('a', 64)));
        Assert.Equal((3, 3), (serial.Text.Length, mux.Room));
        serial.Limit = 10;
        front.ReceiverReady();
        Assert.Equal((10, 10), (serial.Text.Length, mux.Room));
    }

    [Fact]
    public void Timestamps_stand_at_the_start_of_lines()
    {
        MemoryLine terminal = new();
        CharMux mux = new(terminal, dropsWhenFull: true);
        IChardev front = mux.Add();
        mux.Receive("\u0001t"u8);
        front.Write("one\ntwo"u8);
        Assert.Matches(@"^\[00:00:0\d\.\d{3}\] one\n\[00:00:0\d\.\d{3}\] two$", Encoding.ASCII.GetString([.. terminal.Sent]));
    }

    [Fact]
    public void The_loop_runs_timers_and_posted_work()
    {
        List<int> order = [];
        HostTimer late = _loop.NewTimer(() => order.Add(2)), early = _loop.NewTimer(() => order.Add(1)), never = _loop.NewTimer(() => order.Add(3));
        late.Set(40);
        early.Set(10);
        never.Set(20);
        never.Cancel();
        _loop.Post(() => order.Add(0));
        Until(() => order.Count == 3);
        Assert.Equal([0, 1, 2], order);
        Assert.False(early.IsRunning);
    }

    private static Socket Connect(HostEndpoint endpoint, bool isUnix)
    {
        Socket socket = isUnix ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(isUnix ? new UnixDomainSocketEndPoint(endpoint.ToString()) : new IPEndPoint(IPAddress.Loopback, endpoint.Port));
        return socket;
    }

    private static string Read(Socket socket, int length)
    {
        byte[] bytes = new byte[length];
        for (int got = 0; got < length;)
            got += socket.Receive(bytes, got, length - got, SocketFlags.None);
        return Encoding.ASCII.GetString(bytes);
    }

    private void Until(Func<bool> isDone)
    {
        for (long end = HostLoop.Milliseconds + 5000; !isDone() && HostLoop.Milliseconds < end;)
            _loop.RunOnce(10);
        Assert.True(isDone());
    }

    private sealed class Listener : ICharReceiver
    {
        private readonly StringBuilder _text = new();

        public List<string> Events { get; } = [];

        public int Limit { get; set; } = 1000;

        public string Text => _text.ToString();

        public int Room => Math.Max(Limit - _text.Length, 0);

        public void Clear()
        {
            _text.Clear();
            Events.Clear();
        }

        public void Receive(ReadOnlySpan<byte> bytes) => _text.Append(Encoding.Latin1.GetString(bytes));

        public void Opened() => Events.Add("opened");

        public void Closed() => Events.Add("closed");

        public void Break() => Events.Add("break");
    }
}
