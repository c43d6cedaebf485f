using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>getsockopt(2) and setsockopt(2), the value converted by its type.</summary>
internal static unsafe class CompatSocketOptions
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL, ENOPROTOOPT = -Errno.ENOPROTOOPT;
    private const int MostBytes = 1 << 20, ArenaBytes = 512;

    public static long Setsockopt(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int level = a.Int2, option = SocketOption.ToHost(abi, level, a.Int3), length = a.Int5;
        if (SocketOption.IsRefused(abi, level, option))
            return ENOPROTOOPT;
        if (length < 0)
            return EINVAL;
        if (SocketOption.IsFilter(level, option))
            return SetFilter(t, abi, a, option);
        ReadOnlySpan<byte> code = Code(level, option, length);
        int guestSize = StructCode.GuestSize(code, abi), hostSize = StructCode.HostSize(code);
        if (a.A4 == 0 || length > MostBytes || (!abi.BigEndian && guestSize == hostSize))
            return HostCall.Make(t, Host.Nr.setsockopt, a.A1, (ulong)level, (ulong)option, a.A4, (ulong)length);

        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        try
        {
            // What is longer or shorter than the struct stays so by as much: the kernel has an opinion on it.
            int hostLength = length + hostSize - guestSize;
            byte* raw = arena.Take((ulong)length), host = arena.Take((ulong)hostLength);
            if (raw is null || host is null)
                return -Errno.ENOMEM;
            if (!t.Memory.TryRead(a.A4, new Span<byte>(raw, length)))
                return EFAULT;
            StructCode.ToHost(code, abi, new ReadOnlySpan<byte>(raw, length), new Span<byte>(host, hostLength));
            return HostCall.Make(t, Host.Nr.setsockopt, a.A1, (ulong)level, (ulong)option, (ulong)host, (ulong)hostLength);
        }
        finally
        {
            arena.Dispose();
        }
    }

    public static long Getsockopt(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int level = a.Int2, option = SocketOption.ToHost(abi, level, a.Int3);
        if (SocketOption.IsRefused(abi, level, option))
            return ENOPROTOOPT;
        if (!t.Memory.TryReadWord(abi, a.A5, out uint asked))
            return EFAULT;
        if ((int)asked < 0)
            return EINVAL;
        ReadOnlySpan<byte> code = Code(level, option, (int)asked);
        int guestSize = StructCode.GuestSize(code, abi), hostSize = StructCode.HostSize(code);
        if (asked > MostBytes || (!abi.BigEndian && guestSize == hostSize))
            return HostCall.Make(t, Host.Nr.getsockopt, a.A1, (ulong)level, (ulong)option, a.A4, a.A5);

        const int SO_GET_FILTER = 26, FilterInstruction = 8;
        bool counted = level == SocketOption.SOL_SOCKET && option == SO_GET_FILTER; // its length counts instructions
        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        try
        {
            int bytes = counted ? (int)asked * FilterInstruction : (int)asked;
            int hostBytes = guestSize == hostSize ? bytes : Math.Max(hostSize, bytes);
            byte* host = arena.Take((ulong)hostBytes + 8), guest = arena.Take((ulong)bytes);
            if (host is null || guest is null)
                return -Errno.ENOMEM;
            // A few options read their value too.
            if (!t.Memory.TryRead(a.A4, new Span<byte>(guest, bytes)))
                return EFAULT;
            StructCode.ToHost(code, abi, new ReadOnlySpan<byte>(guest, bytes), new Span<byte>(host, hostBytes));
            int length = counted ? (int)asked : hostBytes;
            long result = HostCall.Make(t, Host.Nr.getsockopt, a.A1, (ulong)level, (ulong)option, (ulong)host, (ulong)&length);
            if (result < 0)
                return result;
            int given = counted ? length * FilterInstruction : length;
            int guestBytes = Math.Min(bytes, guestSize != hostSize && given == hostSize ? guestSize : given);
            Span<byte> converted = new(guest, guestBytes);
            StructCode.ToGuest(code, abi, new ReadOnlySpan<byte>(host, Math.Min(given, hostBytes)), converted);
            if (level == SocketOption.SOL_TCP && option == SocketOption.TCP_INFO)
                SocketOption.TurnTcpInfoBits(abi, converted);
            return t.Memory.TryWrite(a.A4, converted) && t.Memory.TryWriteWord(abi, a.A5, (uint)(counted ? length : guestBytes)) ? result : EFAULT;
        }
        finally
        {
            arena.Dispose();
        }
    }

    // Many options of protocols that are an int may be given as a byte.
    private static ReadOnlySpan<byte> Code(int level, int option, int length)
    {
        ReadOnlySpan<byte> code = SocketOption.Code(level, option, length);
        return length == 1 && level != SocketOption.SOL_SOCKET && code is [(byte)'i'] ? "b"u8 : code;
    }

    // struct sock_fprog: a number of instructions and a pointer to them.
    private static long SetFilter(GuestThread t, GuestAbi abi, in SysArgs a, int option)
    {
        const int GuestSize = 8, InstructionSize = 8, MostInstructions = 4096;
        if (a.Int5 != GuestSize)
            return EINVAL;
        ulong* program = stackalloc ulong[2];
        if (!t.Memory.TryReadStruct(abi, "hp"u8, a.A4, new Span<byte>(program, 16)))
            return EFAULT;
        int count = (ushort)program[0];
        if (!abi.BigEndian || program[1] == 0 || count > MostInstructions)
            return HostCall.Make(t, Host.Nr.setsockopt, a.A1, a.A2, (ulong)option, (ulong)program, 16);
        byte[] code = new byte[count * InstructionSize];
        if (!t.Memory.TryRead(program[1], code))
            return EFAULT;
        StructCode.SwapInPlace("(hbbi)4096"u8, abi, code);
        fixed (byte* instructions = code)
        {
            program[1] = (ulong)instructions;
            return HostCall.Make(t, Host.Nr.setsockopt, a.A1, a.A2, (ulong)option, (ulong)program, 16);
        }
    }
}
