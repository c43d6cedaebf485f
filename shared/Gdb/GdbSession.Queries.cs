using System.Text;

namespace Suite.Gdb;

// q and Q packets: what each side can, threads, settings.
public sealed partial class GdbSession
{
    private bool _multiprocess, _tellsBreakpoints, _knowsNobodyRuns;

    private void Query(ref PacketCursor p)
    {
        if (p.TryTake("Supported"u8))
            AgreeOn(ref p);
        else if (p.TryTake("Xfer:"u8))
            Transfer(ref p);
        else if (p.TryTake("fThreadInfo"u8))
            SendThreads();
        else if (p.TryTake("sThreadInfo"u8))
            Send("l");
        else if (p.TryTake("ThreadExtraInfo,"u8))
            SendThreadName(ref p);
        else if (p.TryTake("Rcmd,"u8))
            RunCommand(ref p);
        else if (p.TryTake("Attached"u8))
            Send("1");
        else if (p.TryTake("Symbol:"u8))
            SendOk();
        else if (p.TryTake("Search:memory:"u8))
            Search(ref p);
        else if (p.TryTake("CRC:"u8))
            SendChecksum(ref p);
        else if (p.Rest.SequenceEqual("C"u8))
            Send(Reply.Text("QC").Thread(_general, _multiprocess));
        else
            SendUnknown();
    }

    private void Set(ref PacketCursor p)
    {
        if (p.TryTake("StartNoAckMode"u8))
        {
            SendOk();
            _acknowledges = false;
        }
        else if (p.TryTake("PassSignals:"u8))
        {
            SetSignals(ref p);
        }
        else if (p.TryTake("ProgramSignals:"u8))
        {
            SendOk(); // every signal a resumption names is delivered, and only the debugger names them
        }
        else if (p.TryTake("CatchSyscalls:"u8))
        {
            SetCaughtCalls(ref p);
        }
        else if (p.TryTake("NonStop:0"u8))
        {
            SendOk();
        }
        else
        {
            SendUnknown();
        }
    }

    private void AgreeOn(ref PacketCursor p)
    {
        p.TryTake(":"u8);
        GdbEvents asked = GdbEvents.None;
        while (!p.IsAtEnd)
        {
            ReadOnlySpan<byte> feature = p.Until((byte)';');
            _multiprocess |= feature.SequenceEqual("multiprocess+"u8);
            _tellsBreakpoints |= feature.SequenceEqual("swbreak+"u8);
            _knowsNobodyRuns |= feature.SequenceEqual("no-resumed+"u8);
            if (feature.SequenceEqual("fork-events+"u8))
                asked |= GdbEvents.Fork;
            else if (feature.SequenceEqual("vfork-events+"u8))
                asked |= GdbEvents.Vfork;
            else if (feature.SequenceEqual("exec-events+"u8))
                asked |= GdbEvents.Exec;
        }

        // Events of new processes need thread-ids that name the process.
        target.Events = _multiprocess ? asked : asked & GdbEvents.Exec;
        Reply.Text($"PacketSize={PacketBytes:x};QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;binary-upload+");
        _reply.Text(";QPassSignals+;QProgramSignals+;QCatchSyscalls+;qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:threads:read+");
        _reply.Text(";qXfer:siginfo:read+;qXfer:siginfo:write+");
        if ((target.Events & GdbEvents.Fork) != 0)
            _reply.Text(";fork-events+");
        if ((target.Events & GdbEvents.Vfork) != 0)
            _reply.Text(";vfork-events+");
        if ((target.Events & GdbEvents.Exec) != 0)
            _reply.Text(";exec-events+");
        if (_knowsNobodyRuns)
            _reply.Text(";no-resumed+");
        Send(_reply);
    }

    private void SendThreads()
    {
        Reply.Text("m");
        bool first = true;
        foreach (GdbThreadId thread in target.Threads)
        {
            if (_reply.Length > PacketBytes - 64)
                break; // the rest comes by qXfer:threads, which every debugger of this century uses
            if (!first)
                _reply.Text(",");
            first = false;
            _reply.Thread(thread, _multiprocess);
        }

        Send(_reply);
    }

    private void SendThreadName(ref PacketCursor p)
    {
        if (p.TryThread(_stop.Thread.Process, out GdbThreadId thread) && target.Threads.Contains(thread))
            Send(Reply.HexText(target.ThreadName(thread) ?? "thread"));
        else
            SendError(FileErrno.EINVAL);
    }

    private void RunCommand(ref PacketCursor p)
    {
        if (p.HexText() is not { } command)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        string answer = target.Monitor(command.Trim());
        const int Room = PacketBytes / 2 - 16;
        byte[] text = Encoding.UTF8.GetBytes(answer);
        for (int at = 0; at < text.Length; at += Room)
            Send(Reply.Text("O").HexBytes(text.AsSpan(at, Math.Min(Room, text.Length - at))));
        SendOk();
    }

    private void SetSignals(ref PacketCursor p)
    {
        List<int> signals = [];
        while (!p.IsAtEnd)
        {
            if (!p.TryInt(out int signal) || (!p.IsAtEnd && !p.TryTake(";"u8)))
            {
                SendError(FileErrno.EINVAL);
                return;
            }

            signals.Add(signal);
        }

        target.SetPassedSignals(signals);
        SendOk();
    }

    private void SetCaughtCalls(ref PacketCursor p)
    {
        if (p.TryTake("0"u8) && p.IsAtEnd)
        {
            target.SetCaughtCalls(null);
            SendOk();
            return;
        }

        List<int> numbers = [];
        bool isRight = p.TryTake("1"u8);
        while (isRight && !p.IsAtEnd)
        {
            int number = 0;
            isRight = p.TryTake(";"u8) && p.TryInt(out number) && (p.IsAtEnd || p.Rest[0] == (byte)';');
            numbers.Add(number);
        }

        if (isRight)
            target.SetCaughtCalls(numbers);
        Answer(isRight);
    }

    // address;length;pattern
    private void Search(ref PacketCursor p)
    {
        if (!p.TryHex(out ulong address) || !p.TryTake(";"u8) || !p.TryHex(out ulong length) || !p.TryTake(";"u8) || p.IsAtEnd)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        byte[] pattern = p.Rest.ToArray();
        const int Part = 1 << 16;
        byte[] window = new byte[Part + pattern.Length];
        for (ulong done = 0; done < length; done += Part)
        {
            int want = (int)Math.Min((ulong)window.Length, length - done);
            int got = target.ReadMemory(_general.Process, address + done, window.AsSpan(0, want));
            int at = window.AsSpan(0, got).IndexOf(pattern);
            if (at >= 0)
            {
                Send(Reply.Text("1,").Number(address + done + (ulong)at));
                return;
            }

            if (got < want)
                break;
        }

        Send("0");
    }

    // compare-sections: the CRC of gdb, polynomial 04c11db7h, most significant bit first.
    private void SendChecksum(ref PacketCursor p)
    {
        if (!p.TryHex(out ulong address) || !p.TryTake(","u8) || !p.TryHex(out ulong length) || !p.IsAtEnd)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        uint crc = uint.MaxValue;
        byte[] part = new byte[4096];
        while (length > 0)
        {
            int want = (int)Math.Min(length, (ulong)part.Length);
            if (target.ReadMemory(_general.Process, address, part.AsSpan(0, want)) < want)
            {
                SendError(FileErrno.EFAULT);
                return;
            }

            foreach (byte b in part.AsSpan(0, want))
            {
                crc ^= (uint)b << 24;
                for (int bit = 0; bit < 8; bit++)
                    crc = (crc & 0x80000000) != 0 ? crc << 1 ^ 0x04C11DB7 : crc << 1;
            }

            address += (ulong)want;
            length -= (ulong)want;
        }

        Send(Reply.Text("C").Number(crc));
    }
}
