using Suite.Jit.Runtime;

namespace Suite.Jit;

/// <summary>
/// Which guest code is still cold: entered by branches only a few times. Several addresses share a counter, which makes code hot too early at worst, and
/// threads count without a lock, which makes it hot too late.
/// </summary>
public sealed unsafe class ColdCode
{
    private const int Counters = 8192, KnownPages = 64, PageShift = 12;

    private readonly byte[] _entries = new byte[Counters];
    private readonly ulong[] _executable = new ulong[KnownPages];
    private readonly int _limit;
    private readonly ICodeSource _source;

    internal ColdCode(int limit, ICodeSource source)
    {
        _limit = limit;
        _source = source;
    }

    /// <summary>Counts an entry of the code at an address. False when it is to be translated, cannot be executed, or a signal waits.</summary>
    public bool MayEnter(VcpuState* s, ulong pc)
    {
        ref byte entries = ref CounterOf(pc);
        if (entries >= _limit || s->Pending != 0 || !MayExecute(pc))
            return false;
        entries++;
        return true;
    }

    /// <summary>Whether the page of an address can be executed: to be asked when execution runs on into it.</summary>
    public bool MayExecute(ulong pc)
    {
        ulong page = pc >> PageShift | 1UL << 63;
        ref ulong known = ref _executable[(int)(pc >> PageShift) & (KnownPages - 1)];
        if (known == page)
            return true;
        if (!_source.IsExecutable(pc))
            return false;
        known = page;
        return true;
    }

    internal bool IsCold(ulong pc) => CounterOf(pc) < _limit;

    /// <summary>Code that cannot be executed this way is not tried again.</summary>
    internal void MakeHot(ulong pc) => CounterOf(pc) = byte.MaxValue;

    /// <summary>Mappings have changed.</summary>
    internal void ForgetPages() => Array.Clear(_executable);

    // Instructions of guests that have a first tier are words.
    private ref byte CounterOf(ulong pc) => ref _entries[(int)(pc >> 2) & (Counters - 1)];
}
