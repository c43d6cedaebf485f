using System.Diagnostics;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Clocks.
public static unsafe partial class PpcHelpers
{
    /// <summary>Ticks of the time base in a second; /proc/cpuinfo says the same.</summary>
    public const int TimeBaseFrequency = 100_000_000;

    internal const int TimeBaseLow = 0, TimeBaseHigh = 1, RtcSeconds = 2, RtcNanoseconds = 3;

    /// <summary>The time base now.</summary>
    public static ulong TimeBase => (ulong)(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / TimeBaseFrequency));

    static partial void RegisterInteger(IrHelpers helpers)
    {
        helpers.Set(TimeBaseLow, &ReadTimeBaseLow);
        helpers.Set(TimeBaseHigh, &ReadTimeBaseHigh);
        helpers.Set(RtcSeconds, &ReadRtcSeconds);
        helpers.Set(RtcNanoseconds, &ReadRtcNanoseconds);
    }

    private static ulong ReadTimeBaseLow(IrInterpreterState s, ulong a, ulong b, ulong c) => (uint)TimeBase;

    private static ulong ReadTimeBaseHigh(IrInterpreterState s, ulong a, ulong b, ulong c) => (uint)(TimeBase >> 32);

    private static ulong ReadRtcSeconds(IrInterpreterState s, ulong a, ulong b, ulong c) =>
        (ulong)((DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond);

    // The clock counts in steps of 128 nanoseconds.
    private static ulong ReadRtcNanoseconds(IrInterpreterState s, ulong a, ulong b, ulong c) =>
        (ulong)(DateTime.UtcNow.Ticks % TimeSpan.TicksPerSecond * 100) & ~127UL;
}
