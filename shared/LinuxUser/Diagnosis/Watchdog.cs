using System.Diagnostics;
using System.Globalization;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>What the user wants of the watchdog (-watchdog).</summary>
/// <param name="Time">How long the guest may go without making a system call.</param>
/// <param name="Aborts">The process is then ended by SIGABRT, with a report and a core file as those are wanted.</param>
public sealed record WatchdogSettings(TimeSpan Time, bool Aborts);

/// <summary>
/// A thread of the emulator's own that prints what the guest's threads do when none of them has made a system call for some time: they spin, wait, or
/// have locked each other out.
/// </summary>
internal sealed unsafe class Watchdog(GuestProcess process, string tool, WatchdogSettings settings)
{
    private const int StackBytes = 512 * 1024, TicksPerTime = 8;
    private const double ShortestTick = 0.01, LongestTick = 1;

    /// <summary>Starts watching; called by a guest thread, before the guest runs.</summary>
    public void Start()
    {
        ulong all = SignalMasks.AllButFaults, mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&all, (long)&mask, 8); // which the new thread inherits
        new Thread(Run, StackBytes) { IsBackground = true }.Start();
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&mask, 0, 8);
    }

    private void Run()
    {
        ThreadBinding binding = ThreadBinding.Bind(process.Engine);
        process.Engine.World.AddHelper(binding.State);
        double tick = Math.Clamp(settings.Time.TotalSeconds / TicksPerTime, ShortestTick, LongestTick);
        long seen = -1, since = Stopwatch.GetTimestamp();
        while (true)
        {
            Sleep(tick);
            long made = CallsMade();
            if (made != seen)
            {
                (seen, since) = (made, Stopwatch.GetTimestamp());
                continue;
            }

            if (Stopwatch.GetElapsedTime(since) < settings.Time)
                continue;
            string reason = string.Create(CultureInfo.InvariantCulture, $"no system call for {settings.Time.TotalSeconds:0.##} s");
            ReportSink.Write(null, ThreadDump.Make(process, tool, reason));
            since = Stopwatch.GetTimestamp();
            if (settings.Aborts)
                Abort();
        }
    }

    // By way of a guest thread, which reports and dumps core as for any abort; by force when none reacts.
    private void Abort()
    {
        const double Grace = 2;
        process.Actions.Set(Linux.SIGABRT, default);
        long pid = Sys.Call(Nr.getpid);
        foreach (GuestThread t in process.Threads.Snapshot())
            Sys.Call(Nr.tgkill, pid, t.Tid, Linux.SIGABRT);
        Sleep(Grace);
        Sys.Call(Nr.kill, pid, Linux.SIGKILL);
    }

    private long CallsMade()
    {
        GuestThread[] threads = process.Threads.Snapshot();
        long made = threads.Length;
        foreach (GuestThread t in threads)
            made += t.Calls.Made;
        return made;
    }

    // Outside managed code, so that forks and flushes need not wait.
    private void Sleep(double seconds)
    {
        long* args = stackalloc long[7];
        long* time = stackalloc long[2];
        (time[0], time[1]) = ((long)seconds, (long)((seconds - Math.Floor(seconds)) * 1e9));
        (args[0], args[1], args[2]) = (Nr.nanosleep, (long)time, 0);
        process.Engine.Stubs.BlockingCall(args);
    }
}
