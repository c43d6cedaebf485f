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
    private const int ControlBlockSize = 64, OpcodeOffset = 16, BufferOffset = 24, LengthOffset = 32, ReadVector = 7, WriteVector = 8, MostBlocks = 1 << 16;

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
        if (!t.Memory.TryRead(a.A3, raw))
            return EFAULT;
        byte[] saved = new byte[count * ControlBlockSize];
        ulong[] blocks = new ulong[count];
        HostArena arena = new(null, 0);
        try
        {
            int ready = 0;
            for (; ready < count; ready++)
            {
                blocks[ready] = abi.U32(raw, ready * 4);
                if (!Prepare(t, abi, blocks[ready], saved.AsSpan(ready * ControlBlockSize, ControlBlockSize), ref arena))
                    break;
            }

            long result = ready == 0 && count > 0 ? EFAULT : 0;
            if (result == 0)
                fixed (ulong* list = blocks)
                    result = HostCall.Make(t, Nr.io_submit, a.A1, (ulong)ready, (ulong)list);
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
        if (opcode is ReadVector or WriteVector)
        {
            int count = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(block[LengthOffset..]), 1024);
            Span<byte> vectors = stackalloc byte[count * 8];
            byte* host = arena.Take((ulong)count * 16);
            if (host is null || !t.Memory.TryRead(BinaryPrimitives.ReadUInt64LittleEndian(block[BufferOffset..]), vectors))
                return false;
            StructCode.ToHost("(pp)1024"u8, abi, vectors, new Span<byte>(host, count * 16));
            BinaryPrimitives.WriteUInt64LittleEndian(block[BufferOffset..], (ulong)host);
        }

        return t.Memory.TryWrite(at, block);
    }

    private static long Events(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timespec, bool hasMask)
    {
        const int EventSize = 32;
        GuestAbi abi = GuestWords.AbiOf(t);
        (int least, int most) = (a.Int2, a.Int3);
        if (most < 0)
            return EINVAL;
        most = Math.Min(most, MostBlocks);
        long* time = stackalloc long[2];
        if (a.A5 != 0 && !t.Memory.TryReadStruct(abi, timespec, a.A5, new Span<byte>(time, 16)))
            return EFAULT;
        ulong mask = 0;
        bool given = false;
        long error = hasMask ? CompatSelect.ReadMask(t, a.A6, out mask, out given) : 0;
        if (error != 0)
            return error;
        byte[] events = new byte[Math.Max(1, most) * EventSize];
        ulong* pair = stackalloc ulong[2];
        ulong hostMask = GuestThread.HostMask(mask);
        (pair[0], pair[1]) = ((ulong)&hostMask, 8);
        long got;
        fixed (byte* pointer = events)
        {
            ulong timeAt = a.A5 == 0 ? 0 : (ulong)time;
            got = given
                ? HostCall.Make(t, Nr.io_pgetevents, a.A1, (ulong)least, (ulong)most, (ulong)pointer, timeAt, (ulong)pair)
                : HostCall.Make(t, Nr.io_getevents, a.A1, (ulong)least, (ulong)most, (ulong)pointer, timeAt);
        }

        if (got <= 0)
            return got;
        StructCode.SwapInPlace("q262144"u8, abi, events);
        return t.Memory.TryWrite(a.A4, events.AsSpan(0, (int)got * EventSize)) ? got : EFAULT;
    }
}
