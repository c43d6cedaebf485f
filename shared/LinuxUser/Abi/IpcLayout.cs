using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>Which structure of System V interprocess communication.</summary>
public enum IpcObject : byte
{
    Message,
    Semaphore,
    Memory,
}

/// <summary>
/// struct msqid_ds, semid_ds and shmid_ds: the 64-bit host's against the two layouts each 32-bit target has, the old one (linux/msg.h,
/// sem.h, shm.h) and the one with 32-bit ids and 64-bit times (asm/msgbuf.h, sembuf.h, shmbuf.h; IPC_64).
/// </summary>
public static class IpcLayout
{
    /// <summary>Largest of all, in bytes.</summary>
    public const int Largest = 128;

    /// <summary>Bytes of the guest's struct.</summary>
    public static int GuestSize(GuestAbi abi, IpcObject kind, bool old) => (kind, old, abi.BigEndian) switch
    {
        (IpcObject.Message, false, false) => 88,
        (IpcObject.Message, false, true) => 104,
        (IpcObject.Message, true, false) => 56,
        (IpcObject.Message, true, true) => 68,
        (IpcObject.Semaphore, false, false) => 64,
        (IpcObject.Semaphore, false, true) => 80,
        (IpcObject.Semaphore, true, false) => 44,
        (IpcObject.Semaphore, true, true) => 56,
        (IpcObject.Memory, false, false) => 84,
        (IpcObject.Memory, false, true) => 104,
        (IpcObject.Memory, true, false) => 48,
        _ => 60,
    };

    /// <summary>Fills the guest's struct; fields too narrow for their value get the largest they hold.</summary>
    public static void ToGuest(GuestAbi abi, IpcObject kind, bool old, ReadOnlySpan<byte> host, Span<byte> guest)
    {
        guest.Clear();
        Move(abi, Permission(abi, old), host, guest);
        Move(abi, Fields(abi, kind, old), host, guest);
    }

    /// <summary>Takes what IPC_SET may change - owner, mode, and a message queue's size - from the guest's struct.</summary>
    public static void ToHost(GuestAbi abi, IpcObject kind, bool old, ReadOnlySpan<byte> guest, Span<byte> host)
    {
        host.Clear();
        ReadOnlySpan<byte> map = Permission(abi, old);
        for (int i = 0; i < map.Length; i += 4)
            Put(host[map[i]..], map[i + 1], Get(abi, guest[map[i + 2]..], map[i + 3]));
        const int HostQueueBytes = 88;
        map = kind == IpcObject.Message ? Fields(abi, kind, old) : default;
        for (int i = 0; i < map.Length; i += 4)
            if (map[i] == HostQueueBytes)
                Put(host[map[i]..], map[i + 1], Get(abi, guest[map[i + 2]..], map[i + 3]));
    }

    // Quadruples: host offset, host bytes, guest offset, guest bytes. key uid gid cuid cgid mode seq.
    private static ReadOnlySpan<byte> Permission(GuestAbi abi, bool old) => (old, abi.BigEndian) switch
    {
        (false, false) => [0, 4, 0, 4, 4, 4, 4, 4, 8, 4, 8, 4, 12, 4, 12, 4, 16, 4, 16, 4, 20, 4, 20, 2, 24, 2, 24, 2],
        (false, true) => [0, 4, 0, 4, 4, 4, 4, 4, 8, 4, 8, 4, 12, 4, 12, 4, 16, 4, 16, 4, 20, 4, 20, 4, 24, 2, 24, 4],
        (true, false) => [0, 4, 0, 4, 4, 4, 4, 2, 8, 4, 6, 2, 12, 4, 8, 2, 16, 4, 10, 2, 20, 4, 12, 2, 24, 2, 14, 2],
        _ => [0, 4, 0, 4, 4, 4, 4, 4, 8, 4, 8, 4, 12, 4, 12, 4, 16, 4, 16, 4, 20, 4, 20, 4, 24, 2, 24, 2],
    };

    // Messages: stime rtime ctime cbytes qnum qbytes lspid lrpid. Semaphores: otime ctime nsems. Memory: segsz atime dtime ctime cpid lpid nattch.
    private static ReadOnlySpan<byte> Fields(GuestAbi abi, IpcObject kind, bool old) => (kind, old, abi.BigEndian) switch
    {
        (IpcObject.Message, false, false) =>
            [48, 8, 36, 8, 56, 8, 44, 8, 64, 8, 52, 8, 72, 8, 60, 4, 80, 8, 64, 4, 88, 8, 68, 4, 96, 4, 72, 4, 100, 4, 76, 4],
        (IpcObject.Message, false, true) =>
            [48, 8, 48, 8, 56, 8, 56, 8, 64, 8, 64, 8, 72, 8, 72, 4, 80, 8, 76, 4, 88, 8, 80, 4, 96, 4, 84, 4, 100, 4, 88, 4],
        (IpcObject.Message, true, false) =>
            [48, 8, 24, 4, 56, 8, 28, 4, 64, 8, 32, 4, 72, 8, 36, 4, 88, 8, 40, 4, 72, 8, 44, 2, 80, 8, 46, 2, 88, 8, 48, 2, 96, 4, 50, 2, 100, 4, 52, 2],
        (IpcObject.Message, true, true) =>
            [48, 8, 36, 4, 56, 8, 40, 4, 64, 8, 44, 4, 72, 8, 48, 4, 88, 8, 52, 4, 72, 8, 56, 2, 80, 8, 58, 2, 88, 8, 60, 2, 96, 4, 62, 2, 100, 4, 64, 2],
        (IpcObject.Semaphore, false, false) => [48, 8, 36, 8, 64, 8, 44, 8, 80, 8, 52, 4],
        (IpcObject.Semaphore, false, true) => [48, 8, 48, 8, 64, 8, 56, 8, 80, 8, 64, 4],
        (IpcObject.Semaphore, true, false) => [48, 8, 16, 4, 64, 8, 20, 4, 80, 8, 40, 2],
        (IpcObject.Semaphore, true, true) => [48, 8, 28, 4, 64, 8, 32, 4, 80, 8, 52, 2],
        (IpcObject.Memory, false, false) => [48, 8, 36, 4, 56, 8, 40, 8, 64, 8, 48, 8, 72, 8, 56, 8, 80, 4, 64, 4, 84, 4, 68, 4, 88, 8, 72, 4],
        (IpcObject.Memory, false, true) => [48, 8, 76, 4, 56, 8, 48, 8, 64, 8, 56, 8, 72, 8, 64, 8, 80, 4, 80, 4, 84, 4, 84, 4, 88, 8, 88, 4],
        (IpcObject.Memory, true, false) => [48, 8, 16, 4, 56, 8, 20, 4, 64, 8, 24, 4, 72, 8, 28, 4, 80, 4, 32, 2, 84, 4, 34, 2, 88, 8, 36, 2],
        _ => [48, 8, 28, 4, 56, 8, 32, 4, 64, 8, 36, 4, 72, 8, 40, 4, 80, 4, 44, 2, 84, 4, 46, 2, 88, 8, 48, 2],
    };

    private static void Move(GuestAbi abi, ReadOnlySpan<byte> map, ReadOnlySpan<byte> host, Span<byte> guest)
    {
        for (int i = 0; i < map.Length; i += 4)
        {
            ulong value = Get(host[map[i]..], map[i + 1]);
            switch (map[i + 3])
            {
                case 2:
                    abi.Put16(guest, map[i + 2], (ushort)Math.Min(value, ushort.MaxValue));
                    break;
                case 4:
                    abi.Put32(guest, map[i + 2], (uint)Math.Min(value, uint.MaxValue));
                    break;
                default:
                    abi.Put64(guest, map[i + 2], value);
                    break;
            }
        }
    }

    private static ulong Get(ReadOnlySpan<byte> host, int bytes) => bytes switch
    {
        2 => BinaryPrimitives.ReadUInt16LittleEndian(host),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(host),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(host),
    };

    private static ulong Get(GuestAbi abi, ReadOnlySpan<byte> guest, int bytes) => bytes switch
    {
        2 => abi.U16(guest),
        4 => abi.U32(guest),
        _ => abi.U64(guest),
    };

    private static void Put(Span<byte> host, int bytes, ulong value)
    {
        if (bytes == 2)
            BinaryPrimitives.WriteUInt16LittleEndian(host, (ushort)value);
        else if (bytes == 4)
            BinaryPrimitives.WriteUInt32LittleEndian(host, (uint)value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(host, value);
    }
}
