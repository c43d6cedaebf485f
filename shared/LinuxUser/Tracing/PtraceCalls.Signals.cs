using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

// Signals, their masks, and what a stop is about.
public static unsafe partial class PtraceCalls
{
    private const int SiginfoSize = SiginfoLayout.Size, CodeOffset = 8, PidOffset = 16, UidOffset = 20, SIGTRAP = Linux.SIGTRAP;

    private static long GetSiginfo(GuestThread t, TraceeRecord r, ulong data)
    {
        Span<byte> info = stackalloc byte[SiginfoSize];
        if (!TrySiginfo(r, info))
            return EINVAL;
        return WriteSiginfo(t, data, info) ? 0 : EFAULT;
    }

    private static bool WriteSiginfo(GuestThread t, ulong data, ReadOnlySpan<byte> info)
    {
        if (t.Process.Compat is null)
            return t.Memory.TryWrite(data, info);
        Span<byte> guest = stackalloc byte[SiginfoSize];
        SiginfoLayout.ToGuest(Layout(t), info, guest);
        return t.Memory.TryWrite(data, guest);
    }

    // A group stop has none. Stops that are not about a signal show a SIGTRAP whose code tells which (ptrace(2), "Syscall-stops").
    private static bool TrySiginfo(TraceeRecord r, Span<byte> info)
    {
        info.Clear();
        int kind = r.Status >> 16, signal = r.Status >> 8 & 0xFF;
        if (kind == 0 && r.IsAtBlock && r.Stop.Kind == StopKind.Signal)
        {
            fixed (byte* from = r.Stop.Siginfo)
                new ReadOnlySpan<byte>(from, SiginfoSize).CopyTo(info);
            return true;
        }

        bool isBirth = r.IsAtBlock && r.Stop.Kind == StopKind.Birth;
        if (kind == 0 && (signal & ~0x80) != SIGTRAP && !isBirth)
            return false;
        BinaryPrimitives.WriteInt32LittleEndian(info, signal & 0x7F);
        BinaryPrimitives.WriteInt32LittleEndian(info[CodeOffset..], kind == 0 && isBirth ? 0 : kind << 8 | signal);
        BinaryPrimitives.WriteInt32LittleEndian(info[PidOffset..], r.Tid);
        BinaryPrimitives.WriteInt32LittleEndian(info[UidOffset..], (int)Sys.Call(Nr.getuid));
        return true;
    }

    private static long SetSiginfo(GuestThread t, TraceeRecord r, ulong data)
    {
        Span<byte> raw = stackalloc byte[SiginfoSize];
        if (!t.Memory.TryRead(data, raw))
            return EFAULT;
        if (!r.IsAtBlock || r.Stop.Kind != StopKind.Signal)
            return EINVAL;
        fixed (byte* to = r.Stop.Siginfo)
        {
            if (t.Process.Compat is null)
                raw.CopyTo(new Span<byte>(to, SiginfoSize));
            else
                SiginfoLayout.ToHost(Layout(t), Layout(t).I32(raw, 0), raw, new Span<byte>(to, SiginfoSize));
        }

        r.Stop.Dirty |= TraceBlock.DirtySiginfo;
        return 0;
    }

    // struct ptrace_peeksiginfo_args {u64 off, u32 flags, s32 nr} at addr.
    private static long PeekSiginfo(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        const int ArgumentBytes = 16;
        Span<byte> raw = stackalloc byte[ArgumentBytes];
        if (!t.Memory.TryRead(a.A3, raw))
            return EFAULT;
        GuestAbi abi = Layout(t);
        byte* host = stackalloc byte[ArgumentBytes], info = stackalloc byte[SiginfoSize];
        StructCode.ToHost("hii"u8, abi, raw, new Span<byte>(host, ArgumentBytes));
        int wanted = *(int*)(host + 12), done = 0;
        if (wanted < 0)
            return EINVAL;
        for (*(int*)(host + 12) = 1; done < wanted; done++, (*(ulong*)host)++)
        {
            long got = Sys.Call(Nr.ptrace, Ptrace.PEEKSIGINFO, r.Tid, (long)host, (long)info);
            if (got <= 0)
                return done > 0 ? done : got;
            if (!WriteSiginfo(t, a.A4 + (ulong)(done * SiginfoSize), new ReadOnlySpan<byte>(info, SiginfoSize)))
                return EFAULT;
        }

        return done;
    }

    // sigset_t: two words of 32 bits, the low one first, on 32-bit targets.
    private static long GetMask(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        if (a.A3 != sizeof(ulong))
            return EINVAL;
        ulong mask = r.Stop.SignalMask;
        Span<byte> raw = stackalloc byte[sizeof(ulong)];
        bool bigEndian = Layout(t).BigEndian;
        GuestNumber.Write(raw[..4], bigEndian, (uint)mask);
        GuestNumber.Write(raw[4..], bigEndian, mask >> 32);
        return t.Memory.TryWrite(a.A4, raw) ? 0 : EFAULT;
    }

    private static long SetMask(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        if (a.A3 != sizeof(ulong))
            return EINVAL;
        Span<byte> raw = stackalloc byte[sizeof(ulong)];
        if (!t.Memory.TryRead(a.A4, raw))
            return EFAULT;
        bool bigEndian = Layout(t).BigEndian;
        r.Stop.SignalMask = GuestNumber.Read(raw[..4], bigEndian, signed: false) | GuestNumber.Read(raw[4..], bigEndian, signed: false) << 32;
        r.Stop.Dirty |= TraceBlock.DirtyMask;
        return 0;
    }

    // struct ptrace_syscall_info; addr is how much of it the caller has room for.
    private static long GetCallInfo(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        const byte EntryOp = 1, ExitOp = 2, SeccompOp = 3;
        const int Bytes = 88, Arch = 4, Ip = 8, Sp = 16, Number = 24, Arguments = 32, Result = 24, IsError = 32, FilterData = 80;
        bool big = Layout(t).BigEndian;
        Span<byte> info = stackalloc byte[Bytes];
        info.Clear();
        GuestNumber.Write(info.Slice(Arch, 4), big, SyscallArch.Of(t.Process.Target));
        GuestNumber.Write(info.Slice(Ip, 8), big, r.Stop.Pc);
        GuestNumber.Write(info.Slice(Sp, 8), big, r.Stop.StackPointer);
        int length = Number;
        StopKind kind = r.IsAtBlock ? r.Stop.Kind : StopKind.None;
        if (kind is StopKind.CallEntry or StopKind.Filtered)
        {
            info[0] = kind == StopKind.CallEntry ? EntryOp : SeccompOp;
            GuestNumber.Write(info.Slice(Number, 8), big, (ulong)r.Stop.CallNumber);
            for (int i = 0; i < 6; i++)
                GuestNumber.Write(info.Slice(Arguments + 8 * i, 8), big, r.Stop.Arguments[i]);
            length = FilterData;
            if (kind == StopKind.Filtered)
            {
                GuestNumber.Write(info.Slice(FilterData, 4), big, (uint)r.Message);
                length = FilterData + 4;
            }
        }
        else if (kind == StopKind.CallExit)
        {
            info[0] = ExitOp;
            GuestNumber.Write(info.Slice(Result, 8), big, (ulong)r.Stop.CallResult);
            info[IsError] = (byte)(Sys.IsError(r.Stop.CallResult) ? 1 : 0);
            length = IsError + 1;
        }

        int shown = (int)Math.Min(a.A3, (ulong)length);
        return t.Memory.TryWrite(a.A4, info[..shown]) ? length : EFAULT;
    }
}
