using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>What pointers point to: structs and arrays by their layout, and the special cases by name.</summary>
internal ref partial struct CallFormatter
{
    /// <summary>Names that are no layout or scalar; their decoders are in the other parts of this type.</summary>
    public static bool IsSpecial(string name) => name is "bytes" or "raw" or "str" or "iov" or "fdpair" or "sockaddr" or "sigset" or "old_sigset"
        or "sigset_arg" or "fdset" or "cpuset" or "msghdr" or "mmsghdr" or "siginfo" or "sigevent" or "wstatus" or "dirents" or "dirents64"
        or "optval" or "ifreq" or "msgbuf" or "iocbs";

    /// <summary>Writes what <paramref name="address"/> points to, or the address itself when that cannot be read or is not written yet.</summary>
    private void AppendPointee(ref TextBuffer text, SignatureType type, ulong address)
    {
        bool readable = type.Direction switch
        {
            SignatureDirection.Out => Succeeded,
            SignatureDirection.Interrupted => _returned && _result == -Errno.EINTR,
            _ => true,
        };
        int mark = text.Length;
        if (address != 0 && readable && TryAppendPointee(ref text, type, address))
            return;
        text.Rewind(mark);
        AppendAddress(ref text, address);
    }

    private bool TryAppendPointee(ref TextBuffer text, SignatureType type, ulong address)
    {
        long count = CountOf(type);
        return type.Name switch
        {
            "bytes" => TryAppendBytes(ref text, address, count),
            "raw" => false,
            "str" => TryAppendString(ref text, address, MaximumString),
            "iov" => TryAppendVectors(ref text, address, count, type.IsOutput ? _result : long.MaxValue),
            "iocbs" => TryAppendRequests(ref text, address, count),
            "msgbuf" => TryAppendMessage(ref text, address, count),
            "fdpair" => TryAppendScalars(ref text, "i32", address, 2),
            "sigset" => TryAppendSignalSet(ref text, address, 8),
            "old_sigset" => TryAppendSignalSet(ref text, address, _memory.Abi.WordBytes),
            "sigset_arg" => TryAppendSignalSetArgument(ref text, address),
            "siginfo" => TryAppendSignalInfo(ref text, address),
            "sigevent" => TryAppendSignalEvent(ref text, address),
            "wstatus" => TryAppendWaitStatus(ref text, address),
            "fdset" => TryAppendBitSet(ref text, address, count),
            "cpuset" => TryAppendBitSet(ref text, address, count * 8),
            "sockaddr" => TryAppendSocketAddress(ref text, address, count),
            "optval" => TryAppendOptionValue(ref text, address, count),
            "ifreq" => TryAppendInterfaceName(ref text, address),
            "msghdr" => TryAppendMessageHeader(ref text, address, type.IsOutput ? _result : long.MaxValue),
            "mmsghdr" => TryAppendMessageHeaders(ref text, address, count),
            "dirents" => TryAppendDirectory(ref text, address, count, lengthOffset: 2 * _memory.Abi.WordBytes),
            "dirents64" => TryAppendDirectory(ref text, address, count, lengthOffset: 16),
            _ => TryAppendArray(ref text, type, address, count),
        };
    }

    /// <summary>
    /// The count in brackets: 1 without them, and never trusted: negative when the guest passed nonsense. An argument that is itself a pointer
    /// counts by the integer it points to.
    /// </summary>
    private readonly long CountOf(SignatureType type)
    {
        if (type.Count.Length == 0)
            return 1;
        if (type.Count == "ret")
            return _result;
        int index = _signature.IndexOf(type.Count);
        if (index < 0)
            return int.TryParse(type.Count, out int number) ? number : -1;
        ulong value = _values[index];
        return _signature.Arguments[index].Type.Kind switch
        {
            SignatureKind.Pointer => _memory.TryReadUnsigned(value, 4, out ulong pointed) ? (int)pointed : -1,
            SignatureKind.Int or SignatureKind.Uint => (int)value,
            _ => (long)value,
        };
    }

    private bool TryAppendArray(ref TextBuffer text, SignatureType type, ulong address, long count)
    {
        // Some structs show more of themselves once the kernel has written its half (pollfd's revents).
        bool written = type.Direction == SignatureDirection.InOut && Succeeded;
        StructLayout? layout = (written ? _tables.Layout(type.Name + "_result") : null) ?? _tables.Layout(type.Name);
        if (layout is null)
            return TryAppendScalars(ref text, type.Name, address, count);
        if (layout.IsSized)
            return TryAppendStruct(ref text, layout, address, count);
        if (type.Count.Length == 0)
            return TryAppendStruct(ref text, layout, address, layout.Size);

        text.Append('[');
        for (long i = 0; i < count; i++)
        {
            if (!Separate(ref text, i))
                break;
            if (!TryAppendStruct(ref text, layout, address + (ulong)(i * layout.Size), layout.Size))
            {
                if (i == 0)
                    return false;
                text.Append("...");
                break;
            }
        }
        text.Append(']');
        return true;
    }

    /// <summary>An array of pointers to struct iocb.</summary>
    private bool TryAppendRequests(ref TextBuffer text, ulong address, long count)
    {
        StructLayout layout = _tables.Layout("iocb")!;
        text.Append('[');
        for (long i = 0; i < count; i++)
        {
            if (!Separate(ref text, i))
                break;
            if (!_memory.TryReadWord(address + (ulong)(i * _memory.Abi.WordBytes), out ulong request))
                return false;
            int mark = text.Length;
            if (TryAppendStruct(ref text, layout, request, layout.Size))
                continue;
            text.Rewind(mark);
            AppendAddress(ref text, request);
        }
        text.Append(']');
        return true;
    }

    private bool TryAppendScalars(ref TextBuffer text, string storage, ulong address, long count)
    {
        (int bytes, bool signed) = StructLayout.Scalar(storage, _memory.Abi);
        if (bytes == 0)
            return false;
        text.Append('[');
        for (long i = 0; i < count; i++)
        {
            if (!Separate(ref text, i))
                break;
            if (!_memory.TryReadUnsigned(address + (ulong)(i * bytes), bytes, out ulong value))
            {
                if (i == 0)
                    return false;
                text.Append("...");
                break;
            }
            AppendStored(ref text, value, bytes, signed, storage == "ptr");
        }
        text.Append(']');
        return true;
    }

    private static void AppendStored(ref TextBuffer text, ulong value, int bytes, bool signed, bool isAddress)
    {
        if (isAddress)
            AppendAddress(ref text, value);
        else if (signed)
            text.AppendDecimal((long)SignExtend(value, bytes));
        else
            text.AppendDecimal(value);
    }

    private static ulong SignExtend(ulong value, int bytes)
    {
        int shift = 64 - 8 * bytes;
        return (ulong)((long)(value << shift) >> shift);
    }

    /// <summary>A comma before every element but the first; false, with dots, when enough have been printed.</summary>
    private static bool Separate(ref TextBuffer text, long index)
    {
        if (index > 0)
            text.Append(", ");
        if (index < MaximumElements && !text.IsFull)
            return true;
        text.Append("...");
        return false;
    }

    private bool TryAppendStruct(ref TextBuffer text, StructLayout layout, ulong address, long size)
    {
        text.Append('{');
        bool any = false;
        foreach (StructField field in layout.Fields)
        {
            if (field.Hidden || field.Offset + (long)field.Bytes * field.Count > size)
                continue;
            if (any)
                text.Append(", ");
            text.Append(field.Name);
            text.Append('=');
            if (!TryAppendField(ref text, field, address + (ulong)field.Offset))
                return false;
            any = true;
        }
        if (layout.IsPartial)
            text.Append(any ? ", ..." : "...");
        text.Append('}');
        return any || layout.IsSized;
    }

    private bool TryAppendField(ref TextBuffer text, StructField field, ulong address)
    {
        switch (field.Storage)
        {
            case FieldStorage.Text:
                return TryAppendString(ref text, address, field.Bytes - 1);
            case FieldStorage.SignalSet:
                return TryAppendSignalSet(ref text, address, field.Bytes);
            case FieldStorage.Nested:
                return TryAppendStruct(ref text, field.Nested!, address, field.Bytes);
            case FieldStorage.Unsigned or FieldStorage.Signed when field.Count > 1:
                return TryAppendScalars(ref text, StorageWord(field), address, field.Count);
        }
        if (!_memory.TryReadUnsigned(address, field.Bytes, out ulong value))
            return false;
        // Constants are written as their unsigned bits, whatever C type carries them.
        bool asNumber = field.Type.Kind is not (SignatureKind.Flags or SignatureKind.Enum);
        AppendScalar(ref text, field.Type, field.Storage == FieldStorage.Signed && asNumber ? SignExtend(value, field.Bytes) : value);
        return true;
    }

    private readonly string StorageWord(StructField field) => (field.Storage == FieldStorage.Signed, field.Bytes) switch
    {
        (true, 4) => "i32",
        (true, _) => "w",
        (false, 4) => "u32",
        (false, _) => "uw",
    };
}
