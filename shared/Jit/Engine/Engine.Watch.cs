using System.Numerics;

namespace Suite.Jit;

// Code that another process may have changed: a tracer writes to memory without any fault here.
public sealed unsafe partial class Engine
{
    private Dictionary<ulong, ulong>? _codeSums;

    /// <summary>Notes what the pages with translated code hold, before somebody else may write to them.</summary>
    public void RememberCode()
    {
        using (_gate.Hold())
        {
            _codeSums ??= [];
            foreach ((ulong address, var page) in _pages)
                if (page.FirstBlock >= 0 && !_codeSums.ContainsKey(address))
                    _codeSums[address] = SumOf(address);
        }
    }

    /// <summary>Drops what was translated from pages that hold something else than at <see cref="RememberCode"/>.</summary>
    public void DropChangedCode()
    {
        using (_gate.Hold())
        {
            if (_codeSums is not { } sums)
                return;
            foreach (ulong address in _pages.Keys.ToArray())
            {
                if (_pages[address].FirstBlock < 0)
                    continue;
                ulong sum = SumOf(address);
                if (sums.TryGetValue(address, out ulong before) && before != sum)
                    DropPage(address);
                sums[address] = sum;
            }
        }
    }

    private ulong SumOf(ulong page)
    {
        const ulong Factor = 0x9E37_79B9_7F4A_7C15;
        ulong* words = stackalloc ulong[(int)PageSize / sizeof(ulong)];
        if (!_stubs.TryCopy(words, (void*)page, (nuint)PageSize))
            return 0;
        ulong sum = 0;
        for (int i = 0; i < (int)PageSize / sizeof(ulong); i++)
            sum = BitOperations.RotateLeft(sum ^ words[i], 27) * Factor;
        return sum;
    }
}
