using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// System V interprocess communication: ipc(2), which carries all of it and has old structure layouts unless IPC_64 is asked for, and the
/// calls of their own, which always have the new ones.
/// </summary>
internal static unsafe class CompatIpc
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const int IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, IPC_64 = 0x100, MostMessage = 1 << 26;

    /// <summary>ipc(call, first, second, third, pointer, fifth); the upper half of the call number is an interface version.</summary>
    public static long Ipc(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        uint call = (uint)a.A1 & 0xFFFF, version = (uint)a.A1 >> 16;
        (ulong first, ulong second, ulong third, ulong pointer, ulong fifth) = (a.A2, a.A3, a.A4, a.A5, a.A6);
        switch (call)
        {
            case 1: // SEMOP
                return Operate(t, first, pointer, second, 0, default);
            case 2: // SEMGET
                return HostCall.Make(t, Nr.semget, first, second, third);
            case 3: // SEMCTL: the argument is where the pointer points
                if (pointer == 0)
                    return EINVAL;
                return t.Memory.TryReadWord(abi, pointer, out uint argument)
                    ? SemaphoreControl(t, first, second, (int)third & ~IPC_64, argument, ((int)third & IPC_64) == 0) : EFAULT;
            case 4: // SEMTIMEDOP
                return Operate(t, first, pointer, second, fifth, "ll"u8);
            case 11: // MSGSND
                return Send(t, first, pointer, second, third);
            case 12: // MSGRCV: version 0 has pointer and type in a struct
                if (version != 0)
                    return Receive(t, first, pointer, second, (int)fifth, third);
                ulong* kludge = stackalloc ulong[2];
                if (pointer == 0)
                    return EINVAL;
                return t.Memory.TryReadStruct(abi, "pl"u8, pointer, new Span<byte>(kludge, 16))
                    ? Receive(t, first, kludge[0], second, (int)kludge[1], third) : EFAULT;
            case 13: // MSGGET
                return HostCall.Make(t, Nr.msgget, first, second);
            case 14: // MSGCTL
                return Control(t, IpcObject.Message, first, (int)second & ~IPC_64, pointer, ((int)second & IPC_64) == 0);
            case 21: // SHMAT: the address goes where the third argument points
                if (version == 1)
                    return EINVAL;
                long at = MemoryCalls.Shmat(t, new SysArgs(a.Number, first, pointer, second, 0, 0, 0));
                return Sys.IsError(at) ? at : t.Memory.TryWriteWord(abi, third, (uint)at) ? 0 : EFAULT;
            case 22: // SHMDT
                return MemoryCalls.Shmdt(t, new SysArgs(a.Number, pointer, 0, 0, 0, 0, 0));
            case 23: // SHMGET
                return HostCall.Make(t, Nr.shmget, first, second, third);
            case 24: // SHMCTL
                return Control(t, IpcObject.Memory, first, (int)second & ~IPC_64, pointer, ((int)second & IPC_64) == 0);
            default:
                return -Errno.ENOSYS;
        }
    }

    public static long Semop(GuestThread t, in SysArgs a) => Operate(t, a.A1, a.A2, a.A3, 0, default);

    public static long Semtimedop(GuestThread t, in SysArgs a) => Operate(t, a.A1, a.A2, a.A3, a.A4, "ll"u8);

    public static long SemtimedopTime64(GuestThread t, in SysArgs a) => Operate(t, a.A1, a.A2, a.A3, a.A4, "qu"u8);

    public static long Semctl(GuestThread t, in SysArgs a) => SemaphoreControl(t, a.A1, a.A2, a.Int3 & ~IPC_64, a.A4, old: false);

    public static long Msgsnd(GuestThread t, in SysArgs a) => Send(t, a.A1, a.A2, a.A3, a.A4);

    public static long Msgrcv(GuestThread t, in SysArgs a) => Receive(t, a.A1, a.A2, a.A3, a.Int4, a.A5);

    public static long Msgctl(GuestThread t, in SysArgs a) => Control(t, IpcObject.Message, a.A1, a.Int2 & ~IPC_64, a.A3, old: false);

    public static long Shmctl(GuestThread t, in SysArgs a) => Control(t, IpcObject.Memory, a.A1, a.Int2 & ~IPC_64, a.A3, old: false);

    private static long Operate(GuestThread t, ulong id, ulong operations, ulong count, ulong timeout, ReadOnlySpan<byte> timespec)
    {
        const int Size = 6, Most = 500;
        GuestAbi abi = GuestWords.AbiOf(t);
        long* time = stackalloc long[2];
        if (timeout != 0 && !t.Memory.TryReadStruct(abi, timespec, timeout, new Span<byte>(time, 16)))
            return EFAULT;
        if (count is 0 or > Most)
            return HostCall.Make(t, Nr.semtimedop, id, operations, count, timeout == 0 ? 0 : (ulong)time);
        byte* host = stackalloc byte[(int)count * Size];
        Span<byte> list = new(host, (int)count * Size);
        if (!t.Memory.TryRead(operations, list))
            return EFAULT;
        StructCode.SwapInPlace("h1500"u8, abi, list);
        return HostCall.Make(t, Nr.semtimedop, id, (ulong)host, count, timeout == 0 ? 0 : (ulong)time);
    }

    // struct msgbuf: a C long, then the text.
    private static long Send(GuestThread t, ulong id, ulong message, ulong size, ulong flags)
    {
        if ((int)size < 0 || size > MostMessage)
            return EINVAL;
        GuestAbi abi = GuestWords.AbiOf(t);
        byte[] host = new byte[size + 8];
        if (!t.Memory.TryReadStruct(abi, "l"u8, message, host.AsSpan(0, 8)) || !t.Memory.TryRead(message + 4, host.AsSpan(8)))
            return EFAULT;
        fixed (byte* pointer = host)
            return HostCall.Make(t, Nr.msgsnd, id, (ulong)pointer, size, flags);
    }

    private static long Receive(GuestThread t, ulong id, ulong message, ulong size, int type, ulong flags)
    {
        if ((int)size < 0)
            return EINVAL;
        GuestAbi abi = GuestWords.AbiOf(t);
        byte[] host = new byte[Math.Min(size, MostMessage) + 8];
        fixed (byte* pointer = host)
        {
            long got = HostCall.Make(t, Nr.msgrcv, id, (ulong)pointer, Math.Min(size, MostMessage), (ulong)type, flags);
            if (got < 0)
                return got;
            return t.Memory.TryWriteStruct(abi, "l"u8, message, host.AsSpan(0, 8)) && t.Memory.TryWrite(message + 4, host.AsSpan(8, (int)got)) ? got : EFAULT;
        }
    }

    // msgctl and shmctl. The information commands have one number less or more, their structs are the same but for C longs.
    private static long Control(GuestThread t, IpcObject kind, ulong id, int command, ulong buffer, bool old)
    {
        const int MSG_STAT = 11, MSG_INFO = 12, MSG_STAT_ANY = 13, SHM_STAT = 13, SHM_INFO = 14, SHM_STAT_ANY = 15;
        bool isMemory = kind == IpcObject.Memory;
        int number = isMemory ? Nr.shmctl : Nr.msgctl;
        if (command == IPC_INFO || command == (isMemory ? SHM_INFO : MSG_INFO))
            return Information(t, number, id, 0, command, buffer, isMemory ? command == SHM_INFO ? "ip5"u8 : old ? "p5"u8 : "p9"u8 : "i7h"u8);
        bool isSet = command == IPC_SET, isStat = command == IPC_STAT
            || (isMemory ? command is SHM_STAT or SHM_STAT_ANY : command is MSG_STAT or MSG_STAT_ANY);
        return isSet || isStat ? Status(t, kind, number, id, 0, command, buffer, old, isSet) : HostCall.Make(t, number, id, (ulong)command, buffer);
    }

    private static long SemaphoreControl(GuestThread t, ulong id, ulong index, int command, ulong argument, bool old)
    {
        const int GETALL = 13, SETVAL = 16, SETALL = 17, SEM_STAT = 18, SEM_INFO = 19, SEM_STAT_ANY = 20;
        switch (command)
        {
            case IPC_INFO or SEM_INFO:
                return Information(t, Nr.semctl, id, index, command, argument, "i10"u8);
            case IPC_STAT or SEM_STAT or SEM_STAT_ANY or IPC_SET:
                return Status(t, IpcObject.Semaphore, Nr.semctl, id, index, command, argument, old, command == IPC_SET);
            case GETALL or SETALL when GuestWords.AbiOf(t).BigEndian:
                return AllValues(t, id, command, argument, command == SETALL);
            case SETVAL:
                return HostCall.Make(t, Nr.semctl, id, index, SETVAL, (ulong)(int)argument);
            default:
                return HostCall.Make(t, Nr.semctl, id, index, (ulong)command, argument);
        }
    }

    private static long Status(GuestThread t, IpcObject kind, int number, ulong id, ulong index, int command, ulong buffer, bool old, bool isSet)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* host = stackalloc byte[IpcLayout.Largest];
        Span<byte> hostBytes = new(host, IpcLayout.Largest), guest = stackalloc byte[IpcLayout.GuestSize(abi, kind, old)];
        if (isSet)
        {
            if (!t.Memory.TryRead(buffer, guest))
                return EFAULT;
            IpcLayout.ToHost(abi, kind, old, guest, hostBytes);
        }

        long result = number == Nr.semctl
            ? HostCall.Make(t, number, id, index, (ulong)command, (ulong)host) : HostCall.Make(t, number, id, (ulong)command, (ulong)host);
        if (result < 0 || isSet)
            return result;
        IpcLayout.ToGuest(abi, kind, old, hostBytes, guest);
        return t.Memory.TryWrite(buffer, guest) ? result : EFAULT;
    }

    private static long Information(GuestThread t, int number, ulong id, ulong index, int command, ulong buffer, ReadOnlySpan<byte> code)
    {
        byte* host = stackalloc byte[IpcLayout.Largest];
        long result = number == Nr.semctl
            ? HostCall.Make(t, number, id, index, (ulong)command, (ulong)host) : HostCall.Make(t, number, id, (ulong)command, (ulong)host);
        if (result < 0)
            return result;
        return t.Memory.TryWriteStruct(GuestWords.AbiOf(t), code, buffer, new ReadOnlySpan<byte>(host, IpcLayout.Largest)) ? result : EFAULT;
    }

    // An array of shorts, as many as the set has semaphores.
    private static long AllValues(GuestThread t, ulong id, int command, ulong buffer, bool isSet)
    {
        const int CountOffset = 80;
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* status = stackalloc byte[IpcLayout.Largest];
        long result = HostCall.Make(t, Nr.semctl, id, 0, IPC_STAT, (ulong)status);
        if (result < 0)
            return result;
        byte[] values = new byte[*(ulong*)(status + CountOffset) * 2];
        if (isSet && !t.Memory.TryRead(buffer, values))
            return EFAULT;
        if (isSet)
            StructCode.SwapInPlace("h65536"u8, abi, values);
        fixed (byte* pointer = values)
            result = HostCall.Make(t, Nr.semctl, id, 0, (ulong)command, (ulong)pointer);
        if (result < 0 || isSet)
            return result;
        StructCode.SwapInPlace("h65536"u8, abi, values);
        return t.Memory.TryWrite(buffer, values) ? result : EFAULT;
    }
}
