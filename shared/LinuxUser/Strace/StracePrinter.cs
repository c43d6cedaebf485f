using System.Globalization;
using System.Text;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// Formats system calls in the style of strace(1) and QEMU's -strace, or as JSON, from nothing but their signature and the guest's memory.
/// It never throws for what a guest passes: pointers that cannot be read print as addresses, and lines have a bounded length.
/// One printer serves all threads of a guest.
/// </summary>
/// <param name="abi">The guest's word size and byte order.</param>
/// <param name="memory">The guest's memory.</param>
public sealed class StracePrinter(GuestAbi abi, IGuestReader memory)
{
    /// <summary>Longest line in characters; arguments that do not fit end in dots, the result is always printed.</summary>
    public const int MaximumLine = 2048;

    private const int ResultReserve = 96;
    private const int MaximumJsonArgument = 320;

    private readonly DecoderTables _tables = new(abi);
    private readonly GuestView _memory = new(abi, memory);

    /// <summary>The call before it is carried out: <c>read(3,0x7ffe1000,100)</c>; what the kernel will fill in prints as its address.</summary>
    /// <param name="row">Which call.</param>
    /// <param name="args">The argument registers, in order; missing ones count as zero, those the call does not use are ignored.</param>
    public string Enter(SyscallRow row, ReadOnlySpan<ulong> args)
    {
        Signature signature = _tables.SignatureOf(row);
        Span<ulong> values = stackalloc ulong[CallFormatter.MaximumArguments];
        CallFormatter.GatherValues(abi, signature, args, values);
        var text = new TextBuffer(stackalloc char[MaximumLine], ResultReserve);
        var call = CallFormatter.Entering(_tables, _memory, signature, values);
        AppendCall(ref text, row, ref call);
        return text.Finish().ToString();
    }

    /// <summary>The call with its result: <c>read(3,"abc",100) = 3</c>. No pid in front, no line end.</summary>
    /// <param name="row">Which call.</param>
    /// <param name="args">The argument registers as they were on entry.</param>
    /// <param name="result">What the kernel answers: -1 to -4095 is a negated error number.</param>
    public string Full(SyscallRow row, ReadOnlySpan<ulong> args, long result) => Text(row, args, result, isPast: false);

    /// <summary>As <see cref="Full"/>, for a call that came back some time ago: what it filled in prints as its address.</summary>
    public string Past(SyscallRow row, ReadOnlySpan<ulong> args, long result) => Text(row, args, result, isPast: true);

    /// <summary>
    /// One JSON object: <c>pid</c>, <c>tid</c>, <c>call</c>, <c>args</c> (name to text, as <see cref="Full"/> prints them), <c>raw</c> (the registers
    /// in hexadecimal, as text because JSON numbers lose bits), <c>result</c>, <c>error</c> (the symbol) if it failed, and <c>us</c>, the duration
    /// in microseconds.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="tid">The thread.</param>
    /// <param name="row">Which call.</param>
    /// <param name="args">The argument registers as they were on entry.</param>
    /// <param name="result">What the kernel answers; null, printed as such, for a call that does not come back.</param>
    /// <param name="duration">How long the call took.</param>
    public string Json(int pid, int tid, SyscallRow row, ReadOnlySpan<ulong> args, long? result, TimeSpan duration)
    {
        Signature signature = _tables.SignatureOf(row);
        Span<ulong> values = stackalloc ulong[CallFormatter.MaximumArguments];
        int used = CallFormatter.GatherValues(abi, signature, args, values);
        var call = result is { } value
            ? CallFormatter.Returned(_tables, _memory, signature, values, value)
            : CallFormatter.Entering(_tables, _memory, signature, values);

        var json = new StringBuilder(256);
        json.Append(CultureInfo.InvariantCulture, $$"""{"pid":{{pid}},"tid":{{tid}},"call":"{{row.Name}}","args":{""");
        Span<char> storage = stackalloc char[MaximumJsonArgument];
        bool any = false;
        for (int i = 0; i < signature.Arguments.Count; i++)
        {
            if (!call.IsPresent(i))
                continue;
            var text = new TextBuffer(storage);
            call.AppendArgument(ref text, i);
            json.Append(any ? ",\"" : "\"").Append(signature.Arguments[i].Name).Append("\":\"");
            AppendEscaped(json, text.Finish());
            json.Append('"');
            any = true;
        }
        json.Append("},\"raw\":[");
        for (int i = 0; i < used; i++)
            json.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}\"0x{args[i]:x}\"");
        json.Append(CultureInfo.InvariantCulture, $"],\"result\":{(result is { } number ? number : "null")}");
        if (result is { } error && CallFormatter.IsError(error))
            json.Append(CultureInfo.InvariantCulture, $",\"error\":\"{Errno.Name((int)-error)}\"");
        json.Append(CultureInfo.InvariantCulture, $",\"us\":{duration.TotalMicroseconds:0.###}}}");
        return json.ToString();
    }

    /// <summary>A result alone, as behind the parenthesis of <see cref="Full"/>: <c> = -1 errno=2 (No such file or directory)</c>.</summary>
    public static string Result(long result)
    {
        var text = new TextBuffer(stackalloc char[ResultReserve]);
        CallFormatter.AppendInteger(ref text, result);
        return text.Finish().ToString();
    }

    /// <summary>A signal as strace(1) writes it: <c>{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}</c>.</summary>
    /// <param name="info">siginfo_t in the host's form.</param>
    public static string SignalInfo(ReadOnlySpan<byte> info)
    {
        var text = new TextBuffer(stackalloc char[MaximumJsonArgument]);
        CallFormatter.AppendHostSignal(ref text, info);
        return text.Finish().ToString();
    }

    /// <summary>The arguments of a call that are descriptors or paths, with their values.</summary>
    public IEnumerable<(SignatureKind Kind, ulong Value)> Files(SyscallRow row, ulong[] args)
    {
        Signature signature = _tables.SignatureOf(row);
        ulong[] values = new ulong[CallFormatter.MaximumArguments];
        CallFormatter.GatherValues(abi, signature, args, values);
        for (int i = 0; i < signature.Arguments.Count; i++)
            if (signature.Arguments[i].Type.Kind is SignatureKind.Path or SignatureKind.Fd or SignatureKind.Dirfd)
                yield return (signature.Arguments[i].Type.Kind, values[i]);
    }

    private string Text(SyscallRow row, ReadOnlySpan<ulong> args, long result, bool isPast)
    {
        Signature signature = _tables.SignatureOf(row);
        Span<ulong> values = stackalloc ulong[CallFormatter.MaximumArguments];
        CallFormatter.GatherValues(abi, signature, args, values);
        var text = new TextBuffer(stackalloc char[MaximumLine], ResultReserve);
        var call = isPast ? CallFormatter.Past(_tables, _memory, signature, values, result) : CallFormatter.Returned(_tables, _memory, signature, values, result);
        AppendCall(ref text, row, ref call);
        call.AppendResult(ref text);
        return text.Finish().ToString();
    }

    private static void AppendCall(ref TextBuffer text, SyscallRow row, ref CallFormatter call)
    {
        text.Append(row.Name);
        text.Append('(');
        call.AppendArguments(ref text);
        text.OpenReserve();
        text.Append(')');
    }

    /// <summary>Quotes and backslashes only: the formatter writes nothing but printable ASCII.</summary>
    private static void AppendEscaped(StringBuilder json, ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                json.Append('\\');
            json.Append(c);
        }
    }
}
