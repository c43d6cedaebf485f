using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// Writes one call. Made for one call and thrown away; holds the values of the signature's arguments after 64-bit ones have been put
/// together from their registers. Everything the guest says (addresses, counts, lengths) is only ever used clamped.
/// </summary>
internal ref partial struct CallFormatter
{
    /// <summary>No system call has more arguments than registers; a split 64-bit one takes two.</summary>
    public const int MaximumArguments = 8;

    private const int MaximumElements = 32;

    private readonly DecoderTables _tables;
    private readonly GuestView _memory;
    private readonly Signature _signature;
    private readonly ReadOnlySpan<ulong> _values;
    private readonly bool _returned;
    private readonly long _result;

    private CallFormatter(DecoderTables tables, GuestView memory, Signature signature, ReadOnlySpan<ulong> values, bool returned, long result)
    {
        _tables = tables;
        _memory = memory;
        _signature = signature;
        _values = values;
        _returned = returned;
        _result = result;
    }

    /// <summary>A formatter for a call that has not been carried out.</summary>
    public static CallFormatter Entering(DecoderTables tables, GuestView memory, Signature signature, ReadOnlySpan<ulong> values) =>
        new(tables, memory, signature, values, returned: false, 0);

    /// <summary>A formatter for a call that has come back with <paramref name="result"/>.</summary>
    public static CallFormatter Returned(DecoderTables tables, GuestView memory, Signature signature, ReadOnlySpan<ulong> values, long result) =>
        new(tables, memory, signature, values, returned: true, result);

    /// <summary>A formatter for a call that came back with <paramref name="result"/> some time ago: what it filled in may be something else by now, and prints as its address.</summary>
    public static CallFormatter Past(DecoderTables tables, GuestView memory, Signature signature, ReadOnlySpan<ulong> values, long result) =>
        new(tables, memory, signature, values, returned: false, result);

    /// <summary>Puts register values together into argument values, as the ABI passes 64-bit arguments. Returns how many registers were used.</summary>
    public static int GatherValues(GuestAbi abi, Signature signature, ReadOnlySpan<ulong> registers, Span<ulong> values)
    {
        int next = 0;
        for (int i = 0; i < signature.Arguments.Count && i < values.Length; i++)
        {
            SignatureKind kind = signature.Arguments[i].Type.Kind;
            if (abi.WordBytes == 4 && kind is (SignatureKind.Offset64 or SignatureKind.Hex64 or SignatureKind.Flags64))
            {
                if (abi.AlignsRegisterPairs && (next & 1) != 0)
                    next++;
                ulong first = Register(abi, registers, next), second = Register(abi, registers, next + 1);
                values[i] = abi.BigEndian ? first << 32 | second : second << 32 | first;
                next += 2;
            }
            else if (kind == SignatureKind.SplitOffset)
            {
                // pos_l, pos_h of preadv: always low first; a 64-bit kernel ignores the second.
                values[i] = Register(abi, registers, next);
                if (abi.WordBytes == 4)
                    values[i] |= Register(abi, registers, next + 1) << 32;
                next += 2;
            }
            else
            {
                values[i] = Register(abi, registers, next++);
                if (abi.WordBytes == 4 && kind is (SignatureKind.Long or SignatureKind.Offset))
                    values[i] = (ulong)(int)values[i];
            }
        }
        return Math.Min(next, registers.Length);
    }

    /// <summary>Writes <c>a,b,c</c>.</summary>
    public void AppendArguments(ref TextBuffer text)
    {
        bool any = false;
        for (int i = 0; i < _signature.Arguments.Count; i++)
        {
            if (!IsPresent(i))
                continue;
            if (any)
                text.Append(',');
            AppendArgument(ref text, i);
            any = true;
        }
    }

    /// <summary>False for an argument the selected operation does not have, such as the mode of an open that creates nothing.</summary>
    public bool IsPresent(int index)
    {
        SignatureType type = _signature.Arguments[index].Type;
        switch (type.Kind)
        {
            case SignatureKind.OpenMode:
                return MayCreate(ValueOf(type.Name));
            case SignatureKind.By:
                SignatureType[]? types = SelectedTypes(type.Name);
                return types is null || type.Slot < types.Length;
            default:
                return true;
        }
    }

    /// <summary>Writes the value of one argument.</summary>
    public void AppendArgument(ref TextBuffer text, int index)
    {
        SignatureType type = _signature.Arguments[index].Type;
        ulong value = _values[index];
        if (type.Kind == SignatureKind.By)
            type = SelectedTypes(type.Name) is { } types ? types[type.Slot] : new SignatureType(SignatureKind.Hex);
        switch (type.Kind)
        {
            case SignatureKind.Pointer:
                AppendPointee(ref text, type, value);
                break;
            case SignatureKind.Path:
                AppendGuestString(ref text, value, MaximumPath);
                break;
            case SignatureKind.Str:
                AppendGuestString(ref text, value, MaximumString);
                break;
            case SignatureKind.Strings:
                AppendStringVector(ref text, value, _signature.Arguments[index].Name == "envp");
                break;
            case SignatureKind.SocketOption:
                AppendEnum(ref text, OptionSet(ValueOf(type.Name)), value);
                break;
            default:
                AppendScalar(ref text, type, value);
                break;
        }
    }

    /// <summary>Writes <c> = 3</c> or <c> = -1 errno=2 (No such file or directory)</c>.</summary>
    public void AppendResult(ref TextBuffer text)
    {
        if (IsError(_result) || _signature.Result.Kind == SignatureKind.Int)
        {
            AppendInteger(ref text, _result);
            return;
        }
        text.Append(" = ");
        if (_signature.Result.Kind == SignatureKind.Void)
            text.Append('?');
        else
            AppendScalar(ref text, _signature.Result, _memory.Abi.WordBytes == 4 ? (uint)_result : (ulong)_result);
    }

    /// <summary>Writes <c> = </c> and a number, or an error with its text.</summary>
    public static void AppendInteger(ref TextBuffer text, long result)
    {
        text.Append(" = ");
        if (!IsError(result))
        {
            text.AppendDecimal(result);
            return;
        }
        int errno = (int)-result;
        text.Append("-1 errno=");
        text.AppendDecimal(errno);
        text.Append(" (");
        text.Append(Errno.Message(errno));
        text.Append(')');
    }

    /// <summary>The kernel's rule: the last page of values is errors (include/linux/err.h).</summary>
    public static bool IsError(long result) => result is < 0 and >= -Errno.Max;

    private readonly bool Succeeded => _returned && !IsError(_result);

    private static ulong Register(GuestAbi abi, ReadOnlySpan<ulong> registers, int index)
    {
        ulong value = index < registers.Length ? registers[index] : 0;
        return abi.WordBytes == 4 ? (uint)value : value;
    }

    private readonly ulong ValueOf(string argument)
    {
        int index = _signature.IndexOf(argument);
        return index < 0 || index >= _values.Length ? 0 : _values[index];
    }

    private static bool MayCreate(ulong flags)
    {
        const ulong Creat = 0x40, TemporaryFile = 0x400000;
        return (flags & Creat) != 0 || (flags & TemporaryFile) == TemporaryFile;
    }

    private SignatureType[]? SelectedTypes(string argument)
    {
        int index = _signature.IndexOf(argument);
        return index < 0 ? null : _tables.Set(_signature.Arguments[index].Type.Name)?.Match(_values[index])?.Types;
    }

    private void AppendScalar(ref TextBuffer text, SignatureType type, ulong value)
    {
        switch (type.Kind)
        {
            case SignatureKind.Int or SignatureKind.Fd or SignatureKind.Pid:
                text.AppendDecimal((int)value);
                break;
            case SignatureKind.Uint:
                text.AppendDecimal((uint)value);
                break;
            case SignatureKind.Long or SignatureKind.Offset or SignatureKind.Offset64 or SignatureKind.SplitOffset:
                text.AppendDecimal((long)value);
                break;
            case SignatureKind.Ulong or SignatureKind.Size or SignatureKind.Inode:
                text.AppendDecimal(value);
                break;
            case SignatureKind.Limit:
                AppendLimit(ref text, value);
                break;
            case SignatureKind.Dirfd when (int)value == AtFdCwd:
                text.Append("AT_FDCWD");
                break;
            case SignatureKind.Dirfd:
                text.AppendDecimal((int)value);
                break;
            case SignatureKind.Uid or SignatureKind.Gid when (uint)value == uint.MaxValue:
                text.Append("-1");
                break;
            case SignatureKind.Uid or SignatureKind.Gid:
                text.AppendDecimal((uint)value);
                break;
            case SignatureKind.Mode or SignatureKind.OpenMode:
                text.AppendMode((uint)value);
                break;
            case SignatureKind.FileMode:
                AppendFileMode(ref text, (uint)value);
                break;
            case SignatureKind.Dev:
                AppendDevice(ref text, value);
                break;
            case SignatureKind.Signal:
                text.Append(SignalNames.Name((int)value));
                break;
            case SignatureKind.SignalHandler when value <= 1:
                text.Append(value == 0 ? "SIG_DFL" : "SIG_IGN");
                break;
            case SignatureKind.SignalBits:
                AppendSignalBits(ref text, value, _memory.Abi.WordBytes);
                break;
            case SignatureKind.Flags or SignatureKind.Flags64 when _tables.Set(type.Name) is { } set:
                set.AppendFlags(ref text, value);
                break;
            case SignatureKind.Enum when type.Name == "ioctl" && _tables.Set(type.Name)?.Match(value) is null:
                AppendIoctlCode(ref text, (uint)value, _memory.Abi);
                break;
            case SignatureKind.Enum:
                AppendEnum(ref text, _tables.Set(type.Name), value);
                break;
            case SignatureKind.CloneFlags when _tables.Set("clone") is { } set:
                AppendCloneFlags(ref text, set, value);
                break;
            case SignatureKind.Ptr or SignatureKind.SignalHandler:
                AppendAddress(ref text, value);
                break;
            default:
                text.AppendHex(value);
                break;
        }
    }

    private const int AtFdCwd = -100;

    private static void AppendAddress(ref TextBuffer text, ulong value)
    {
        if (value == 0)
            text.Append("NULL");
        else
            text.AppendHex(value);
    }

    private static void AppendEnum(ref TextBuffer text, ConstantSet? set, ulong value)
    {
        if (set is null)
            text.AppendDecimal((int)value);
        else
            set.AppendEnum(ref text, value);
    }

    /// <summary>An ioctl number nobody has named, by the fields _IOC makes it of; PowerPC has one bit more for the direction and other values.</summary>
    private static void AppendIoctlCode(ref TextBuffer text, uint code, GuestAbi abi)
    {
        bool ppc = abi.BigEndian;
        uint direction = ppc ? code >> 29 : code >> 30, size = code >> 16 & (ppc ? 0x1fffu : 0x3fffu);
        if (direction == 0 || size == 0)
        {
            text.AppendHex(code);
            return;
        }
        bool reads = (direction & 2) != 0, writes = (direction & (ppc ? 4u : 1u)) != 0;
        text.Append("_IOC(");
        text.Append(reads && writes ? "_IOC_READ|_IOC_WRITE" : reads ? "_IOC_READ" : writes ? "_IOC_WRITE" : "_IOC_NONE");
        text.Append(", ");
        text.AppendHex(code >> 8 & 0xff);
        text.Append(", ");
        text.AppendHex(code & 0xff);
        text.Append(", ");
        text.AppendHex(size);
        text.Append(')');
    }

    private readonly void AppendLimit(ref TextBuffer text, ulong value)
    {
        if (value == ulong.MaxValue || (_memory.Abi.WordBytes == 4 && value == uint.MaxValue))
            text.Append("RLIM_INFINITY");
        else
            text.AppendDecimal(value);
    }

    private void AppendFileMode(ref TextBuffer text, uint mode)
    {
        const uint Permissions = 0x1ff;
        if ((mode & ~Permissions) != 0 && _tables.Set("filetype") is { } set)
        {
            set.AppendFlags(ref text, mode & ~Permissions);
            text.Append('|');
        }
        text.AppendMode(mode & Permissions);
    }

    /// <summary>The kernel's packed form, include/linux/kdev_t.h new_encode_dev.</summary>
    private static void AppendDevice(ref TextBuffer text, ulong device)
    {
        text.Append("makedev(");
        text.AppendHex(device >> 8 & 0xfff | device >> 32 & 0xfffff000);
        text.Append(", ");
        text.AppendHex(device & 0xff | device >> 12 & 0xffffff00);
        text.Append(')');
    }

    /// <summary>The low byte of clone's flags is the signal the parent gets.</summary>
    private static void AppendCloneFlags(ref TextBuffer text, ConstantSet set, ulong value)
    {
        ulong flags = value & ~0xfful;
        int signal = (int)(value & 0xff);
        if (flags != 0)
            set.AppendFlags(ref text, flags);
        if (flags != 0 && signal != 0)
            text.Append('|');
        if (signal != 0 || flags == 0)
            text.Append(SignalNames.Name(signal));
    }
}
