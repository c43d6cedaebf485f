using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// Converts C structs between a 32-bit guest and the host, by a code of one letter a field. Codes are literals, so a table of them
/// costs nothing at start.
/// <list type="table">
/// <item><term>b</term><description>byte; with a count also opaque bytes and text</description></item>
/// <item><term>h i q</term><description>integer of 2, 4, 8 bytes</description></item>
/// <item><term>u</term><description>8 bytes whose upper half is padding in the guest: nanoseconds of a 64-bit timespec</description></item>
/// <item><term>l</term><description>C long, signed: 4 bytes in the guest, 8 on the host</description></item>
/// <item><term>p</term><description>pointer, size_t or unsigned long: 4 and 8 bytes</description></item>
/// <item><term>n m</term><description>2 and 4 bytes in network order or otherwise not to be swapped</description></item>
/// <item><term>e</term><description>4 bytes aligned to 8: starts a struct that C aligns to 8 though its fields are smaller</description></item>
/// <item><term>s</term><description>sockaddr_storage, 128 bytes, aligned as a pointer, fields swapped by family</description></item>
/// <item><term>( )</term><description>nested struct</description></item>
/// </list>
/// A decimal count may follow a letter or a closing parenthesis. Fields are aligned as each side's C compiler does.
/// </summary>
public static class StructCode
{
    /// <summary>Size of the struct in the guest, in bytes.</summary>
    public static int GuestSize(ReadOnlySpan<byte> code, GuestAbi abi) => Run(code, abi, default, default, Direction.Measure).Guest;

    /// <summary>Size of the struct on the host, in bytes.</summary>
    public static int HostSize(ReadOnlySpan<byte> code) => Run(code, GuestAbi.I386, default, default, Direction.Measure).Host;

    /// <summary>Converts guest to host. Padding is left alone; fields that are not wholly in both spans too.</summary>
    public static void ToHost(ReadOnlySpan<byte> code, GuestAbi abi, ReadOnlySpan<byte> guest, Span<byte> host) =>
        Run(code, abi, MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(guest), guest.Length),
            host, Direction.ToHost);

    /// <summary>Converts host to guest. Padding is left alone; fields that are not wholly in both spans too.</summary>
    public static void ToGuest(ReadOnlySpan<byte> code, GuestAbi abi, ReadOnlySpan<byte> host, Span<byte> guest) =>
        Run(code, abi, guest,
            MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(host), host.Length), Direction.ToGuest);

    /// <summary>Swaps the fields of a struct that has one layout on both sides (no long, no pointer), where it lies.</summary>
    public static void SwapInPlace(ReadOnlySpan<byte> code, GuestAbi abi, Span<byte> data)
    {
        if (abi.BigEndian)
            Run(code, abi, data, data, Direction.ToHost);
    }

    private enum Direction : byte { Measure, ToHost, ToGuest }

    private static (int Guest, int Host) Run(ReadOnlySpan<byte> code, GuestAbi abi, Span<byte> guest, Span<byte> host, Direction direction)
    {
        Walker walker = new(code, abi, guest, host, direction);
        walker.Struct(0, 0, out int guestSize, out int hostSize, out _, out _);
        return (guestSize, hostSize);
    }

    private ref struct Walker(ReadOnlySpan<byte> code, GuestAbi abi, Span<byte> guest, Span<byte> host, Direction direction)
    {
        private readonly ReadOnlySpan<byte> _code = code;
        private readonly Span<byte> _guest = guest, _host = host;
        private int _at;

        // One struct from the current place in the code to its end or closing parenthesis.
        public void Struct(int guestBase, int hostBase, out int guestSize, out int hostSize, out int guestAlign, out int hostAlign)
        {
            int g = guestBase, h = hostBase;
            (guestAlign, hostAlign) = (1, 1);
            while (_at < _code.Length && _code[_at] != ')')
            {
                byte kind = _code[_at++];
                if (kind == '(')
                {
                    Group(ref g, ref h, ref guestAlign, ref hostAlign);
                    continue;
                }

                int count = Count();
                (int guestBytes, int hostBytes) = Bytes(kind);
                (int alignGuest, int alignHost) = kind switch
                {
                    (byte)'e' => (8, 8),
                    (byte)'s' => (4, 8),
                    _ => (guestBytes == 8 ? abi.LargestAlignment : guestBytes, hostBytes),
                };
                (guestAlign, hostAlign) = (Math.Max(guestAlign, alignGuest), Math.Max(hostAlign, alignHost));
                (g, h) = (Align(g, alignGuest), Align(h, alignHost));
                if (direction != Direction.Measure)
                    Move(kind, count, g, h, guestBytes, hostBytes);
                g += guestBytes * count;
                h += hostBytes * count;
            }

            guestSize = Align(g, guestAlign) - guestBase;
            hostSize = Align(h, hostAlign) - hostBase;
        }

        private void Group(ref int g, ref int h, ref int guestAlign, ref int hostAlign)
        {
            // The alignment is known only after a first walk, which moves nothing.
            int start = _at;
            Walker measure = new(_code, abi, default, default, Direction.Measure) { _at = start };
            measure.Struct(0, 0, out int guestSize, out int hostSize, out int alignGuest, out int alignHost);
            (guestAlign, hostAlign) = (Math.Max(guestAlign, alignGuest), Math.Max(hostAlign, alignHost));
            (g, h) = (Align(g, alignGuest), Align(h, alignHost));
            _at = measure._at + 1;
            int count = Count(), end = _at;
            for (int i = 0; i < count; i++, g += guestSize, h += hostSize)
            {
                _at = start;
                Struct(g, h, out _, out _, out _, out _);
            }

            _at = end;
        }

        private readonly void Move(byte kind, int count, int g, int h, int guestBytes, int hostBytes)
        {
            bool opaque = kind is (byte)'b' or (byte)'n' or (byte)'m' or (byte)'s' || (!abi.BigEndian && guestBytes == hostBytes && kind != 'u');
            if (opaque)
            {
                // What is not all there is copied as far as it is: text and opaque bytes may be cut short.
                int bytes = Math.Min(guestBytes * count, Math.Min(_guest.Length - g, _host.Length - h));
                if (bytes <= 0)
                    return;
                if (direction == Direction.ToHost)
                    _guest.Slice(g, bytes).CopyTo(_host[h..]);
                else
                    _host.Slice(h, bytes).CopyTo(_guest[g..]);
                if (kind == 's')
                    Addresses(g, h, bytes);
                return;
            }

            for (; count > 0 && g + guestBytes <= _guest.Length && h + hostBytes <= _host.Length; count--, g += guestBytes, h += hostBytes)
                if (direction == Direction.ToHost)
                    PutHost(h, hostBytes, GuestValue(kind, g, guestBytes));
                else
                    PutGuest(g, guestBytes, HostValue(h, hostBytes));
        }

        private readonly void Addresses(int g, int h, int bytes)
        {
            for (; bytes >= 2; bytes -= 128, g += 128, h += 128)
                if (direction == Direction.ToHost)
                    SocketAddress.ToHost(abi, _host.Slice(h, Math.Min(bytes, 128)));
                else
                    SocketAddress.ToGuest(abi, _guest.Slice(g, Math.Min(bytes, 128)));
        }

        private readonly ulong GuestValue(byte kind, int at, int bytes) => bytes switch
        {
            2 => abi.U16(_guest, at),
            8 => kind == 'u' ? (uint)abi.U64(_guest, at) : abi.U64(_guest, at),
            _ => kind == 'l' ? (ulong)abi.I32(_guest, at) : abi.U32(_guest, at),
        };

        private readonly void PutHost(int at, int bytes, ulong value)
        {
            if (bytes == 2)
                BinaryPrimitives.WriteUInt16LittleEndian(_host[at..], (ushort)value);
            else if (bytes == 4)
                BinaryPrimitives.WriteUInt32LittleEndian(_host[at..], (uint)value);
            else
                BinaryPrimitives.WriteUInt64LittleEndian(_host[at..], value);
        }

        private readonly ulong HostValue(int at, int bytes) => bytes switch
        {
            2 => BinaryPrimitives.ReadUInt16LittleEndian(_host[at..]),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(_host[at..]),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(_host[at..]),
        };

        private readonly void PutGuest(int at, int bytes, ulong value)
        {
            if (bytes == 2)
                abi.Put16(_guest, at, (ushort)value);
            else if (bytes == 4)
                abi.Put32(_guest, at, (uint)value);
            else
                abi.Put64(_guest, at, value);
        }

        private int Count()
        {
            int count = 0;
            bool any = false;
            for (; _at < _code.Length && _code[_at] is >= (byte)'0' and <= (byte)'9'; _at++, any = true)
                count = count * 10 + _code[_at] - '0';
            return any ? count : 1;
        }

        private static (int Guest, int Host) Bytes(byte kind) => kind switch
        {
            (byte)'b' => (1, 1),
            (byte)'h' or (byte)'n' => (2, 2),
            (byte)'i' or (byte)'m' or (byte)'e' => (4, 4),
            (byte)'q' or (byte)'u' => (8, 8),
            (byte)'l' or (byte)'p' => (4, 8),
            (byte)'s' => (128, 128),
            _ => throw new FormatException($"struct code '{(char)kind}'"),
        };

        private static int Align(int offset, int alignment) => (offset + alignment - 1) & -alignment;
    }
}
