namespace Suite.Gdb;

// Going on, and stop replies.
public sealed partial class GdbSession
{
    private static int OffsetOf(GdbDescription description, int number) => description.TryPlace(number, out int offset, out _) ? offset : 0;

    private void Verbose(ref PacketCursor p)
    {
        if (p.TryTake("Cont?"u8))
            Send("vCont;c;C;s;S;t;r");
        else if (p.TryTake("Cont;"u8))
            ResumeByActions(ref p);
        else if (p.TryTake("Kill;"u8))
            Kill(ref p);
        else if (p.TryTake("Attach;"u8))
            Attach(ref p);
        else if (p.TryTake("File:"u8))
            HandleFile(ref p);
        else
            SendUnknown();
    }

    // vCont;action[:thread-id];... - the leftmost action that covers a thread is its.
    private void ResumeByActions(ref PacketCursor p)
    {
        List<GdbResume> wanted = [];
        while (!p.IsAtEnd)
        {
            PacketCursor action = new(p.Until((byte)';'));
            if (!TryAction(ref action, out GdbResume resume))
            {
                SendError(FileErrno.EINVAL);
                return;
            }

            wanted.Add(resume);
        }

        List<GdbResume> chosen = [];
        foreach (GdbThreadId thread in target.Threads)
            foreach (GdbResume resume in wanted)
                if (resume.Thread.Covers(thread))
                {
                    if (resume.Kind != GdbResumeKind.Stay)
                        chosen.Add(resume with { Thread = thread, Signal = SignalFor(resume, thread) });
                    break;
                }

        GoOn(chosen);
    }

    // A signal is for the thread it was named for; one named for all threads is for the thread that stopped.
    private int SignalFor(GdbResume resume, GdbThreadId thread) => resume.Thread is { Process: > 0, Thread: > 0 } || thread == _stop.Thread ? resume.Signal : 0;

    private bool TryAction(ref PacketCursor p, out GdbResume resume)
    {
        resume = default;
        GdbResumeKind kind;
        (int signal, ulong start, ulong end) = (0, 0, 0);
        if (p.TryTake("C"u8))
            kind = p.TryInt(out signal) ? GdbResumeKind.Continue : GdbResumeKind.Stay;
        else if (p.TryTake("S"u8))
            kind = p.TryInt(out signal) ? GdbResumeKind.Step : GdbResumeKind.Stay;
        else if (p.TryTake("r"u8))
            kind = p.TryHex(out start) && p.TryTake(","u8) && p.TryHex(out end) ? GdbResumeKind.RangeStep : GdbResumeKind.Stay;
        else if (p.TryTake("c"u8))
            kind = GdbResumeKind.Continue;
        else if (p.TryTake("s"u8))
            kind = GdbResumeKind.Step;
        else if (p.TryTake("t"u8))
            kind = GdbResumeKind.Stay;
        else
            return false;
        GdbThreadId thread = GdbThreadId.Everything;
        if (p.TryTake(":"u8) && !p.TryThread(_stop.Thread.Process, out thread))
            return false;
        resume = new GdbResume(thread, kind, signal, start, end);
        return p.IsAtEnd;
    }

    // c, s [address] and C, S signal[;address].
    private void ResumePlainly(byte kind, ref PacketCursor p)
    {
        int signal = 0;
        bool isWrong = kind is (byte)'C' or (byte)'S' && !p.TryInt(out signal);
        p.TryTake(";"u8);
        ulong address = 0;
        bool jumps = !p.IsAtEnd;
        isWrong |= jumps && !p.TryHex(out address);
        GdbThreadId thread = Concrete(_continued);
        if (isWrong || (jumps && !SetProgramCounter(thread, address)))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        bool steps = kind is (byte)'s' or (byte)'S';
        List<GdbResume> chosen = [];
        foreach (GdbThreadId each in target.Threads)
            if (each == thread)
                chosen.Add(new GdbResume(each, steps ? GdbResumeKind.Step : GdbResumeKind.Continue, signal));
            else if (_continued.Covers(each))
                chosen.Add(new GdbResume(each, GdbResumeKind.Continue));
        GoOn(chosen);
    }

    private bool SetProgramCounter(GdbThreadId thread, ulong address)
    {
        GdbDescription d = target.Description;
        byte[] all = new byte[d.TotalBytes];
        if (!d.TryPlace(d.ProgramCounter, out int offset, out int bytes) || !target.ReadRegisters(thread, all))
            return false;
        for (int i = 0; i < bytes; i++)
            all[offset + (d.IsBigEndian ? bytes - 1 - i : i)] = (byte)(address >> 8 * i);
        return target.WriteRegisters(thread, all);
    }

    private void GoOn(List<GdbResume> chosen)
    {
        if (chosen.Count == 0)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        IsRunning = true;
        target.Resume(chosen);
    }

    private void Kill(ref PacketCursor p)
    {
        if (!p.TryInt(out int process))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        SendOk();
        target.Kill(process);
        IsOver = target.Threads.Count == 0;
    }

    private void Attach(ref PacketCursor p)
    {
        if (p.TryInt(out int process) && target.Threads.Any(t => t.Process == process))
            SendStop();
        else
            SendError(FileErrno.EPERM);
    }

    private void Detach(ref PacketCursor p)
    {
        int process = _stop.Thread.Process;
        if (p.TryTake(";"u8) && !p.TryInt(out process))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        // The answer first: the process may be the one that speaks.
        bool known = target.Threads.Any(t => t.Process == process) || target.MayDetach(process);
        Answer(known);
        if (!known)
            return;
        target.Detach(process);
        IsOver |= target.Threads.Count == 0;
    }

    private void SendStop()
    {
        GdbStop stop = _stop;
        if (stop.IsEnd)
        {
            Reply.Text(stop.Kind == GdbStopKind.Exited ? "W" : "X").Byte(stop.Kind == GdbStopKind.Exited ? (byte)stop.Value : (byte)stop.Signal);
            if (_multiprocess)
                _reply.Text(";process:").Number((ulong)stop.Thread.Process);
            Send(_reply);
            return;
        }

        Reply.Text("T").Byte((byte)stop.Signal);
        AddRegisters(stop.Thread);
        _reply.Text("thread:").Thread(stop.Thread, _multiprocess).Text(";");
        AddReason(stop);
        Send(_reply);
    }

    // What the debugger asks for at each stop.
    private void AddRegisters(GdbThreadId thread)
    {
        GdbDescription d = target.Description;
        byte[] all = new byte[d.TotalBytes];
        if (!target.ReadRegisters(thread, all))
            return;
        foreach (int number in (ReadOnlySpan<int>)[d.StackPointer, d.ProgramCounter])
            _reply.Byte((byte)number).Text(":").HexBytes(all.AsSpan(OffsetOf(d, number), d.Registers[number].Bytes)).Text(";");
    }

    private void AddReason(GdbStop stop)
    {
        switch (stop.Kind)
        {
            case GdbStopKind.Breakpoint when _tellsBreakpoints:
                _reply.Text("swbreak:;");
                break;
            case GdbStopKind.WriteWatch:
                _reply.Text("watch:").Number(stop.Value).Text(";");
                break;
            case GdbStopKind.ReadWatch:
                _reply.Text("rwatch:").Number(stop.Value).Text(";");
                break;
            case GdbStopKind.AccessWatch:
                _reply.Text("awatch:").Number(stop.Value).Text(";");
                break;
            case GdbStopKind.CallEntry:
                _reply.Text("syscall_entry:").Number(stop.Value).Text(";");
                break;
            case GdbStopKind.CallReturn:
                _reply.Text("syscall_return:").Number(stop.Value).Text(";");
                break;
            case GdbStopKind.Fork:
                _reply.Text("fork:").Thread(stop.Other, _multiprocess).Text(";");
                break;
            case GdbStopKind.Vfork:
                _reply.Text("vfork:").Thread(stop.Other, _multiprocess).Text(";");
                break;
            case GdbStopKind.VforkDone:
                _reply.Text("vforkdone:;");
                break;
            case GdbStopKind.Exec:
                _reply.Text("exec:").HexBytes(stop.Path).Text(";");
                break;
        }
    }
}
