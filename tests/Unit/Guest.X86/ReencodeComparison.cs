using System.Text;
using Iced.Intel;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// Runs the same code at the same address with the same registers and memory twice, natively and re-encoded, and compares everything.
/// Code ends where it reaches <see cref="ReencodeHost.Stop"/> or faults. Differences are gathered, one for each name of a case.
/// </summary>
internal sealed unsafe class ReencodeComparison(ReencodeHost host, bool narrow = false)
{
    private const int MaxReported = 25;

    private readonly ReencodeState _expected = new() { Narrow = narrow }, _actual = new() { Narrow = narrow };
    private readonly SortedDictionary<string, string> _failures = [];
    private readonly byte[] _before = new byte[Compared(narrow) * 2], _after = new byte[Compared(narrow) * 2];
    private readonly int _compared = Compared(narrow);

    /// <summary>Bytes of data and of stack that are set, compared and reported.</summary>
    public const int WindowBytes = 1024;

    // Random 32-bit code finds its way to every byte of an area.
    private static int Compared(bool narrow) => narrow ? ReencodeHost.AreaBytes : WindowBytes;

    /// <summary>What both runs start with.</summary>
    public ReencodeState Input { get; } = new() { Narrow = narrow };

    /// <summary>How the native run ended.</summary>
    public ReencodeState Native => _expected;

    /// <summary>Start of the data window, <see cref="WindowBytes"/> long.</summary>
    public ulong Data { get; set; } = ReencodeHost.FarData;

    /// <summary>Start of the stack window.</summary>
    public ulong Stack { get; set; } = ReencodeHost.FarStack;

    /// <summary>Base of the guest's fs and gs segment; the native run has one of them, as gs.</summary>
    public ulong FsBase { get; set; }

    public ulong GsBase { get; set; }

    /// <summary>Number of comparisons, and of those that reached the stop.</summary>
    public int Count { get; private set; }

    public int Completed { get; private set; }

    /// <summary>Sets random registers and memory; the stack pointer lies in the middle of the stack window.</summary>
    public void Randomize(ReencodeRandom random)
    {
        Input.Randomize(random);
        Input.Gpr[4] = Stack + WindowBytes / 2;
        random.Fill(new Span<byte>((byte*)Data, WindowBytes));
        random.Fill(new Span<byte>((byte*)Stack, WindowBytes));
    }

    /// <summary>Compares a piece of code that is the same natively.</summary>
    public bool Check(string name, ulong at, ReadOnlySpan<byte> code) => Check(name, at, code, code, FsBase);

    /// <summary>Compares code whose native form differs in some byte (fs: becomes gs:).</summary>
    public bool Check(string name, ulong at, ReadOnlySpan<byte> guest, ReadOnlySpan<byte> native, ulong nativeGs)
    {
        Count++;
        Save(_before);
        RunNatively(at, native, nativeGs);
        Save(_after);
        if (_expected.EndedAtStop)
            Completed++;

        Restore(_before);
        guest.CopyTo(new Span<byte>((byte*)at, guest.Length));
        host.Engine.Invalidate(at, (ulong)guest.Length);
        string? difference = RunTranslated(at);
        new Span<byte>((byte*)at, guest.Length).Fill(ReencodeHost.Stop);
        host.Engine.Invalidate(at, (ulong)guest.Length);
        if (string.IsNullOrEmpty(difference))
            return true;
        _failures.TryAdd(name, $"{name}: {Listing(at, guest, narrow ? 32 : 64)}:{difference}");
        return false;
    }

    /// <summary>Only the native run; the result is where it ended.</summary>
    public ulong NativeEnd(ulong at, ReadOnlySpan<byte> code) => NativeEnd(at, code, FsBase);

    /// <summary>The same with another segment base.</summary>
    public ulong NativeEnd(ulong at, ReadOnlySpan<byte> code, ulong gs)
    {
        Save(_before);
        RunNatively(at, code, gs);
        Save(_after);
        new Span<byte>((byte*)at, code.Length).Fill(ReencodeHost.Stop);
        return _expected.Pc;
    }

    /// <summary>Only the native run, of code that is there already; memory is as before afterwards.</summary>
    public void NativeEndInPlace(ulong at)
    {
        Save(_before);
        RunNatively(at, [], FsBase);
        Save(_after);
        ResetMemory();
    }

    /// <summary>Puts the memory back that the last native run started with.</summary>
    public void ResetMemory() => Restore(_before);

    /// <summary>Runs at an address, nothing written, and compares with the last native end. Null or empty when nothing differs.</summary>
    public string? RunTranslated(ulong at, bool stackMayHoldFlags = false)
    {
        Input.Load(host.State);
        host.State->SegmentBase = GsBase;
        ReencodeHost.SetHostGs(FsBase);
        ExitReason reason;
        try
        {
            reason = host.Engine.Run(host.State);
        }
        catch (InvalidOperationException e)
        {
            return " " + e.Message;
        }

        _actual.Store(host.State, host.State->Pc);
        _actual.StoreEnd(host.State, reason);
        string? difference = _actual.Difference(_expected);
        if (ReencodeHost.GetHostGs() != FsBase)
            difference += $" fs base: {FsBase:x} expected, {ReencodeHost.GetHostGs():x} found;";
        return difference + (stackMayHoldFlags ? null : MemoryDifference());
    }

    public void AssertNoDifferences()
    {
        if (_failures.Count == 0)
            return;
        StringBuilder text = new($"{_failures.Count} kinds of difference in {Count} runs\n");
        foreach (string failure in _failures.Values.Take(MaxReported))
            text.AppendLine(failure);
        Assert.Fail(text.ToString());
    }

    /// <summary>Disassembly of a piece of code, for messages.</summary>
    public static string Listing(ulong at, ReadOnlySpan<byte> code, int bits = 64)
    {
        StringBuilder text = new(Convert.ToHexString(code));
        Decoder decoder = Decoder.Create(bits, new ByteArrayCodeReader(code.ToArray()), at);
        NasmFormatter formatter = new();
        StringOutput output = new();
        while (decoder.IP < at + (ulong)code.Length)
        {
            decoder.Decode(out Instruction instruction);
            formatter.Format(in instruction, output);
            if (!instruction.IsInvalid)
                text.Append($" | {instruction.IP & 0xFFFF:x} {output}");
            output.Reset();
        }

        return text.ToString();
    }

    private void RunNatively(ulong at, ReadOnlySpan<byte> code, ulong gs)
    {
        code.CopyTo(new Span<byte>((byte*)at, code.Length));
        Input.Pc = at;
        Input.Load(host.State);
        ReencodeHost.SetHostGs(gs);
        ulong end = host.RunNatively(at);
        _expected.Store(host.State, end);
        _expected.StoreEnd(host.State, ExitReason.Fault);
    }

    private void Save(byte[] into)
    {
        new Span<byte>((byte*)Data, _compared).CopyTo(into);
        new Span<byte>((byte*)Stack, _compared).CopyTo(into.AsSpan(_compared));
    }

    private void Restore(byte[] from)
    {
        from.AsSpan(0, _compared).CopyTo(new Span<byte>((byte*)Data, _compared));
        from.AsSpan(_compared).CopyTo(new Span<byte>((byte*)Stack, _compared));
    }

    private string? MemoryDifference()
    {
        Span<byte> data = new((byte*)Data, _compared), stack = new((byte*)Stack, _compared);
        int d = data.CommonPrefixLength(_after.AsSpan(0, _compared)), s = stack.CommonPrefixLength(_after.AsSpan(_compared));
        string? text = null;
        if (d < _compared)
            text += $" data+{d:x}: {_after[d]:x2} expected, {data[d]:x2} found;";
        if (s < _compared)
            text += $" stack+{s:x}: {_after[_compared + s]:x2} expected, {stack[s]:x2} found;";
        return text;
    }
}
