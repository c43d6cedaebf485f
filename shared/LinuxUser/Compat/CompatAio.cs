using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// Asynchronous input and output (linux/aio_abi.h). A context is the address of the kernel's event ring, so the ring is moved to where the
/// guest can name it.
/// </summary>
internal static unsafe class CompatAio
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const int ControlBlockSize = 64, OpcodeOffset = 16, BufferOffset = 24, LengthOffset = 32, ReadVector = 7, WriteVector = 8, MostBlocks = 1 << 16, MostVectors = 1024;

    public static long IoSetup(GuestThread t, in SysArgs a)
    {
        const ulong RingHeader = 32, EventSize = 32;
        GuestAbi abi = GuestWords.AbiOf(t);
        if (!t.Memory.TryReadWord(abi, a.A2, out uint given))
            return EFAULT;
        ulong ring = given;
        long result = HostCall.Make(t, Nr.io_setup, a.A1, (ulong)&ring);
        if (result < 0)
            return result;
        // The kernel keeps the number of events the ring has room for in its second word.
        ulong size = (RingHeader + EventSize * ((uint*)ring)[1] + 4095) & ~4095UL;
        long place = t.Memory.Map(0, size, Linux.PROT_READ, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        if (Sys.IsError(place))
        {
            Sys.Call(Nr.io_destroy, (long)ring);
            return place;
        }

        long moved = Sys.Call(Nr.mremap, (long)ring, (long)size, (long)size, Linux.MREMAP_MAYMOVE | Linux.MREMAP_FIXED, place);
        if (!Sys.IsError(moved) && t.Memory.TryWriteWord(abi, a.A2, (uint)moved))
            return 0;
        Sys.Call(Nr.io_destroy, Sys.IsError(moved) ? (long)ring : moved);
        t.Memory.Unmap((ulong)place, size);
        return Sys.IsError(moved) ? moved : EFAULT;
    }

    public static long IoDestroy(GuestThread t, in SysArgs a)
    {
        var ring = t.Memory.Find(a.A1);
        long result = HostCall.Make(t, Nr.io_destroy, a.A1);
        if (result == 0 && ring is not null)
            t.Memory.Unmap(a.A1, ring.End - a.A1);
        return result;
    }

    /// <summary>
    /// io_submit(2). The kernel hands the block's address back with its event, so blocks are given as they lie in the guest's memory; those of
    /// a big-endian guest are swapped for the time of the call, and so are the vectors of the calls that take some.
    /// </summary>
    public static long IoSubmit(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int count = a.Int2;
        if (count < 0)
            return EINVAL;
        count = Math.Min(count, MostBlocks);
        byte[] raw = new byte[count * 4];
        int listed = Readable(t, a.A3, raw);
        byte[] saved = new byte[count * ControlBlockSize];
        ulong[] blocks = new ulong[count];
        HostArena arena = new(null, 0);
        try
        {
            // The first block that cannot be read ends the list, as in the kernel, which first looks at the context and submits what stands before.
            int ready = 0;
            for (; ready < listed; ready++)
            {
                blocks[ready] = abi.U32(raw, ready * 4);
                if (!Prepare(t, abi, blocks[ready], saved.AsSpan(ready * ControlBlockSize, ControlBlockSize), ref arena))
                    break;
            }

            if (ready < count)
                blocks[ready] = Pointee.BadAddress;

            long result;
            fixed (ulong* list = blocks)
                result = HostCall.Make(t, Nr.io_submit, a.A1, (ulong)Math.Min(ready + 1, count), (ulong)list);
            for (int i = ready - 1; i >= 0; i--)
                t.Memory.TryWrite(blocks[i], saved.AsSpan(i * ControlBlockSize, ControlBlockSize));
            return result;
        }
        finally
        {
            arena.Dispose();
        }
    }

    public static long IoCancel(GuestThread t, in SysArgs a)
    {
        long* happened = stackalloc long[4];
        long result = HostCall.Make(t, Nr.io_cancel, a.A1, a.A2, (ulong)happened);
        return result < 0 || t.Memory.TryWriteStruct(GuestWords.AbiOf(t), "q4"u8, a.A3, new ReadOnlySpan<byte>(happened, 32)) ? result : EFAULT;
    }

    public static long IoGetevents(GuestThread t, in SysArgs a) => Events(t, a, "ll"u8, hasMask: false);

    public static long IoPgetevents(GuestThread t, in SysArgs a) => Events(t, a, "ll"u8, hasMask: true);

    public static long IoPgeteventsTime64(GuestThread t, in SysArgs a) => Events(t, a, "qu"u8, hasMask: true);

    private static bool Prepare(GuestThread t, GuestAbi abi, ulong at, Span<byte> saved, ref HostArena arena)
    {
        if (!t.Memory.TryRead(at, saved))
            return false;
        Span<byte> block = stackalloc byte[ControlBlockSize];
        saved.CopyTo(block);
        // PowerPC has aio_rw_flags before aio_key.
        StructCode.SwapInPlace("qiihhiqqqqii"u8, abi, block);
        if (abi.BigEndian)
            (block[8], block[9], block[10], block[11], block[12], block[13], block[14], block[15]) =
                (block[12], block[13], block[14], block[15], block[8], block[9], block[10], block[11]);
        int opcode = BinaryPrimitives.ReadUInt16LittleEndian(block[OpcodeOffset..]);
        // Of the 64 bits of the length the kernel takes 32 as a number of vectors (fs/aio.c, aio_setup_rw), and refuses more than 1024.
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(block[LengthOffset..]);
        if (opcode is ReadVector or WriteVector && count <= MostVectors)
            BinaryPrimitives.WriteUInt64LittleEndian(block[BufferOffset..], Vectors(t, abi, BinaryPrimitives.ReadUInt64LittleEndian(block[BufferOffset..]), (int)count, ref arena));

        return t.Memory.TryWrite(at, block);
    }

    // A host copy of an array of struct iovec; an address that is none, for the kernel to find at its time, where the guest's cannot be read.
    private static ulong Vectors(GuestThread t, GuestAbi abi, ulong at, int count, ref HostArena arena)
    {
        Span<byte> vectors = stackalloc byte[count * 8];
        byte* host = arena.Take((ulong)count * 16);
        if (host is null || !t.Memory.TryRead(at, vectors))
            return Pointee.BadAddress;
        StructCode.ToHost("(pl)1024"u8, abi, vectors, new Span<byte>(host, count * 16));
        return (ulong)host;
    }

    // How many of an array's words can be read.
    private static int Readable(GuestThread t, ulong at, Span<byte> words)
    {
        const int WordBytes = 4;
        if (t.Memory.TryRead(at, words))
            return words.Length / WordBytes;
        int count = 0;
        while (count < words.Length / WordBytes && t.Memory.TryRead(at + (ulong)(count * WordBytes), words.Slice(count * WordBytes, WordBytes)))
            count++;
        return count;
    }

    // Events are written to the guest's own buffer: those the kernel cannot put there stay in the ring.
    private static long Events(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timespec, bool hasMask)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        // Errors come in the kernel's order (fs/aio.c): the time, the mask, then the context and the counts.
        long* time = stackalloc long[2];
        if (a.A5 != 0 && !t.Memory.TryReadStruct(abi, timespec, a.A5, new Span<byte>(time, 16)))
            return EFAULT;
        MaskPack pack = default;
        ulong? given = null;
        if (hasMask && CompatSelect.ReadPack(t, a.A6, ref pack) is not 0 and var packError)
            return packError;
        if (hasMask && CompatSelect.ReadMask(t, pack, out given) is not 0 and var maskError)
            return maskError;
        ulong* pair = stackalloc ulong[2];
        ulong hostMask = GuestThread.HostMask(given ?? 0);
        (pair[0], pair[1]) = ((ulong)&hostMask, sizeof(ulong));
        ulong timeAt = a.A5 == 0 ? 0 : (ulong)time, least = (ulong)a.Int2, most = (ulong)a.Int3;
        long got = given is not null
            ? HostCall.Make(t, Nr.io_pgetevents, a.A1, least, most, a.A4, timeAt, (ulong)pair)
            : HostCall.Make(t, Nr.io_getevents, a.A1, least, most, a.A4, timeAt);
        if (got > 0 && abi.BigEndian)
            SwapEvents(t, abi, a.A4, (int)got);
        return got;
    }

    // struct io_event {u64 data, u64 obj, s64 res, s64 res2}.
    private static void SwapEvents(GuestThread t, GuestAbi abi, ulong at, int count)
    {
        const int EventSize = 32;
        Span<byte> one = stackalloc byte[EventSize];
        for (int i = 0; i < count; i++)
        {
            ulong place = at + (ulong)(i * EventSize);
            if (!t.Memory.TryRead(place, one))
                return; // unmapped by another thread since
            StructCode.SwapInPlace("q4"u8, abi, one);
            t.Memory.TryWrite(place, one);
        }
    }
}
