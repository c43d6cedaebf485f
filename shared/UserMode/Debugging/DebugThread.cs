using System.Runtime.InteropServices;
using Suite.Gdb;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.Debugging;

/// <summary>
/// A guest thread as the debugger sees it. The word says whether it is to stay; what else is written by two sides is written while it is parked,
/// or by its own host thread while it runs.
/// </summary>
internal sealed unsafe class DebugThread
{
    // Pinned, so that futex(2) can wait at it; it goes when nobody looks at the thread any more.
    private readonly uint[] _memory = GC.AllocateArray<uint>(1, pinned: true);
    private readonly uint* _word;
    private volatile bool _isParked, _inCall;

    public DebugThread(GuestThread thread, GdbThreadId id, int registerBytes)
    {
        (Thread, Id, Registers) = (thread, id, new byte[registerBytes]);
        _word = (uint*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
    }

    public GuestThread Thread { get; }

    public GdbThreadId Id { get; }

    /// <summary>1 while the thread is to stay where it is, 0 while it may run.</summary>
    public uint* Word => _word;

    /// <summary>It waits for the debugger, and <see cref="Registers"/> are its.</summary>
    public bool IsParked
    {
        get => _isParked;
        set => _isParked = value;
    }

    /// <summary>It makes a system call; <see cref="Registers"/> are those of its entry.</summary>
    public bool InCall
    {
        get => _inCall;
        set => _inCall = value;
    }

    /// <summary>It waits in vfork(2) while the child runs on its stack.</summary>
    public bool InVfork { get; set; }

    /// <summary>The debugger does not look at it.</summary>
    public bool IsDetached { get; set; }

    /// <summary>All registers, as in a g packet.</summary>
    public byte[] Registers { get; }

    /// <summary>The debugger has changed registers: they become the thread's when it goes on.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The call it was in was broken off, so that it can go on with other registers; going on with the same makes the call again.</summary>
    public bool CallBroken { get; set; }

    /// <summary>What the debugger is to be told about it; null for nothing.</summary>
    public GdbStop? Event { get; set; }

    /// <summary>The host's siginfo of the signal it stopped with; null when it was none.</summary>
    public byte[]? Siginfo { get; set; }

    /// <summary>The debugger let it go on last time: only then does it want to hear of it.</summary>
    public bool IsResumed { get; set; } = true;

    /// <summary>How it goes on.</summary>
    public GdbResumeKind Mode { get; set; } = GdbResumeKind.Continue;

    /// <summary>The range of <see cref="GdbResumeKind.RangeStep"/>.</summary>
    public (ulong Start, ulong End) Range { get; set; }

    /// <summary>The signal of Linux it goes on with, or 0.</summary>
    public int Signal { get; set; }

    /// <summary>Signals of Linux that the debugger has sent itself and that are not told, bit n-1 for signal n.</summary>
    public ulong PassOnce { get; set; }

    /// <summary>The call whose entry was reported, so that its return is too; -1 for none.</summary>
    public long CaughtCall { get; set; } = -1;

    /// <summary>Of a vfork child: the thread that waits for it.</summary>
    public DebugThread? VforkParent { get; init; }

    /// <summary>Of a vfork child: the debugger was told of it, and wants to hear of the end of the vfork.</summary>
    public bool IsTold { get; set; }

    /// <summary>True while the thread may run.</summary>
    public bool MayRun => Volatile.Read(ref *_word) == 0;
}
