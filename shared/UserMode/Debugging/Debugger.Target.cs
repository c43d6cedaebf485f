using System.Text;
using Suite.Gdb;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.UserMode.Debugging;

// What the protocol asks and tells, on the connection's thread, while all is stopped.
internal sealed unsafe partial class Debugger
{
    private bool _isGone;

    GdbDescription IGdbTarget.Description => _registers.Description;

    IReadOnlyList<GdbThreadId> IGdbTarget.Threads
    {
        get
        {
            if (_isGone)
                return [];
            // A child is there once the debugger has been told of its making.
            using (_lock.Hold())
                return
                [
                    .. _threads.Where(d => !d.IsDetached && d.VforkParent is not { Event: not null }).Select(d => d.Id),
                    .. _heldChildren.Where(c => c.Parent.Event is null).Select(c => new GdbThreadId(c.Child, c.Child)),
                ];
        }
    }

    GdbEvents IGdbTarget.Events
    {
        get => _events;
        set => _events = value;
    }

    IGdbFiles? IGdbTarget.Files => field ??= new DebugFiles(_process, () => Snapshot().FirstOrDefault()?.Thread);

    string? IGdbTarget.ThreadName(GdbThreadId thread)
    {
        try
        {
            return File.ReadAllText($"/proc/{thread.Process}/task/{thread.Thread}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return null; // it has just ended
        }
    }

    bool IGdbTarget.ReadRegisters(GdbThreadId thread, Span<byte> all)
    {
        DebugThread? d = Find(thread) ?? HeldBy(thread.Process);
        if (d is null)
            return false;
        d.Registers.CopyTo(all);
        return true;
    }

    bool IGdbTarget.WriteRegisters(GdbThreadId thread, ReadOnlySpan<byte> all)
    {
        if (Find(thread) is not { } d)
            return false;
        byte[] known = [.. d.Registers];
        if (all.SequenceEqual(known))
            return true;
        if (!d.IsParked && !BreakCall(d))
            return false;
        // Only what was changed: the rest may be newer now.
        for (int i = 0; i < known.Length; i++)
            if (all[i] != known[i])
                d.Registers[i] = all[i];
        d.IsDirty = true;
        return true;
    }

    int IGdbTarget.ReadMemory(int process, ulong address, Span<byte> into)
    {
        int done = 0;
        while (done < into.Length)
        {
            ulong at = address + (ulong)done;
            int part = (int)Math.Min((ulong)(into.Length - done), GuestMemory.PageSize - (at & (GuestMemory.PageSize - 1)));
            if (_process.Memory.Find(at) is null || !ReadPage(at, into.Slice(done, part)))
                break;
            done += part;
        }

        return done;
    }

    bool IGdbTarget.WriteMemory(int process, ulong address, ReadOnlySpan<byte> data)
    {
        if (HeldBy(process) is not null)
            return false; // its memory is its own already; what is read of it is its parent's, which is the same
        while (!data.IsEmpty)
        {
            int part = (int)Math.Min((ulong)data.Length, GuestMemory.PageSize - (address & (GuestMemory.PageSize - 1)));
            if (_process.Memory.Find(address) is null || !WritePage(address, data[..part]))
                return false;
            if (_engine.HasCode(address))
                _engine.Invalidate(address, (ulong)part);
            address += (ulong)part;
            data = data[part..];
        }

        NoteWritten();
        return true;
    }

    bool IGdbTarget.Offers(GdbPoint kind) => kind <= GdbPoint.Access;

    bool IGdbTarget.InsertPoint(int process, GdbPoint kind, ulong address, int length)
    {
        if (HeldBy(process) is not null)
            return true; // its copy of the breakpoints goes anyway
        if (kind is not (GdbPoint.Software or GdbPoint.Hardware))
            return InsertWatch(kind, address, length);
        _engine.SetBreakpoint(address);
        return true;
    }

    bool IGdbTarget.RemovePoint(int process, GdbPoint kind, ulong address, int length)
    {
        if (HeldBy(process) is not null)
            return true;
        if (kind is not (GdbPoint.Software or GdbPoint.Hardware))
            return RemoveWatch(kind, address, length);
        _engine.ClearBreakpoint(address);
        return true;
    }

    void IGdbTarget.Resume(IReadOnlyList<GdbResume> actions)
    {
        List<(DebugThread Thread, GdbResume Action)> chosen = [];
        foreach (GdbResume action in actions)
            if (Find(action.Thread) is { } d)
                chosen.Add((d, action));
        if (chosen.FirstOrDefault(c => c.Thread.Event is not null).Thread is { } teller)
        {
            _preferred = teller.Id; // what it has to tell comes before it goes on
            teller.IsResumed = true;
            return;
        }

        if (chosen.Count > 0)
            _preferred = (chosen.FirstOrDefault(c => c.Action.Kind != GdbResumeKind.Continue).Thread ?? chosen[0].Thread).Id;
        using (_lock.Hold())
        {
            _stopping = false;
            foreach (DebugThread d in _threads)
                d.IsResumed = false;
        }

        foreach ((DebugThread d, GdbResume action) in chosen)
            Prepare(d, action);
        foreach ((DebugThread d, _) in chosen)
            Release(d);
    }

    void IGdbTarget.Interrupt() => _wantsInterrupt = true;

    void IGdbTarget.Kill(int process)
    {
        if (process == _self)
            _sockets.RemovePath();
        bool isKnown = process == _self || HeldBy(process) is not null || Snapshot().Any(d => d.Id.Process == process);
        if (isKnown)
            Sys.Call(Nr.kill, process, Linux.SIGKILL);
    }

    bool IGdbTarget.MayDetach(int process) => _lostProcesses.Contains(process);

    bool IGdbTarget.Detach(int process)
    {
        if (_lostProcesses.Remove(process))
            return true;
        if (HeldBy(process) is not null)
        {
            using (_lock.Hold())
                _heldChildren.RemoveAll(c => c.Child == process);
            return _board.Decide(process, ForkDecision.Free);
        }

        if (process == _self && _heldChildren.Count > 0)
        {
            _board.Decide(_heldChildren[0].Child, ForkDecision.Follow);
            _heldChildren.RemoveAt(0);
            return _isGone = true;
        }

        DebugThread[] all = Snapshot();
        if (!Array.Exists(all, d => d.Id.Process != process && !d.IsDetached))
            return _isGone = true;
        foreach (DebugThread d in all)
        {
            if (d.Id.Process != process)
                continue;
            d.IsDetached = true;
            LetRun(d);
        }

        return true;
    }

    byte[]? IGdbTarget.ReadObject(string name, string annex, GdbThreadId thread)
    {
        switch (name)
        {
            case "auxv":
                byte[] auxv = new byte[_process.Identity.AuxLength];
                return _process.Memory.TryRead(_process.Identity.AuxAddress, auxv) ? auxv : null;
            case "exec-file":
                return GuestText.ToBytes(_process.Identity.Path);
            case "siginfo" when Find(thread) is { } d:
                return GuestSiginfo(HostSiginfo(d));
            default:
                return null;
        }
    }

    bool IGdbTarget.WriteObject(string name, int offset, ReadOnlySpan<byte> data, GdbThreadId thread)
    {
        if (Find(thread) is not { Siginfo: not null } d || offset < 0 || offset + data.Length > SiginfoLayout.Size)
            return false;
        byte[] guest = GuestSiginfo(d.Siginfo);
        data.CopyTo(guest.AsSpan(offset));
        if (_process.Compat is null)
            d.Siginfo = guest;
        else
            SiginfoLayout.ToHost(_process.Memory.Abi, _process.Memory.Abi.I32(guest), guest, d.Siginfo);
        return true;
    }

    void IGdbTarget.SetPassedSignals(IReadOnlyList<int> signals)
    {
        _passed = 0;
        foreach (int signal in signals)
            if (GdbSignals.ToLinux(signal) is > 0 and var linux)
                _passed |= SignalMasks.Of(linux);
        WatchSignals();
    }

    void IGdbTarget.SetCaughtCalls(IReadOnlyList<int>? numbers) => _calls = numbers;

    private DebugThread? HeldBy(int process) => _heldChildren.Find(c => c.Child == process).Parent;

    private void Prepare(DebugThread d, GdbResume action)
    {
        bool steps = action.Kind is GdbResumeKind.Step or GdbResumeKind.RangeStep;
        (d.IsResumed, d.Mode, d.Range) = (true, action.Kind, (action.Start, action.End));
        if (!d.IsParked)
            d.Thread.IsStepping = steps; // it is in a call, with which the step ends
        int signal = GdbSignals.ToLinux(action.Signal);
        if (d.Siginfo is not null)
            d.Signal = signal;
        else if (signal != 0)
            Send(d, signal);
    }

    // A signal the debugger sends on its own account.
    private static void Send(DebugThread d, int signal)
    {
        d.PassOnce |= SignalMasks.Of(signal);
        Sys.Call(Nr.tgkill, d.Id.Process, d.Id.Thread, signal);
    }

    // A thread whose registers are to be changed leaves the call it is in.
    private bool BreakCall(DebugThread d)
    {
        if (d.InVfork)
            return false;
        const int Rounds = 4000; // 2 s
        d.CallBroken = true;
        for (int round = 0; round < Rounds && !d.IsParked; round++)
        {
            if (round % 16 == 0)
                _engine.World.Kick(d.Id.Thread, d.Id.Process);
            Pause(round);
        }

        return d.IsParked;
    }

    // Watched pages stay closed: the guest may be running when values are looked at.
    private bool ReadPage(ulong address, Span<byte> into) => (_watches.Count == 0 && _process.Memory.TryRead(address, into)) || OwnMemory.Read(address, into);

    private bool WritePage(ulong address, ReadOnlySpan<byte> data) => _process.Memory.TryWrite(address, data) || OwnMemory.Write(address, data);

    // Stops that are no signal look to the debugger like the trap they would be natively.
    private static byte[] HostSiginfo(DebugThread d)
    {
        if (d.Siginfo is { } info)
            return info;
        const int SI_KERNEL = 0x80, CodeOffset = 8;
        byte[] trap = new byte[SiginfoLayout.Size];
        BitConverter.TryWriteBytes(trap, Linux.SIGTRAP);
        BitConverter.TryWriteBytes(trap.AsSpan(CodeOffset), SI_KERNEL);
        return trap;
    }

    private byte[] GuestSiginfo(byte[] host)
    {
        byte[] guest = [.. host];
        if (_process.Compat is not null)
            SiginfoLayout.ToGuest(_process.Memory.Abi, host, guest);
        return guest;
    }
}
