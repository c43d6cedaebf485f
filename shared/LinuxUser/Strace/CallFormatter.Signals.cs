using System.Numerics;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Signal sets, signal information and wait statuses.</summary>
internal ref partial struct CallFormatter
{
    private const int SigIll = 4, SigTrap = 5, SigBus = 7, SigFpe = 8, SigSegv = 11, SigChld = 17;

    /// <summary>siginfo_t as the host's kernel gives it, whatever the guest.</summary>
    public static void AppendHostSignal(ref TextBuffer text, ReadOnlySpan<byte> info)
    {
        var host = new CallFormatter(new DecoderTables(GuestAbi.X64), new GuestView(GuestAbi.X64, new ByteReader(info.ToArray())), Signature.Parse(""), default, true, 0);
        host.TryAppendSignalInfo(ref text, ByteReader.Base);
    }

    /// <summary>Bytes that are not in the guest's memory, at an address of their own.</summary>
    private sealed class ByteReader(byte[] bytes) : IGuestReader
    {
        public const ulong Base = 0x1000;

        public bool TryRead(ulong address, Span<byte> into)
        {
            if (address < Base || address - Base + (ulong)into.Length > (ulong)bytes.Length)
                return false;
            bytes.AsSpan((int)(address - Base), into.Length).CopyTo(into);
            return true;
        }
    }

    /// <summary><c>[INT TERM]</c>; <c>~[INT]</c> when all but these are in the set. Stored as an array of longs, low signals first.</summary>
    private readonly bool TryAppendSignalSet(ref TextBuffer text, ulong address, int bytes)
    {
        int word = _memory.Abi.WordBytes;
        ulong set = 0;
        for (int i = 0; i < bytes; i += word)
        {
            if (!_memory.TryReadWord(address + (ulong)i, out ulong part))
                return false;
            set |= part << (8 * i);
        }
        AppendSignalBits(ref text, set, bytes);
        return true;
    }

    private static void AppendSignalBits(ref TextBuffer text, ulong set, int bytes)
    {
        ulong every = bytes == 8 ? ulong.MaxValue : uint.MaxValue;
        if (BitOperations.PopCount(set) > 4 * bytes)
        {
            text.Append('~');
            set = ~set & every;
        }
        text.Append('[');
        for (bool first = true; set != 0; set &= set - 1, first = false)
        {
            if (!first)
                text.Append(' ');
            text.Append(SignalNames.Name(BitOperations.TrailingZeroCount(set) + 1).AsSpan("SIG".Length));
        }
        text.Append(']');
    }

    /// <summary>The sixth argument of pselect6: a pointer to a set and its size.</summary>
    private readonly bool TryAppendSignalSetArgument(ref TextBuffer text, ulong address)
    {
        int word = _memory.Abi.WordBytes;
        if (!_memory.TryReadWord(address, out ulong set) || !_memory.TryReadWord(address + (ulong)word, out ulong size))
            return false;
        text.Append("{ss=");
        int mark = text.Length;
        if (set == 0 || !TryAppendSignalSet(ref text, set, 8))
        {
            text.Rewind(mark);
            AppendAddress(ref text, set);
        }
        text.Append(", ss_len=");
        text.AppendDecimal(size);
        text.Append('}');
        return true;
    }

    /// <summary>siginfo_t (include/uapi/asm-generic/siginfo.h): three ints, then a union aligned to a long.</summary>
    private bool TryAppendSignalInfo(ref TextBuffer text, ulong address)
    {
        int word = _memory.Abi.WordBytes;
        if (!_memory.TryReadUnsigned(address, 4, out ulong signal) || !_memory.TryReadUnsigned(address + 8, 4, out ulong code))
            return false;
        text.Append("{si_signo=");
        text.Append(SignalNames.Name((int)signal));
        text.Append(", si_code=");
        string codes = (int)code is > 0 and < 0x80 ? CodesOf((int)signal) : "si_code";
        AppendEnum(ref text, _tables.Set(codes), code);

        ulong union = address + (word == 8 ? 16u : 12u);
        bool complete = (int)signal switch
        {
            SigIll or SigTrap or SigBus or SigFpe or SigSegv when (int)code > 0 =>
                TryAppendMember(ref text, "si_addr", union, word, new SignatureType(SignatureKind.Ptr)),
            SigChld when (int)code > 0 =>
                TryAppendSender(ref text, union) && TryAppendMember(ref text, "si_status", union + 8, 4, new SignatureType(SignatureKind.Int)),
            _ when (int)code == -1 =>
                TryAppendSender(ref text, union) && TryAppendMember(ref text, "si_value", union + 8, word, new SignatureType(SignatureKind.Hex)),
            _ => TryAppendSender(ref text, union),
        };
        text.Append('}');
        return complete;
    }

    private static string CodesOf(int signal) => signal switch
    {
        SigIll => "si_code_ill",
        SigTrap => "si_code_trap",
        SigBus => "si_code_bus",
        SigFpe => "si_code_fpe",
        SigSegv => "si_code_segv",
        SigChld => "si_code_chld",
        _ => "si_code",
    };

    private bool TryAppendSender(ref TextBuffer text, ulong address) =>
        TryAppendMember(ref text, "si_pid", address, 4, new SignatureType(SignatureKind.Int))
        && TryAppendMember(ref text, "si_uid", address + 4, 4, new SignatureType(SignatureKind.Uid));

    private bool TryAppendMember(ref TextBuffer text, string name, ulong address, int bytes, SignatureType type)
    {
        if (!_memory.TryReadUnsigned(address, bytes, out ulong value))
            return false;
        text.Append(", ");
        text.Append(name);
        text.Append('=');
        AppendScalar(ref text, type, value);
        return true;
    }

    /// <summary>struct sigevent: a value as wide as a pointer, the signal, the way of notifying.</summary>
    private bool TryAppendSignalEvent(ref TextBuffer text, ulong address)
    {
        int word = _memory.Abi.WordBytes;
        if (!_memory.TryReadWord(address, out ulong value) || !_memory.TryReadUnsigned(address + (ulong)word, 4, out ulong signal)
            || !_memory.TryReadUnsigned(address + (ulong)word + 4, 4, out ulong notify))
            return false;
        text.Append("{sigev_value=");
        text.AppendHex(value);
        text.Append(", sigev_signo=");
        text.Append(SignalNames.Name((int)signal));
        text.Append(", sigev_notify=");
        AppendEnum(ref text, _tables.Set("sigev"), notify);
        text.Append('}');
        return true;
    }

    /// <summary>The status of wait4, in the words of wait(2).</summary>
    private readonly bool TryAppendWaitStatus(ref TextBuffer text, ulong address)
    {
        if (!_memory.TryReadUnsigned(address, 4, out ulong status))
            return false;
        int low = (int)status & 0x7f, high = (int)(status >> 8 & 0xff);
        if (status == 0xffff)
            text.Append("{WIFCONTINUED(s)}");
        else if (low == 0)
        {
            text.Append("{WIFEXITED(s) && WEXITSTATUS(s)==");
            text.AppendDecimal(high);
            text.Append('}');
        }
        else if (low == 0x7f)
        {
            text.Append("{WIFSTOPPED(s) && WSTOPSIG(s)==");
            text.Append(SignalNames.Name(high & 0x7f));
            text.Append((high & 0x80) != 0 ? "|0x80}" : "}");
        }
        else
        {
            text.Append("{WIFSIGNALED(s) && WTERMSIG(s)==");
            text.Append(SignalNames.Name(low));
            text.Append((status & 0x80) != 0 ? " && WCOREDUMP(s)}" : "}");
        }
        return true;
    }
}
