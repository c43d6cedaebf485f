using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// Breakpoints on execution that tracers have put into the debug registers of a process' threads. Guest code runs elsewhere than where it lies, so they are
/// breakpoints of the engine; each is for one thread, and others pass it. An instruction with the resume flag is not stopped at (AMD64 manual volume 2, 13.1).
/// </summary>
internal sealed unsafe class TracedBreakpoints(Engine engine)
{
    private const ulong ResumeFlag = 0x10000;

    private readonly Dictionary<ulong, int> _threads = []; // of each place, in how many slots of all threads it is

    /// <summary>Puts the breakpoints that a tracer's answer has in the place of a thread's former ones.</summary>
    public void Change(TracedThread traced, uint slots, ReadOnlySpan<ulong> places)
    {
        if (slots == 0 && traced.BreakpointSlots == 0)
            return;
        // The engine's own lock: one that is held by nobody when a process forks.
        using (engine.Gate.Hold())
        {
            (uint before, ulong[] were) = (traced.BreakpointSlots, traced.Breakpoints);
            (traced.BreakpointSlots, traced.Breakpoints) = (slots, places.ToArray());
            for (int i = 0; i < traced.Breakpoints.Length; i++)
                if ((slots >> i & 1) != 0)
                    Add(traced.Breakpoints[i]);
            for (int i = 0; i < were.Length; i++)
                if ((before >> i & 1) != 0)
                    Remove(were[i]);
        }
    }

    /// <summary>The process is a fork's child, whose debug registers are empty.</summary>
    public void Forget()
    {
        _threads.Clear();
        engine.ClearBreakpoints();
    }

    /// <summary>Guest code is about to be entered, which loses the resume flag.</summary>
    public static void Entering(GuestThread t)
    {
        if (t.Traced is { BreakpointSlots: not 0 } traced)
            traced.ResumesAt = (t.State->Flags & ResumeFlag) != 0 ? t.State->Pc : null;
    }

    /// <summary>Slots of the thread that hold the place of its next instruction, unless the resume flag lets it pass. The flag is set for the next time.</summary>
    public static uint Reached(GuestThread t)
    {
        uint slots = 0;
        if (t.Traced is not { BreakpointSlots: not 0 } traced)
            return 0;
        for (int i = 0; i < traced.Breakpoints.Length; i++)
            if ((traced.BreakpointSlots >> i & 1) != 0 && traced.Breakpoints[i] == t.State->Pc)
                slots |= 1u << i;
        if (slots == 0 || traced.ResumesAt == t.State->Pc)
            return 0;
        t.State->Flags |= ResumeFlag;
        return slots;
    }

    private void Add(ulong place)
    {
        _threads.TryGetValue(place, out int threads);
        _threads[place] = threads + 1;
        if (threads == 0)
            engine.SetBreakpoint(place);
    }

    private void Remove(ulong place)
    {
        if (--_threads[place] > 0)
            return;
        _threads.Remove(place);
        engine.ClearBreakpoint(place);
    }
}
