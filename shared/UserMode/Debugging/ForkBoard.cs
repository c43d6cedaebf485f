using Suite.Host;

namespace Suite.UserMode.Debugging;

/// <summary>What becomes of a child of fork(2).</summary>
internal enum ForkDecision
{
    /// <summary>Not known yet.</summary>
    None,

    /// <summary>It runs without a debugger.</summary>
    Free,

    /// <summary>It takes the connection over, and its parent runs without.</summary>
    Follow,
}

/// <summary>
/// Memory that parents and children share, where the child of a fork waits for what the debugger decides about it. The child claims a place; its parent
/// writes the decision there.
/// </summary>
internal sealed unsafe class ForkBoard
{
    private const int Places = 256, MAP_SHARED = 1;

    private readonly int* _places; // {process, decision}

    public ForkBoard()
    {
        long at = Sys.Call(Nr.mmap, 0, Places * 8, Linux.PROT_READ | Linux.PROT_WRITE, MAP_SHARED | Linux.MAP_ANONYMOUS, -1, 0);
        _places = Sys.IsError(at) ? null : (int*)at;
    }

    /// <summary>In the child: waits for the decision, or for the end of the parent.</summary>
    public ForkDecision Await(int self, int parent)
    {
        int* place = Claim(self);
        if (place == null)
            return ForkDecision.Free;
        long* second = stackalloc long[2];
        (second[0], second[1]) = (1, 0);
        while (Volatile.Read(ref place[1]) == (int)ForkDecision.None && (int)Sys.Call(Nr.getppid) == parent)
            Sys.Blocking(Nr.futex, (long)(place + 1), Linux.FUTEX_WAIT, (int)ForkDecision.None, (long)second);
        ForkDecision decision = (ForkDecision)Volatile.Read(ref place[1]);
        Volatile.Write(ref place[1], (int)ForkDecision.None);
        Volatile.Write(ref place[0], 0);
        return decision == ForkDecision.None ? ForkDecision.Free : decision;
    }

    /// <summary>In the parent: decides about a child. False when it does not come to wait, because it is gone.</summary>
    public bool Decide(int child, ForkDecision decision)
    {
        long* moment = stackalloc long[2];
        (moment[0], moment[1]) = (0, 200_000);
        for (int round = 0; _places != null && round < 5_000; round++)
        {
            for (int i = 0; i < Places; i++)
            {
                int* place = _places + 2 * i;
                if (Volatile.Read(ref place[0]) != child)
                    continue;
                Volatile.Write(ref place[1], (int)decision);
                Sys.Call(Nr.futex, (long)(place + 1), Linux.FUTEX_WAKE, 1);
                return true;
            }

            if (Sys.Call(Nr.kill, child, 0) != 0)
                return false;
            Sys.Blocking(Nr.nanosleep, (long)moment, 0);
        }

        return false;
    }

    private int* Claim(int self)
    {
        for (int i = 0; _places != null && i < Places; i++)
            if (Interlocked.CompareExchange(ref _places[2 * i], self, 0) == 0)
                return _places + 2 * i;
        return null;
    }
}
