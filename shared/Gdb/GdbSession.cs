namespace Suite.Gdb;

/// <summary>
/// One connection with a debugger: the remote protocol of gdb (gdb manual, appendix "Remote Serial Protocol"), all-stop. It knows packets and
/// nothing of what is debugged (<see cref="IGdbTarget"/>). Used by one thread; bytes go in by <see cref="Receive"/>, stops by <see cref="Stopped"/>.
/// Per group of packets there is one partial file: Queries, Transfers, Running, Memory, Files.
/// </summary>
/// <param name="target">What is debugged.</param>
/// <param name="send">Takes what goes to the debugger.</param>
public sealed partial class GdbSession(IGdbTarget target, GdbSender send)
{
    private const int PacketBytes = 0x4000;

    private readonly PacketReader _reader = new(PacketBytes);
    private readonly PacketWriter _reply = new();
    private byte[] _last = [];
    private bool _acknowledges = true;
    private GdbThreadId _general, _continued = GdbThreadId.Everything;
    private GdbStop _stop = new(GdbStopKind.Signal, default);

    /// <summary>True while the target runs.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The debugger has let go, or ended the target: nothing more is to be said.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What was agreed on, for a session that another process takes over.</summary>
    public GdbAgreement Agreement
    {
        get => new(_acknowledges, _multiprocess, _tellsBreakpoints, _knowsNobodyRuns);
        set => (_acknowledges, _multiprocess, _tellsBreakpoints, _knowsNobodyRuns) = (value.Acknowledges, value.Multiprocess, value.TellsBreakpoints, value.KnowsNobodyRuns);
    }

    /// <summary>The stop a debugger finds when it asks first ("?").</summary>
    public void Begin(GdbStop stop)
    {
        _stop = stop;
        _general = stop.Thread;
    }

    /// <summary>A session taken over from another process, whose debugger waits for the next stop.</summary>
    public void BeginRunning() => IsRunning = true;

    /// <summary>The running target has stopped: tells the debugger.</summary>
    public void Stopped(GdbStop stop)
    {
        _stop = stop;
        _general = _continued = stop.Thread;
        IsRunning = false;
        SendStop();
        if (stop.IsEnd && target.Threads.Count == 0)
            IsOver = true;
    }

    /// <summary>The threads that were to run have ended, and others stay stopped.</summary>
    public void NobodyRuns(GdbThreadId left)
    {
        if (!_knowsNobodyRuns)
            return;
        _stop = new GdbStop(GdbStopKind.Signal, left);
        _general = _continued = left;
        IsRunning = false;
        Send("N");
    }

    /// <summary>Takes what came from the debugger.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            switch (_reader.Take(b))
            {
                case PacketEvent.Packet:
                    if (_acknowledges)
                        send("+"u8);
                    Handle(_reader.Payload);
                    break;
                case PacketEvent.Damaged when _acknowledges:
                    send("-"u8);
                    break;
                case PacketEvent.Damaged:
                    SendError(FileErrno.EINVAL);
                    break;
                case PacketEvent.Repeat when _acknowledges:
                    send(_last);
                    break;
                case PacketEvent.Interrupt when IsRunning:
                    target.Interrupt();
                    break;
            }

            if (IsOver)
                return;
        }
    }

    // While the target runs only an interrupt has a meaning; a packet is the debugger's mistake.
    private void Handle(ReadOnlySpan<byte> packet)
    {
        if (IsRunning)
            return;
        PacketCursor p = new(packet);
        if (p.IsAtEnd)
        {
            SendUnknown();
            return;
        }

        byte kind = packet[0];
        p.TryTake(packet[..1]);
        switch (kind)
        {
            case (byte)'?':
                SendStop();
                break;
            case (byte)'!':
                SendOk();
                break;
            case (byte)'q':
                Query(ref p);
                break;
            case (byte)'Q':
                Set(ref p);
                break;
            case (byte)'v':
                Verbose(ref p);
                break;
            case (byte)'H':
                SelectThread(ref p);
                break;
            case (byte)'T':
                Answer(p.TryThread(_stop.Thread.Process, out GdbThreadId asked) && target.Threads.Contains(asked));
                break;
            case (byte)'g':
                ReadAllRegisters();
                break;
            case (byte)'G':
                WriteAllRegisters(ref p);
                break;
            case (byte)'p':
                ReadRegister(ref p);
                break;
            case (byte)'P':
                WriteRegister(ref p);
                break;
            case (byte)'m':
                ReadMemory(ref p, binary: false);
                break;
            case (byte)'x':
                ReadMemory(ref p, binary: true);
                break;
            case (byte)'M':
                WriteMemory(ref p, binary: false);
                break;
            case (byte)'X':
                WriteMemory(ref p, binary: true);
                break;
            case (byte)'Z':
                ChangePoint(ref p, insert: true);
                break;
            case (byte)'z':
                ChangePoint(ref p, insert: false);
                break;
            case (byte)'c' or (byte)'C' or (byte)'s' or (byte)'S':
                ResumePlainly(kind, ref p);
                break;
            case (byte)'D':
                Detach(ref p);
                break;
            case (byte)'k':
                target.Kill(_stop.Thread.Process);
                IsOver = true;
                break;
            default:
                SendUnknown();
                break;
        }
    }

    private void SelectThread(ref PacketCursor p)
    {
        bool forMemory = p.TryTake("g"u8);
        if ((!forMemory && !p.TryTake("c"u8)) || !p.TryThread(_stop.Thread.Process, out GdbThreadId thread))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        if (forMemory)
            _general = Concrete(thread);
        else
            _continued = thread;
        SendOk();
    }

    // An existing thread that an id with 0 or -1 in it may mean.
    private GdbThreadId Concrete(GdbThreadId id)
    {
        if (id is { Process: > 0, Thread: > 0 })
            return id;
        if (id.Covers(_stop.Thread) && target.Threads.Contains(_stop.Thread))
            return _stop.Thread;
        foreach (GdbThreadId thread in target.Threads)
            if (id.Covers(thread))
                return thread;
        return _stop.Thread;
    }

    private PacketWriter Reply => _reply.Clear();

    private void Send(PacketWriter reply)
    {
        _last = reply.Frame();
        send(_last);
    }

    private void Send(string text) => Send(Reply.Text(text));

    private void SendOk() => Send("OK");

    // The answer to what is not supported.
    private void SendUnknown() => Send("");

    private void SendError(int errno) => Send(Reply.Text("E").Byte((byte)errno));

    private void Answer(bool done)
    {
        if (done)
            SendOk();
        else
            SendError(FileErrno.EINVAL);
    }
}

/// <summary>Takes bytes for the debugger.</summary>
public delegate void GdbSender(ReadOnlySpan<byte> bytes);

/// <summary>What the two sides agreed on.</summary>
/// <param name="Acknowledges">Each packet is acknowledged.</param>
/// <param name="Multiprocess">Thread-ids name the process.</param>
/// <param name="TellsBreakpoints">Stops at breakpoints say that they are.</param>
/// <param name="KnowsNobodyRuns">The debugger may be told that no thread runs that could stop.</param>
public readonly record struct GdbAgreement(bool Acknowledges, bool Multiprocess, bool TellsBreakpoints, bool KnowsNobodyRuns);
