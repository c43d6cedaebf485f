using System.Diagnostics;
using Suite.Devices.Core;
using Suite.Machines.Options;

namespace Suite.Machines;

/// <summary>
/// -icount: the guest's time is what its one processor has executed, 2^shift nanoseconds an instruction, so that two runs are the same. While the processor waits for an
/// interrupt, time goes on to the next timer: as fast as the host's clock (sleep=on), or at once.
/// </summary>
public sealed class InstructionTime
{
    private const int FirstAutoShift = 3, MostShift = 10;
    private const long Millisecond = VirtualClock.Second / 1000, AdjustEvery = 100 * Millisecond, Wobble = VirtualClock.Second / 10, MostAhead = 3 * Millisecond;

    private readonly bool _isAuto, _sleeps, _aligns;
    private IVcpu? _vcpu;
    private int _shift;
    private long _bias, _start, _adjusted, _lastAhead;

    /// <summary>Reads the option.</summary>
    /// <param name="icount">-icount's value; "shift" is its first word.</param>
    /// <exception cref="OptionException">A mistake in it.</exception>
    public InstructionTime(KeyValues icount)
    {
        string shift = icount.Get("shift") ?? throw new OptionException($"-icount {icount.Text}: shift= is missing", "shift=0 to shift=10, or shift=auto");
        _isAuto = shift == "auto";
        _shift = _isAuto ? FirstAutoShift : (int)icount.GetNumber("shift", 0, 0, MostShift);
        _sleeps = icount.GetBool("sleep", true);
        _aligns = icount.GetBool("align", false);
        if (icount.Get("rr") is not null || icount.Get("rrfile") is not null)
            throw new OptionException("-icount: recording and replaying (rr=, rrfile=) is not offered", "without them two runs of the same guest are the same, as long as nothing comes from outside");
        icount.Finish();
        if (_isAuto && (!_sleeps || _aligns))
            throw new OptionException("-icount: shift=auto follows the host's clock, which does not go with sleep=off or align=on", "give a number as shift=");
        if (_aligns && !_sleeps)
            throw new OptionException("-icount: align=on and sleep=off contradict each other", "give one of them");
    }

    /// <summary>The guest's time in nanoseconds; exact on the processor's thread.</summary>
    public long Nanoseconds => _bias + ((_vcpu?.Instructions ?? 0) << _shift);

    private static long HostNow => Stopwatch.GetTimestamp() * (VirtualClock.Second / Stopwatch.Frequency);

    internal void Attach(IVcpu vcpu)
    {
        _vcpu = _vcpu is null ? vcpu : throw new OptionException("-icount: the instructions of one processor can be counted, not of several", "-smp 1");
        _start = _adjusted = HostNow;
    }

    /// <summary>The processor comes back when the next timer is due. Under the lock.</summary>
    internal void LimitTo(VirtualClock clock)
    {
        if (_vcpu is null)
            return;
        long left = clock.NextDeadline is { } next ? next - clock.Now : long.MaxValue;
        if (_isAuto)
            left = Math.Min(left, AdjustEvery);
        _vcpu.InstructionLimit = left == long.MaxValue ? long.MaxValue : _vcpu.Instructions + Math.Max((left + (1L << _shift) - 1) >> _shift, 1);
    }

    /// <summary>
    /// The processor has nothing to do before the next timer, if there is one: waits as long as it shall, and moves time on, to the deadline but not beyond. On its thread,
    /// without the lock.
    /// </summary>
    /// <param name="left">Nanoseconds to the next deadline; null when there is none.</param>
    /// <param name="wake">Ends the wait.</param>
    internal void Idle(long? left, WakeEvent wake)
    {
        if (left is not { } wait)
        {
            wake.Wait();
            return;
        }

        if (wait <= 0)
            return;
        if (_sleeps)
        {
            long from = HostNow;
            wake.Wait(wait);
            wait = Math.Min(wait, HostNow - from);
        }

        _bias += wait;
    }

    /// <summary>shift=auto and align=on: keeps near to the host's clock. On the processor's thread, without the lock.</summary>
    internal void Follow()
    {
        long now = HostNow, ahead = Nanoseconds - (now - _start);
        if (_aligns && ahead > MostAhead)
            Thread.Sleep((int)(ahead / Millisecond));
        if (!_isAuto || now - _adjusted < AdjustEvery)
            return;
        _adjusted = now;
        int shift = _shift;
        if (ahead > 0 && _lastAhead + Wobble < ahead * 2 && _shift > 0)
            shift--;
        else if (ahead < 0 && _lastAhead - Wobble > ahead * 2 && _shift < MostShift)
            shift++;
        _lastAhead = ahead;
        _bias += (_vcpu!.Instructions << _shift) - (_vcpu.Instructions << shift);
        _shift = shift;
    }
}
