using System.Diagnostics;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Where generated code takes the number of a TLB entry from.</summary>
internal enum TlbIndex
{
    /// <summary>From the address: four instructions that the access has to wait for.</summary>
    Computed,

    /// <summary>The entry that the same instruction used last: known before the address is.</summary>
    OfSite,

    /// <summary>The entry that the stack used last.</summary>
    OfStack,
}

/// <summary>An access whose TLB entry is guessed.</summary>
internal unsafe struct TlbHint
{
    /// <summary>Where the guess is loaded, and what comes behind it.</summary>
    public byte* At, Next;

    /// <summary>When wrong guesses were counted from, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Since;
}

// Guessed TLB entries. A wrong guess costs a misprediction; where that happens all the time, the access computes its entry like the others.
internal sealed unsafe partial class MachineTranslator
{
    private const int WrongGuessesLog = 12;

    private static readonly long TooOften = (Stopwatch.Frequency << WrongGuessesLog) / 10_000_000; // one wrong guess in 100 ns

    // S1 = number of the entry of the address in S0.
    private void EmitIndex(ref X64Asm a)
    {
        a.Mov32(S1, S0);
        a.Shift(Shift.Shr, S1, 12, wide: false);
        a.And32(S1, VcpuArea.TlbEntries - 1);
    }

    // S1 = the guess. The result is its number, -1 when there is none and the entry is computed.
    private int EmitGuess(TlbIndex kind)
    {
        if (kind == TlbIndex.Computed || (kind == TlbIndex.OfSite && _code.Hints.Count == VcpuArea.MostHints))
        {
            EmitIndex(ref _a);
            return -1;
        }

        if (kind == TlbIndex.OfStack)
        {
            _a.Mov32(S1, AreaSlot.StackHint(_mode.View));
            return -1;
        }

        byte* at = _a.Position;
        _a.Mov32(S1, AreaSlot.Hint(_code.Hints.Count));
        _code.Hints.Add(new TlbHint { At = at, Next = _a.Position });
        return _code.Hints.Count - 1;
    }

    // S0: linear address again; then with the right entry back, or on to what a miss does.
    private void EmitWrongGuess(ref X64Asm c, TlbIndex kind, int hint, int site, int size, bool isWrite, byte* hit)
    {
        Mem guess = kind == TlbIndex.OfStack ? AreaSlot.StackHint(_mode.View) : AreaSlot.Hint(hint);
        c.Add(S0, AreaSlot.Indexed(S1, TagsOf(isWrite)));
        EmitIndex(ref c);
        c.Mov32(guess, S1);
        c.Sub(S0, AreaSlot.Indexed(S1, TagsOf(isWrite)));
        c.Cmp(S0, PageBytes - size);
        if (kind == TlbIndex.OfStack)
        {
            c.Jcc(Cond.BE, hit);
            return;
        }

        byte* miss = c.JccForward(Cond.A);
        c.Op(Alu.Add, AreaSlot.HintCount(hint), 1 << (32 - WrongGuessesLog), wide: false);
        c.Jcc(Cond.AE, hit);
        c.Mov32(AreaSlot.At(AreaSlot.ExitSite), site);
        c.Jmp(_code.Stubs.Exit(MachineExit.WrongGuesses, flagsInHost: false));
        c.Here(miss);
    }

    /// <summary>An access was often guessed wrong: if that took little time, it computes its entry from now on.</summary>
    public void TakeWrongGuesses(ref TlbHint hint)
    {
        long now = Stopwatch.GetTimestamp();
        bool isOften = now - hint.Since < TooOften;
        hint.Since = now;
        if (!isOften)
            return;
        byte* away = _code.Hot;
        X64Asm a = new(away);
        EmitIndex(ref a);
        a.Jmp(hint.Next);
        _code.Hot = (byte*)(((ulong)a.Position + 15) & ~15UL);
        a = new X64Asm(hint.At);
        a.Jmp(away);
    }
}
