using System.Buffers.Binary;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Socket addresses, options and messages.</summary>
internal ref partial struct CallFormatter
{
    private const int FamilyUnix = 1, FamilyInet = 2, FamilyInet6 = 10, FamilyNetlink = 16;

    /// <summary>sizeof(struct sockaddr_storage); no longer address is looked at.</summary>
    private const int LongestAddress = 128;

    private bool TryAppendSocketAddress(ref TextBuffer text, ulong address, long length)
    {
        Span<byte> raw = stackalloc byte[LongestAddress];
        if (length < 2)
            return false;
        raw = raw[..(int)Math.Min(length, LongestAddress)];
        if (!_memory.TryRead(address, raw))
            return false;
        int family = (int)_memory.ToUnsigned(raw[..2]);
        text.Append("{sa_family=");
        AppendEnum(ref text, _tables.Set("af"), (ulong)family);
        switch (family)
        {
            case FamilyUnix:
                AppendUnixAddress(ref text, raw[2..]);
                break;
            case FamilyInet when raw.Length >= 8:
                AppendPort(ref text, ", sin_port=htons(", raw);
                text.Append(", sin_addr=inet_addr(\"");
                AppendInet(ref text, raw[4..8]);
                text.Append("\")");
                break;
            case FamilyInet6 when raw.Length >= 24:
                AppendPort(ref text, ", sin6_port=htons(", raw);
                text.Append(", sin6_addr=inet_pton(\"");
                AppendInet6(ref text, raw[8..24]);
                text.Append("\")");
                if (raw.Length >= 28)
                {
                    text.Append(", sin6_scope_id=");
                    text.AppendDecimal(_memory.ToUnsigned(raw[24..28]));
                }
                break;
            case FamilyNetlink when raw.Length >= 12:
                text.Append(", nl_pid=");
                text.AppendDecimal(_memory.ToUnsigned(raw[4..8]));
                text.Append(", nl_groups=");
                text.AppendHex(_memory.ToUnsigned(raw[8..12]));
                break;
            default:
                text.Append(", sa_data=");
                AppendQuoted(ref text, raw[2..], cut: false);
                break;
        }
        text.Append('}');
        return true;
    }

    /// <summary>A path ends at its zero byte; an abstract name starts with one and goes to the end (unix(7)).</summary>
    private static void AppendUnixAddress(ref TextBuffer text, scoped ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
            return;
        text.Append(", sun_path=");
        bool isAbstract = path[0] == 0;
        if (isAbstract)
        {
            text.Append('@');
            path = path[1..];
        }
        int end = isAbstract ? -1 : path.IndexOf((byte)0);
        AppendQuoted(ref text, end < 0 ? path : path[..end], cut: false);
    }

    private static void AppendPort(ref TextBuffer text, string prefix, scoped ReadOnlySpan<byte> raw)
    {
        text.Append(prefix);
        text.AppendDecimal((uint)BinaryPrimitives.ReadUInt16BigEndian(raw[2..]));
        text.Append(')');
    }

    private static void AppendInet(ref TextBuffer text, scoped ReadOnlySpan<byte> address)
    {
        for (int i = 0; i < 4; i++)
        {
            if (i > 0)
                text.Append('.');
            text.AppendDecimal((uint)address[i]);
        }
    }

    /// <summary>RFC 5952: the longest run of two or more zero groups is written as two colons; mapped IPv4 addresses keep their dots.</summary>
    private static void AppendInet6(ref TextBuffer text, scoped ReadOnlySpan<byte> address)
    {
        bool mapped = address[..10].IndexOfAnyExcept((byte)0) < 0 && address[10] == 0xff && address[11] == 0xff;
        if (mapped)
        {
            text.Append("::ffff:");
            AppendInet(ref text, address[12..]);
            return;
        }
        int bestStart = -1, bestLength = 1;
        for (int i = 0; i < 8; i++)
        {
            int run = 0;
            while (i + run < 8 && BinaryPrimitives.ReadUInt16BigEndian(address[(2 * (i + run))..]) == 0)
                run++;
            if (run > bestLength)
                (bestStart, bestLength) = (i, run);
            i += run;
        }
        for (int i = 0; i < 8; i++)
        {
            if (i == bestStart)
            {
                text.Append("::");
                i += bestLength - 1;
                continue;
            }
            if (i > 0 && i != bestStart + bestLength)
                text.Append(':');
            AppendGroup(ref text, BinaryPrimitives.ReadUInt16BigEndian(address[(2 * i)..]));
        }
    }

    private static void AppendGroup(ref TextBuffer text, ushort group)
    {
        Span<char> digits = stackalloc char[4];
        group.TryFormat(digits, out int written, "x");
        text.Append(digits[..written]);
    }

    private readonly ConstantSet? OptionSet(ulong level) => _tables.Set((uint)level switch
    {
        0 => "sockopt_ip",
        1 => "sockopt_socket",
        6 => "sockopt_tcp",
        17 => "sockopt_udp",
        41 => "sockopt_ipv6",
        263 => "sockopt_packet",
        270 => "sockopt_netlink",
        _ => "",
    });

    /// <summary>The value of a socket option: by what the option's constant says it is, else an int where it is as long as one.</summary>
    private bool TryAppendOptionValue(ref TextBuffer text, ulong address, long length)
    {
        if (OptionSet(ValueOf("level"))?.Match(ValueOf("optname"))?.Types is [var type])
        {
            if (type.Name == "bytes")
                return TryAppendBytes(ref text, address, length);
            return _tables.Layout(type.Name) is { } layout && layout.Size <= length && TryAppendStruct(ref text, layout, address, layout.Size);
        }
        return length == 4 && TryAppendScalars(ref text, "i32", address, 1);
    }

    private bool TryAppendInterfaceName(ref TextBuffer text, ulong address)
    {
        const int NameBytes = 16;
        text.Append("{ifr_name=");
        if (!TryAppendString(ref text, address, NameBytes - 1))
            return false;
        text.Append(", ...}");
        return true;
    }

    /// <summary>struct msghdr (include/linux/socket.h): pointers, ints and size_t at the offsets C gives them.</summary>
    private bool TryAppendMessageHeader(ref TextBuffer text, ulong address, long moved)
    {
        int word = _memory.Abi.WordBytes;
        if (!_memory.TryReadWord(address, out ulong name) || !_memory.TryReadUnsigned(address + (ulong)word, 4, out ulong nameLength)
            || !_memory.TryReadWord(address + (ulong)(2 * word), out ulong vectors) || !_memory.TryReadWord(address + (ulong)(3 * word), out ulong count)
            || !_memory.TryReadWord(address + (ulong)(5 * word), out ulong controlLength)
            || !_memory.TryReadUnsigned(address + (ulong)(6 * word), 4, out ulong flags))
            return false;
        text.Append("{msg_name=");
        int mark = text.Length;
        if (name == 0 || !TryAppendSocketAddress(ref text, name, (int)nameLength))
        {
            text.Rewind(mark);
            AppendAddress(ref text, name);
        }
        text.Append(", msg_namelen=");
        text.AppendDecimal(nameLength);
        text.Append(", msg_iov=");
        mark = text.Length;
        if (vectors == 0 || !TryAppendVectors(ref text, vectors, (long)Math.Min(count, int.MaxValue), moved))
        {
            text.Rewind(mark);
            AppendAddress(ref text, vectors);
        }
        text.Append(", msg_iovlen=");
        text.AppendDecimal(count);
        text.Append(", msg_controllen=");
        text.AppendDecimal(controlLength);
        text.Append(", msg_flags=");
        AppendScalar(ref text, new SignatureType(SignatureKind.Flags) { Name = "msg" }, flags);
        text.Append('}');
        return true;
    }

    private bool TryAppendMessageHeaders(ref TextBuffer text, ulong address, long count)
    {
        text.Append('[');
        for (long i = 0; i < count; i++)
        {
            if (!Separate(ref text, i))
                break;
            // struct mmsghdr: a msghdr and the bytes moved, padded to a word.
            ulong stride = _memory.Abi.WordBytes == 8 ? 64u : 32u, at = address + (ulong)i * stride;
            text.Append("{msg_hdr=");
            if (!_memory.TryReadUnsigned(at + (stride == 64 ? 56u : 28u), 4, out ulong moved)
                || !TryAppendMessageHeader(ref text, at, _returned ? (long)moved : long.MaxValue))
                return false;
            text.Append(", msg_len=");
            text.AppendDecimal(moved);
            text.Append('}');
        }
        text.Append(']');
        return true;
    }
}
