using System.Text;
using CsCheck;
using Suite.Gdb;

namespace Suite.Tests.Gdb;

/// <summary>Packets in, packets out.</summary>
public sealed class GdbSessionTests
{
    private readonly FakeGdbTarget _target = new();
    private readonly StringBuilder _sent = new();
    private readonly GdbSession _session;

    public GdbSessionTests()
    {
        _session = new GdbSession(_target, bytes => _sent.Append(Encoding.Latin1.GetString(bytes)));
        _session.Begin(new GdbStop(GdbStopKind.Signal, FakeGdbTarget.First));
        Ask("qSupported:multiprocess+;swbreak+;fork-events+;exec-events+");
        Ask("QStartNoAckMode");
        _sent.Clear();
    }

    [Theory]
    [InlineData("vMustReplyEmpty", "")]
    [InlineData("qC", "QCp1234.1234")]
    [InlineData("qAttached", "1")]
    [InlineData("qfThreadInfo", "mp1234.1234,p1234.1235")]
    [InlineData("qsThreadInfo", "l")]
    [InlineData("qThreadExtraInfo,p1234.1235", "613c62")]
    [InlineData("Tp1234.1235", "OK")]
    [InlineData("Tp1234.9", "E16")]
    [InlineData("Hgp1234.1235", "OK")]
    [InlineData("Hg-1", "OK")]
    [InlineData("Hx1", "E16")]
    [InlineData("vCont?", "vCont;c;C;s;S;t;r")]
    [InlineData("Z0,1000,1", "OK")]
    [InlineData("Z4,1000,1", "")]
    [InlineData("Z9,1000,1", "")]
    [InlineData("Z0,1000", "E16")]
    [InlineData("M10,2:abcd", "OK")]
    [InlineData("M10,2:abc", "E16")]
    [InlineData("M10,3:abcd", "E16")]
    [InlineData("M100000,1:00", "E0e")]
    [InlineData("m20000,4", "E0e")]
    [InlineData("mfffe,4", "0000")]
    [InlineData("m,4", "E16")]
    [InlineData("m10", "E16")]
    [InlineData("g", "000000000000000000000000")]
    [InlineData("G00", "E16")]
    [InlineData("p1", "0000000000000000")]
    [InlineData("p7", "E16")]
    [InlineData("pzz", "E16")]
    [InlineData("P0=01", "E16")]
    [InlineData("P0=01020304", "OK")]
    [InlineData("qXfer:auxv:read::0,100", "l\u0001}\u0003\u0003")]
    [InlineData("qXfer:auxv:read::1,1", "m}\u0003")]
    [InlineData("qXfer:auxv:read::9,1", "l")]
    [InlineData("qXfer:auxv:read::x", "E16")]
    [InlineData("qXfer:nothing:read::0,1", "E00")]
    [InlineData("qXfer:auxv:write::0:x", "")]
    [InlineData("qXfer:siginfo:write::0:xy", "2")]
    [InlineData("qRcmd,68656c70", "O3c68656c703e|OK")]
    [InlineData("qRcmd,6", "E16")]
    [InlineData("QNonStop:0", "OK")]
    [InlineData("QNonStop:1", "")]
    [InlineData("QPassSignals:e;10;14", "OK")]
    [InlineData("QPassSignals:e;;", "E16")]
    [InlineData("QCatchSyscalls:1;1;2", "OK")]
    [InlineData("QCatchSyscalls:1;x", "E16")]
    [InlineData("vFile:setfs:0", "F0")]
    [InlineData("vFile:open:2f61,0,0", "F5")]
    [InlineData("vFile:open:2f62,0,0", "F-1,2")]
    [InlineData("vFile:open:2f6", "F-1,16")]
    [InlineData("vFile:pread:5,10,0", "F3;x}\u0003y")]
    [InlineData("vFile:pread:5,10,3", "F0;")]
    [InlineData("vFile:pwrite:5,0,abc", "F3")]
    [InlineData("vFile:close:5", "F0")]
    [InlineData("vFile:unlink:2f61", "F-1,1")]
    [InlineData("vFile:readlink:2f61", "F1;t")]
    [InlineData("vFile:fstat:6", "F-1,9")]
    [InlineData("vFile:", "")]
    [InlineData("vAttach;1234", "T0500:00000000;01:0000000000000000;thread:p1234.1234;")]
    [InlineData("vAttach;1", "E01")]
    [InlineData("vKill;x", "E16")]
    [InlineData("D;9", "E16")]
    [InlineData("vCont;q", "E16")]
    [InlineData("vCont;", "E16")]
    [InlineData("vCont;r10", "E16")]
    [InlineData("C", "E16")]
    [InlineData("qSearch:memory:0;100;zz", "0")]
    [InlineData("qCRC:0,0", "Cffffffff")]
    [InlineData("", "")]
    public void Answers(string packet, string answer) => Assert.Equal(answer, Ask(packet));

    [Theory]
    [InlineData("vCont;c", "Continue:1234 Continue:1235")]
    [InlineData("vCont;s:p1234.1235;c", "Continue:1234 Step:1235")]
    [InlineData("vCont;S0b:p1234.1234", "Step:1234!11")]
    [InlineData("vCont;C0b", "Continue:1234!11 Continue:1235")]
    [InlineData("vCont;r1000,1010:p1234.1234;t", "RangeStep:1234[1000,1010]")]
    [InlineData("vCont;c:p1234.-1", "Continue:1234 Continue:1235")]
    [InlineData("s", "Step:1234 Continue:1235")]
    [InlineData("C05", "Continue:1234!5 Continue:1235")]
    public void Goes_on(string packet, string asked)
    {
        Assert.Equal("", Ask(packet));
        Assert.True(_session.IsRunning);
        Assert.Equal(asked, _target.Log[^1]);
        Assert.Equal("", Ask("g")); // nothing is answered meanwhile
        _session.Receive([3]);
        Assert.Equal("interrupt", _target.Log[^1]);
        _session.Stopped(new GdbStop(GdbStopKind.Breakpoint, FakeGdbTarget.Second));
        Assert.Equal("T0500:00000000;01:0000000000000000;thread:p1234.1235;swbreak:;", Take());
    }

    [Fact]
    public void Tells_each_kind_of_stop()
    {
        string Told(GdbStop stop)
        {
            _session.Stopped(stop);
            string text = Take();
            int at = text.IndexOf("thread:", StringComparison.Ordinal);
            return at < 0 ? text : text[at..];
        }

        GdbThreadId one = FakeGdbTarget.First, child = new(0x77, 0x77);
        Assert.Equal("thread:p1234.1234;watch:10;", Told(new GdbStop(GdbStopKind.WriteWatch, one) { Value = 16 }));
        Assert.Equal("thread:p1234.1234;rwatch:10;", Told(new GdbStop(GdbStopKind.ReadWatch, one) { Value = 16 }));
        Assert.Equal("thread:p1234.1234;awatch:10;", Told(new GdbStop(GdbStopKind.AccessWatch, one) { Value = 16 }));
        Assert.Equal("thread:p1234.1234;syscall_entry:1;", Told(new GdbStop(GdbStopKind.CallEntry, one) { Value = 1 }));
        Assert.Equal("thread:p1234.1234;syscall_return:1;", Told(new GdbStop(GdbStopKind.CallReturn, one) { Value = 1 }));
        Assert.Equal("thread:p1234.1234;fork:p77.77;", Told(new GdbStop(GdbStopKind.Fork, one) { Other = child }));
        Assert.Equal("thread:p1234.1234;vfork:p77.77;", Told(new GdbStop(GdbStopKind.Vfork, one) { Other = child }));
        Assert.Equal("thread:p1234.1234;vforkdone:;", Told(new GdbStop(GdbStopKind.VforkDone, one)));
        Assert.Equal("thread:p1234.1234;exec:2f61;", Told(new GdbStop(GdbStopKind.Exec, one) { Path = "/a"u8.ToArray() }));
        _target.Live.Clear();
        Assert.Equal("W07;process:1234", Told(new GdbStop(GdbStopKind.Exited, one) { Value = 7 }));
        Assert.True(_session.IsOver);
        Assert.Equal("X0b;process:1234", Told(new GdbStop(GdbStopKind.Killed, one) { Signal = 11 }));
    }

    [Fact]
    public void Target_xml_comes_in_parts()
    {
        StringBuilder xml = new();
        string part;
        do
        {
            part = Ask($"qXfer:features:read:target.xml:{xml.Length:x},20");
            xml.Append(part.AsSpan(1));
        }
        while (part[0] == 'm');
        Assert.Contains("<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"1\"/>", xml.ToString());
        Assert.Equal("E00", Ask("qXfer:features:read:other.xml:0,20"));
        Assert.Contains("name=\"a&lt;b\"", Ask("qXfer:threads:read::0,1000"));
    }

    [Fact]
    public void Detaching_and_killing_end_the_session()
    {
        Assert.Equal("OK", Ask("D;1234"));
        Assert.True(_session.IsOver);
        Assert.Equal("detach 1234", _target.Log[^1]);

        GdbSessionTests other = new();
        Assert.Equal("OK", other.Ask("vKill;1234"));
        Assert.True(other._session.IsOver);
    }

    [Fact]
    public void Packets_are_acknowledged_repeated_and_refused_until_that_is_switched_off()
    {
        StringBuilder sent = new();
        GdbSession session = new(_target, bytes => sent.Append(Encoding.Latin1.GetString(bytes)));
        session.Begin(new GdbStop(GdbStopKind.Signal, FakeGdbTarget.First));
        session.Receive("$qAttached#8f-"u8);
        Assert.Equal("+$1#31$1#31", sent.ToString());
        sent.Clear();
        session.Receive("$qAttached#00"u8);
        session.Receive("$qAttached#zz"u8);
        Assert.Equal("--", sent.ToString());
        sent.Clear();
        session.Receive("garbage$qAtt$qAttached#8f"u8); // a packet that began anew
        Assert.Equal("+$1#31", sent.ToString());
    }

    [Fact]
    public void Hostile_bytes_are_survived()
    {
        _session.Receive("$m0,4"u8);
        _session.Receive(new byte[100_000].AsSpan());
        _session.Receive("#00"u8);
        _sent.Clear();
        Assert.Equal("OK", Ask("Hg-1"));
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            if (_session.IsRunning)
                _session.Stopped(new GdbStop(GdbStopKind.Signal, FakeGdbTarget.First));
            _session.Receive(Frame(bytes));
            _session.Receive(bytes);
        }, iter: 20_000, threads: 1);
        string[] kinds = ["vCont;", "qXfer:auxv:read::", "vFile:pread:", "vFile:open:", "Z0,", "X10,", "H", "qSearch:memory:", "QPassSignals:", "QCatchSyscalls:", "P", "m", "D;", "qThreadExtraInfo,", "qSupported:"];
        Gen.Select(Gen.Int[0, kinds.Length - 1], Gen.Char["0123456789abcdef,;:.-p=+xrcsCSt"].Array[0, 24]).Sample((kind, rest) =>
        {
            FakeGdbTarget target = new();
            GdbSession session = new(target, _ => { });
            session.Begin(new GdbStop(GdbStopKind.Signal, FakeGdbTarget.First));
            session.Receive(Frame(Encoding.Latin1.GetBytes(kinds[kind] + new string(rest))));
        }, iter: 20_000, threads: 1);
    }

    // Payloads of the answers, joined by |.
    private string Ask(string packet)
    {
        _session.Receive(Frame(Encoding.Latin1.GetBytes(packet)));
        return Take();
    }

    private string Take()
    {
        string text = _sent.ToString();
        _sent.Clear();
        List<string> payloads = [];
        while (text.IndexOf('$') is >= 0 and var start)
        {
            int end = text.IndexOf('#', start);
            payloads.Add(text[(start + 1)..end]);
            text = text[(end + 3)..];
        }

        return string.Join('|', payloads);
    }

    private static byte[] Frame(ReadOnlySpan<byte> payload)
    {
        List<byte> frame = [(byte)'$'];
        byte sum = 0;
        foreach (byte b in payload)
        {
            if (b is (byte)'$' or (byte)'#' or (byte)'}')
            {
                frame.AddRange([(byte)'}', (byte)(b ^ 0x20)]);
                sum += (byte)('}' + (b ^ 0x20));
            }
            else
            {
                frame.Add(b);
                sum += b;
            }
        }

        frame.AddRange([(byte)'#', .. Encoding.ASCII.GetBytes($"{sum:x2}")]);
        return [.. frame];
    }
}
