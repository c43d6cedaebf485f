using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Compat;

/// <summary>Single values in the memory of a 32-bit guest. All answer false when the address is bad.</summary>
internal static class GuestWords
{
    public static GuestAbi AbiOf(GuestThread t) => t.Process.Compat!.Abi;

    public static bool TryReadWord(this GuestMemory memory, GuestAbi abi, ulong address, out uint value)
    {
        Span<byte> raw = stackalloc byte[4];
        value = 0;
        if (!memory.TryRead(address, raw))
            return false;
        value = abi.U32(raw);
        return true;
    }

    public static bool TryWriteWord(this GuestMemory memory, GuestAbi abi, ulong address, uint value)
    {
        Span<byte> raw = stackalloc byte[4];
        abi.Put32(raw, 0, value);
        return memory.TryWrite(address, raw);
    }

    /// <summary>Reads a struct and converts it.</summary>
    public static bool TryReadStruct(this GuestMemory memory, GuestAbi abi, ReadOnlySpan<byte> code, ulong address, Span<byte> host)
    {
        Span<byte> raw = stackalloc byte[StructCode.GuestSize(code, abi)];
        if (!memory.TryRead(address, raw))
            return false;
        host.Clear();
        StructCode.ToHost(code, abi, raw, host);
        return true;
    }

    /// <summary>Converts a struct and writes it; padding becomes zero.</summary>
    public static bool TryWriteStruct(this GuestMemory memory, GuestAbi abi, ReadOnlySpan<byte> code, ulong address, ReadOnlySpan<byte> host)
    {
        Span<byte> raw = stackalloc byte[StructCode.GuestSize(code, abi)];
        raw.Clear();
        StructCode.ToGuest(code, abi, host, raw);
        return memory.TryWrite(address, raw);
    }
}
