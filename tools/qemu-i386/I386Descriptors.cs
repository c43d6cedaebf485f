using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.I386;

/// <summary>
/// set_thread_area(2), get_thread_area(2), modify_ldt(2): the guest's descriptors are real ones of the host's thread. One of the three
/// thread-local descriptors is the engine's (<see cref="Stubs.StateDescriptor"/>); to guests it does not exist.
/// </summary>
internal static unsafe class I386Descriptors
{
    private const int set_thread_area = 243, get_thread_area = 244, modify_ldt = 154; // the last by the 64-bit table: its layouts are the same
    private const int LdtBytes = 8192 * 8;
    private const int ReadLdt = 0, WriteOldLdt = 1, ReadDefaultLdt = 2, WriteLdt = 0x11;

    /// <summary>Bytes of struct user_desc.</summary>
    public const int DescriptorBytes = 16;

    /// <summary>Reads a thread-local descriptor as struct user_desc; one that is empty or the engine's has all rights off (read_exec_only and seg_not_present).</summary>
    /// <param name="thread">The thread; on its own host thread.</param>
    /// <param name="number">12 to 14.</param>
    /// <param name="to"><see cref="DescriptorBytes"/> bytes.</param>
    public static void Read(GuestThread thread, int number, Span<byte> to)
    {
        const uint EmptyFlags = 0x28;
        uint* entry = Descriptor(thread);
        *entry = (uint)number;
        if (number == Stubs.StateDescriptor || thread.Engine.Stubs.Int80(get_thread_area, (uint)entry) != 0)
            (entry[0], entry[1], entry[2], entry[3]) = ((uint)number, 0, 0, EmptyFlags);
        new ReadOnlySpan<byte>(entry, DescriptorBytes).CopyTo(to);
    }

    /// <summary>Sets a thread-local descriptor. False when the kernel refuses it.</summary>
    public static bool Write(GuestThread thread, int number, ReadOnlySpan<byte> from)
    {
        uint* entry = Descriptor(thread);
        from.CopyTo(new Span<byte>(entry, DescriptorBytes));
        *entry = (uint)number;
        return thread.Engine.Stubs.Int80(set_thread_area, (uint)entry) == 0;
    }

    public static long SetThreadArea(GuestThread t, in SysArgs a)
    {
        uint* entry = Descriptor(t);
        if (!t.Memory.TryRead(a.A1, new Span<byte>(entry, DescriptorBytes)))
            return -Errno.EFAULT;
        bool choose = *entry == uint.MaxValue;
        if (*entry == Stubs.StateDescriptor)
            return -Errno.EINVAL;
        long result = t.Engine.Stubs.Int80(set_thread_area, (uint)entry);
        return result == 0 && choose && !t.Memory.TryWrite(a.A1, *entry) ? -Errno.EFAULT : result;
    }

    public static long GetThreadArea(GuestThread t, in SysArgs a)
    {
        uint* entry = Descriptor(t);
        if (!t.Memory.TryRead(a.A1, out *entry))
            return -Errno.EFAULT;
        if (*entry == Stubs.StateDescriptor)
            return -Errno.EINVAL;
        long result = t.Engine.Stubs.Int80(get_thread_area, (uint)entry);
        return result == 0 && !t.Memory.TryWrite(a.A1, new ReadOnlySpan<byte>(entry, DescriptorBytes)) ? -Errno.EFAULT : result;
    }

    public static long ModifyLdt(GuestThread t, in SysArgs a)
    {
        uint count = (uint)a.A3;
        switch (a.Int1)
        {
            case ReadLdt or ReadDefaultLdt:
                byte[] table = new byte[Math.Min(count, LdtBytes)];
                long read;
                fixed (byte* p = table)
                    read = (int)Sys.Call(modify_ldt, a.Int1, (long)p, table.Length);
                return read > 0 && !t.Memory.TryWrite(a.A2, table.AsSpan(0, (int)read)) ? -Errno.EFAULT : read;
            case WriteOldLdt or WriteLdt:
                byte* entry = stackalloc byte[DescriptorBytes];
                if (count != DescriptorBytes)
                    return -Errno.EINVAL;
                if (!t.Memory.TryRead(a.A2, new Span<byte>(entry, DescriptorBytes)))
                    return -Errno.EFAULT;
                return Describe(t, a.Int1, entry);
            default:
                return -Errno.ENOSYS;
        }
    }

    // Code runs on in the segment that its selector names from now on.
    private static long Describe(GuestThread t, int function, byte* entry)
    {
        uint before = I386Segments.Base(t, Stubs.Cs);
        long result = I386LocalTable.Write(function, entry, DescriptorBytes);
        if (result != 0)
            return result;
        t.Engine.SegmentsChanged();
        t.State->Pc = (uint)t.State->Pc - before + I386Segments.Base(t, Stubs.Cs);
        return result;
    }

    /// <summary>clone(2), refused when its thread-local segment cannot be had: the new thread could not say so any more.</summary>
    public static long Clone(GuestThread t, in SysArgs a)
    {
        long error = (a.A1 & Linux.CLONE_SETTLS) != 0 ? CheckTls(t, a.A4) : 0;
        return error != 0 ? error : CompatCalls.Serve(t, a);
    }

    private static long CheckTls(GuestThread t, ulong address)
    {
        const int First = 12;
        if (!t.Memory.TryRead(address, out uint entry) || !t.Memory.TryRead(address + DescriptorBytes - 4, out uint _))
            return -Errno.EFAULT;
        return entry is >= First and < Stubs.StateDescriptor ? 0 : -Errno.EINVAL;
    }

    /// <summary>Gives the calling thread the thread-local segment that its parent described to clone.</summary>
    public static void SetTls(GuestThread t, ulong address)
    {
        SysArgs args = new(set_thread_area, address, 0, 0, 0, 0, 0);
        SetThreadArea(t, args);
    }

    /// <summary>The segment that a thread-local or LDT selector names; an absent one when there is none.</summary>
    public static I386SegmentDescriptor Find(GuestThread t, ushort selector)
    {
        const int TableBit = 4, PrivilegeBits = 3;
        if ((selector & TableBit) != 0)
            return I386LocalTable.Find(selector);
        if (selector <= PrivilegeBits)
            return default;
        uint* entry = Descriptor(t);
        *entry = (uint)selector >> 3;
        return t.Engine.Stubs.Int80(get_thread_area, (uint)entry) == 0 ? I386SegmentDescriptor.Of(entry[1], entry[2], entry[3]) : default;
    }

    // The kernel wants it below 4 GiB: there is room before the thread's state.
    private static uint* Descriptor(GuestThread t) => (uint*)((byte*)t.State - VcpuState.TcbOffset);
}
