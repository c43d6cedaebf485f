using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>What has to be done about a pointer argument whose target the two sides lay out differently.</summary>
internal sealed class Pointee
{
    private const int MostElements = 1 << 20, MostSized = 4096;

    /// <summary>No address of a user: the kernel answers EFAULT when it comes to look at it, after the checks it makes before that.</summary>
    public const ulong BadAddress = 0xFFFF_FFFF_8000_0000;

    private readonly StructConverter _converter;
    private readonly SignatureType _type;

    private Pointee(SignatureType type, StructConverter converter) => (_type, _converter) = (type, converter);

    /// <summary>True for what the kernel writes.</summary>
    public bool IsOutput => _type.IsOutput;

    /// <summary>Null when the guest's pointer can be handed on as it is.</summary>
    /// <exception cref="FormatException">Nothing is known of what the pointer names.</exception>
    public static Pointee? Create(SignatureType type, SignatureType hostType, CompatPersonality personality)
    {
        switch (type.Name)
        {
            case "bytes" or "raw" or "str":
                return null;
            case "iov":
                return new Pointee(type with { Direction = SignatureDirection.In }, personality.Converter("iovec"));
            case "fdpair":
                return FromScalar(type with { Count = "2" }, "i32", "i32", personality);
            case "wstatus":
                return FromScalar(type, "i32", "i32", personality);
            case "sigset":
                return FromScalar(type with { Count = "2" }, "u32", "u32", personality);
        }

        if (StructLayout.Scalar(type.Name, personality.Abi).Bytes != 0)
            return FromScalar(type, type.Name, hostType.Kind == SignatureKind.Pointer ? hostType.Name : type.Name, personality);
        StructConverter converter = personality.Converter(type.Name, hostType.Kind == SignatureKind.Pointer ? hostType.Name : type.Name);
        return converter.IsSame ? null : new Pointee(type, converter);
    }

    /// <summary>A host copy of what the guest's pointer names.</summary>
    /// <param name="guest">The pointer; not null.</param>
    /// <param name="copy">The copy; empty when the pointer goes to the host as it is.</param>
    /// <returns>The pointer for the host, or 0 when there is no memory.</returns>
    public unsafe ulong ToHost(GuestMemory memory, Signature signature, scoped Span<ulong> values, ulong guest, ref HostArena arena, out HostCopy copy)
    {
        copy = default;
        bool upToResult = _type.Count == "ret";
        long count = Count(memory, signature, values, upToResult ? _type.Capacity : _type.Count);
        if (_converter.IsSized)
            return SizedToHost(memory, count, guest, ref arena, out copy);
        if (upToResult && count > MostElements)
            values[signature.IndexOf(_type.Capacity)] = MostElements;
        if (upToResult)
            count = Math.Min(count, MostElements);
        if (count is < 0 or > MostElements)
            return guest; // too many for the kernel, which says so before it looks
        byte* host = arena.Take((ulong)count * (ulong)_converter.HostSize);
        if (host is null)
            return 0;
        copy = new HostCopy { Guest = guest, Host = host, Elements = (int)count };
        if (upToResult)
            return (ulong)host;
        return ReadElements(memory, guest, host, (int)count) || _type.Direction is SignatureDirection.Out or SignatureDirection.Interrupted
            ? (ulong)host : BadAddress;
    }

    /// <summary>Puts what the kernel wrote into the guest's memory. Zero or -errno.</summary>
    public unsafe long ToGuest(GuestMemory memory, in HostCopy copy, long result)
    {
        bool written = _type.Direction == SignatureDirection.Interrupted ? result == -Errno.EINTR : IsOutput && !Suite.Host.Sys.IsError(result);
        if (!written || copy.Host is null)
            return 0;
        if (_converter.IsSized)
            return SizedToGuest(memory, copy);
        int count = _type.Count == "ret" ? (int)Math.Clamp(result, 0, copy.Elements) : copy.Elements;
        Span<byte> element = stackalloc byte[_converter.GuestSize];
        for (int i = 0; i < count; i++)
        {
            ulong at = copy.Guest + (ulong)(i * _converter.GuestSize);
            bool isReadable = memory.TryRead(at, element);
            if (!_converter.ToGuest(new ReadOnlySpan<byte>(copy.Host + i * _converter.HostSize, _converter.HostSize), element))
                return -Errno.EOVERFLOW; // found out before the result is written
            if (!isReadable || !memory.TryWrite(at, element))
                return -Errno.EFAULT;
        }

        return 0;
    }

    private static Pointee? FromScalar(SignatureType type, string guest, string host, CompatPersonality personality)
    {
        (int guestBytes, bool signed) = StructLayout.Scalar(guest, personality.Abi);
        int hostBytes = StructLayout.Scalar(host, GuestAbi.X64).Bytes;
        return guestBytes == hostBytes && !personality.Abi.BigEndian ? null : new Pointee(type, StructConverter.OfScalar(guestBytes, hostBytes, signed, personality.Abi));
    }

    private static long Count(GuestMemory memory, Signature signature, ReadOnlySpan<ulong> values, string count)
    {
        if (count.Length == 0)
            return 1;
        int index = signature.IndexOf(count);
        if (index < 0)
            return int.Parse(count);
        SignatureType type = signature.Arguments[index].Type;
        if (type.Kind != SignatureKind.Pointer)
            return type.Kind is SignatureKind.Int ? (int)values[index] : (long)values[index];
        return memory.TryRead(values[index], out uint pointed) ? pointed : 0;
    }

    private unsafe bool ReadElements(GuestMemory memory, ulong guest, byte* host, int count)
    {
        Span<byte> element = stackalloc byte[_converter.GuestSize];
        for (int i = 0; i < count; i++)
        {
            if (!memory.TryRead(guest + (ulong)(i * element.Length), element))
                return false;
            _converter.ToHost(element, new Span<byte>(host + i * _converter.HostSize, _converter.HostSize));
        }

        return true;
    }

    private unsafe ulong SizedToHost(GuestMemory memory, long size, ulong guest, ref HostArena arena, out HostCopy copy)
    {
        copy = default;
        if (size is < 0 or > MostSized)
            return guest;
        byte* host = arena.Take((ulong)size);
        Span<byte> raw = stackalloc byte[(int)size], converted = new(host, (int)size);
        copy = new HostCopy { Guest = guest, Host = host, Elements = (int)size };
        if (!memory.TryRead(guest, raw))
            return IsOutput ? (ulong)host : BadAddress;
        _converter.ToHost(raw, converted);
        // What is behind the fields known here is the kernel's to refuse: it only asks whether it is zero.
        if (size > _converter.HostSize)
            raw[_converter.GuestSize..].CopyTo(converted[_converter.HostSize..]);
        return (ulong)host;
    }

    private unsafe long SizedToGuest(GuestMemory memory, in HostCopy copy)
    {
        Span<byte> raw = stackalloc byte[copy.Elements];
        if (!memory.TryRead(copy.Guest, raw))
            return -Errno.EFAULT;
        _converter.ToGuest(new ReadOnlySpan<byte>(copy.Host, copy.Elements), raw);
        return memory.TryWrite(copy.Guest, raw) ? 0 : -Errno.EFAULT;
    }
}

/// <summary>A host copy made for a call.</summary>
internal unsafe struct HostCopy
{
    public ulong Guest;
    public byte* Host;

    /// <summary>Elements, or bytes of a struct whose caller says its size.</summary>
    public int Elements;
}
