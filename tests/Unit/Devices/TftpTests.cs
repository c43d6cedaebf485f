using System.Buffers.Binary;
using System.Text;
using Suite.Devices.Net;

namespace Suite.Tests.Devices;

/// <summary>The TFTP server of user-mode networks (RFC 1350, 2347 to 2349), from which guests boot.</summary>
public sealed class TftpTests : IDisposable
{
    private const ushort Port = 2070;
    private const byte Udp = 17;

    private readonly string _folder = Directory.CreateTempSubdirectory("tftp").FullName;
    private readonly GuestStack _guest;

    public TftpTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "root"));
        _guest = new GuestStack(new UserNetworkOptions { TftpRoot = Path.Combine(_folder, "root") });
        _guest.SendArp(GuestStack.Gateway);
        _guest.Next();
    }

    public void Dispose()
    {
        _guest.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(1024)]
    [InlineData(1300)]
    public void A_file_arrives_block_by_block(int length)
    {
        byte[] contents = Write("file", length);
        Assert.Equal(contents, Read("file\0octet\0"));
    }

    [Fact]
    public void Sizes_are_negotiated()
    {
        byte[] contents = Write("sub/file", 5000);
        Send(1, "/sub/file\0octet\0blksize\09000\0tsize\00\0multicast\0\0");
        Assert.Equal("blksize\01468\0tsize\05000\0", Encoding.ASCII.GetString(Receive(6)));
        Assert.Equal(contents, ReadOn(0, [], 1468));
    }

    [Fact]
    public void A_block_that_was_lost_is_sent_again()
    {
        Write("file", 1200);
        Send(1, "file\0octet\0");
        byte[] first = Receive(3);
        Acknowledge(1);
        byte[] second = Receive(3);
        Acknowledge(1);
        Assert.Equal(second, Receive(3));
        Send(1, "file\0octet\0");
        Assert.Equal(first, Receive(3));
    }

    [Theory]
    [InlineData("../secret\0octet\0", 1)]
    [InlineData("/../secret\0octet\0", 1)]
    [InlineData("missing\0octet\0", 1)]
    [InlineData("\0octet\0", 1)]
    [InlineData("sub\0octet\0", 1)]
    [InlineData("file\0netascii\0", 4)]
    [InlineData("file", 4)]
    [InlineData("file\0octet\0blksize\07\0", 8)]
    [InlineData("file\0octet\0tsize\0-\0", 8)]
    public void What_cannot_be_had_is_an_error(string request, int code)
    {
        Write("sub/file", 10);
        Write("file", 10);
        File.WriteAllText(Path.Combine(_folder, "secret"), "no");
        Send(1, request);
        Assert.Equal(code, BinaryPrimitives.ReadUInt16BigEndian(Receive(5)));
    }

    [Fact]
    public void Nothing_is_written()
    {
        Send(2, "file\0octet\0");
        Assert.Equal(2, BinaryPrimitives.ReadUInt16BigEndian(Receive(5)));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        Assert.Contains("no such folder", Assert.Throws<FormatException>(() => new UserNetworkOptions().TrySet("tftp", "/nonexistent")).Message, StringComparison.Ordinal);

    private byte[] Write(string name, int length)
    {
        string path = Path.Combine(_folder, "root", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] contents = new byte[length];
        new Random(length).NextBytes(contents);
        File.WriteAllBytes(path, contents);
        return contents;
    }

    private byte[] Read(string request)
    {
        Send(1, request);
        byte[] block = Receive(3);
        Assert.Equal(1, BinaryPrimitives.ReadUInt16BigEndian(block));
        return ReadOn(1, block[2..], 512);
    }

    // Acknowledges a block, and so on to the end.
    private byte[] ReadOn(ushort number, byte[] last, int blockBytes)
    {
        List<byte> all = [.. last];
        while (number == 0 || last.Length == blockBytes)
        {
            Acknowledge(number++);
            byte[] block = Receive(3);
            Assert.Equal(number, BinaryPrimitives.ReadUInt16BigEndian(block));
            last = block[2..];
            all.AddRange(last);
        }

        Acknowledge(number);
        Assert.Null(_guest.Next(20));
        return [.. all];
    }

    private void Acknowledge(ushort number) => Send(4, [(byte)(number >> 8), (byte)number]);

    private void Send(byte operation, string text) => Send(operation, Encoding.ASCII.GetBytes(text));

    private void Send(byte operation, byte[] body)
    {
        byte[] packet = [Port >> 8, Port & 0xFF, 0, 69, 0, 0, 0, 0, 0, operation, .. body];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)packet.Length);
        _guest.SendIp(Udp, GuestStack.Gateway, packet);
    }

    // What follows the operation, which must be this one.
    private byte[] Receive(byte operation)
    {
        byte[] packet = _guest.NextIp(Udp, out uint from);
        Assert.Equal((GuestStack.Gateway, Port, operation), (from, BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2)), packet[9]));
        return packet[10..];
    }
}
