using System.Buffers.Binary;
using System.Text;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tests.LinuxUser;

/// <summary>A little guest memory that things are put into one after the other, and a printer over it.</summary>
internal sealed class StraceGuest : IGuestReader
{
    public const ulong Base = 0x10000;

    private readonly byte[] _memory = new byte[0x4000];
    private readonly GuestAbi _abi;
    private int _next;

    public StraceGuest(GuestAbi abi)
    {
        _abi = abi;
        Printer = new StracePrinter(abi, this);
    }

    public static StraceGuest X64() => new(new GuestAbi(8, bigEndian: false));

    public static StraceGuest I386() => new(new GuestAbi(4, bigEndian: false));

    public static StraceGuest Ppc() => new(new GuestAbi(4, bigEndian: true));

    public StracePrinter Printer { get; }

    /// <summary>The last byte that can be read is the one before this address.</summary>
    public static ulong End => Base + 0x4000;

    public bool TryRead(ulong address, Span<byte> into)
    {
        if (address < Base || address + (ulong)into.Length > End || address > End)
            return false;
        _memory.AsSpan((int)(address - Base), into.Length).CopyTo(into);
        return true;
    }

    public ulong Text(string text) => Bytes(Encoding.UTF8.GetBytes(text + "\0"));

    public ulong Bytes(params ReadOnlySpan<byte> bytes)
    {
        _next = (_next + 15) & ~15;
        bytes.CopyTo(_memory.AsSpan(_next));
        ulong address = Base + (ulong)_next;
        _next += bytes.Length;
        return address;
    }

    public ulong AtEnd(params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_memory.AsSpan(_memory.Length - bytes.Length));
        return End - (ulong)bytes.Length;
    }

    /// <summary>Lays out numbers of mixed width as (bytes, value), in the guest's byte order, with no padding of its own.</summary>
    public ulong Struct(params (int Bytes, long Value)[] fields)
    {
        var raw = new List<byte>();
        foreach ((int bytes, long value) in fields)
        {
            var buffer = new byte[8];
            if (_abi.BigEndian)
            {
                BinaryPrimitives.WriteInt64BigEndian(buffer, value);
                raw.AddRange(buffer[(8 - bytes)..]);
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(buffer, value);
                raw.AddRange(buffer[..bytes]);
            }
        }
        return Bytes([.. raw]);
    }

    public ulong Words(params long[] words) => Struct([.. words.Select(w => (_abi.WordBytes, w))]);

    public string Full(SyscallRow row, long result, params ReadOnlySpan<ulong> args) => Printer.Full(row, args, result);

    public string Enter(SyscallRow row, params ReadOnlySpan<ulong> args) => Printer.Enter(row, args);
}
