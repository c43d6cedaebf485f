using System.Buffers.Binary;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;

namespace Suite.LinuxUser.Memory;

/// <summary>
/// The guest's address space: what is mapped where, safe access to it, and its write protection where code was translated.
/// Guest addresses are host addresses. Mappings of the emulator itself are not in here, and no guest call may touch them.
/// </summary>
public sealed unsafe partial class GuestMemory : IGuestReader
{
    public const ulong PageSize = 4096;
    private const ulong PageMask = ~(PageSize - 1);

    // Programs and libraries go below 2 GiB, next to the code cache, so that their RIP-relative operands need no help.
    // The lower part is left to programs linked at fixed addresses, the upper to MAP_32BIT.
    private const ulong NearLow = 0x2000_0000, NearHigh = 0x5800_0000, NearLargest = 256UL << 20;

    private readonly VmaMap _map = new();
    private readonly GuestAbi _abi = GuestAbi.X64;
    private readonly HashSet<ulong> _protected = [];
    private Engine? _engine;
    private Stubs _stubs = null!;

    /// <summary>The address space of a 64-bit guest.</summary>
    public GuestMemory()
    {
    }

    /// <summary>Word size and byte order of what is in it.</summary>
    public GuestAbi Abi => _abi;

    /// <summary>Connects the engine once it exists (images are loaded before, by one thread).</summary>
    public void Attach(Engine engine)
    {
        _engine = engine;
        _stubs = engine.Stubs;
    }

    // Before there is an engine one thread loads the images.
    private GuestLock.Scope Hold() => _engine is null ? default : _engine.Gate.Hold();

    /// <summary>A copy of the mappings, for /proc/self/maps.</summary>
    public Vma[] Snapshot()
    {
        using (Hold())
            return [.. _map.All];
    }

    /// <summary>From now on other processes can read the mappings; the engine is attached.</summary>
    public void Publish()
    {
        using (Hold())
            _map.Publish(new PublishedMappings(_engine!.Region));
    }

    /// <summary>The mapping at an address, or null.</summary>
    public Vma? Find(ulong address)
    {
        using (Hold())
            return _map.Find(address);
    }

    /// <summary>Bytes of all mappings. Of the stack, which is mapped as a whole, only what a growing one would have.</summary>
    public ulong TotalBytes()
    {
        ulong sum = 0;
        using (Hold())
            foreach (Vma vma in _map.All)
                sum += vma.IsMainStack ? Math.Min(vma.End - vma.Start, InitialStackBytes) : vma.End - vma.Start;
        return sum;
    }

    /// <summary>Bytes of all mappings that count as data.</summary>
    public ulong DataBytes()
    {
        ulong sum = 0;
        using (Hold())
            foreach (Vma vma in _map.All)
                sum += vma.IsData ? vma.End - vma.Start : 0;
        return sum;
    }

    // What the kernel maps for a stack to begin with (setup_arg_pages, fs/exec.c).
    private const ulong InitialStackBytes = 132 << 10;

    /// <summary>First address from <paramref name="start"/> on that is not the guest's, at most <paramref name="end"/>.</summary>
    public ulong CoveredUntil(ulong start, ulong end)
    {
        using (Hold())
            return _map.CoveredUntil(start, end);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> into)
    {
        fixed (byte* to = into)
            return _stubs.TryCopy(to, (void*)address, (nuint)into.Length) || (OpenWatches() && _stubs.TryCopy(to, (void*)address, (nuint)into.Length));
    }

    /// <summary>Reads a value; false when any byte of it is not there.</summary>
    public bool TryRead<T>(ulong address, out T value) where T : unmanaged
    {
        fixed (T* to = &value)
            return _stubs.TryCopy(to, (void*)address, (nuint)sizeof(T)) || (OpenWatches() && _stubs.TryCopy(to, (void*)address, (nuint)sizeof(T)));
    }

    /// <summary>Writes bytes; false when any of them cannot be written.</summary>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> data)
    {
        fixed (byte* from = data)
            return _stubs.TryCopy((void*)address, from, (nuint)data.Length)
                || (AllowKernelWrites(address, (ulong)data.Length) && _stubs.TryCopy((void*)address, from, (nuint)data.Length));
    }

    /// <summary>Writes a value; false when any byte of it cannot be written.</summary>
    public bool TryWrite<T>(ulong address, T value) where T : unmanaged => TryWrite(address, new ReadOnlySpan<byte>(&value, sizeof(T)));

    /// <summary>Reads a NUL-terminated string of bytes. Null when it is not all there or longer than <paramref name="limit"/>.</summary>
    public byte[]? ReadCString(ulong address, int limit = 4096)
    {
        Span<byte> chunk = stackalloc byte[256];
        List<byte>? longer = null;
        while (true)
        {
            int room = (int)Math.Min((ulong)chunk.Length, PageSize - (address & (PageSize - 1)));
            Span<byte> part = chunk[..room];
            if (!TryRead(address, part))
                return null;
            int end = part.IndexOf((byte)0);
            if (end >= 0 && longer is null)
                return part[..end].ToArray();
            longer ??= [];
            longer.AddRange(end >= 0 ? part[..end] : part);
            if (end >= 0)
                return [.. longer];
            if (longer.Count > limit)
                return null;
            address += (ulong)room;
        }
    }

    /// <summary>Reads a NULL-terminated vector of string pointers (argv, envp) of the guest's size, with the kernel's limits (fs/exec.c).</summary>
    /// <param name="address">The vector; 0 is an empty one.</param>
    /// <param name="strings">The strings, without NUL.</param>
    /// <returns>0, -EFAULT for a bad address, -E2BIG for a string of 128 KiB or for more than any stack limit lets a program begin with.</returns>
    public long ReadStringVector(ulong address, out byte[][] strings)
    {
        const int LongestString = 32 * 4096, LargestVector = 6 << 20;
        strings = [];
        List<byte[]> read = [];
        long bytes = 0;
        while (address != 0)
        {
            if (!TryReadWord(address, out ulong pointer))
                return -Errno.EFAULT;
            if (pointer == 0)
                break;
            if (ReadCString(pointer, LongestString) is not { } text)
                return TryRead(pointer + LongestString - 1, out byte _) ? -Errno.E2BIG : -Errno.EFAULT;
            bytes += text.Length + 1 + _abi.WordBytes;
            if (text.Length >= LongestString || bytes > LargestVector)
                return -Errno.E2BIG;
            read.Add(text);
            address += (ulong)_abi.WordBytes;
        }

        strings = [.. read];
        return 0;
    }

    /// <summary>Writes a C int in the guest's byte order.</summary>
    public bool TryWriteInt(ulong address, int value) => TryWrite(address, (int)InGuestOrder((uint)value));

    /// <summary>Writes a word of the guest: 4 or 8 bytes in its byte order.</summary>
    public bool TryWriteWord(ulong address, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[.._abi.WordBytes];
        GuestNumber.Write(raw, _abi.BigEndian, value);
        return TryWrite(address, raw);
    }

    /// <summary>What the bytes of a host integer must be for the guest to read that number, and the other way round.</summary>
    public uint InGuestOrder(uint value) => _abi.BigEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    /// <summary>Puts an int that the kernel has written for the guest into the guest's byte order.</summary>
    public void FixIntFromHost(ulong address)
    {
        if (_abi.BigEndian && TryRead(address, out int value))
            TryWriteInt(address, value);
    }

    /// <summary>Reads a word of the guest: 4 or 8 bytes in its byte order.</summary>
    public bool TryReadWord(ulong address, out ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[.._abi.WordBytes];
        value = 0;
        if (!TryRead(address, raw))
            return false;
        value = GuestNumber.Read(raw, _abi.BigEndian, signed: false);
        return true;
    }
}
