namespace Suite.Machines.Control;

/// <summary>A command of the human monitor: one row of <see cref="MonitorCommands"/> or <see cref="MonitorInfo"/>.</summary>
/// <param name="Names">Its spellings.</param>
/// <param name="Arguments">For help.</param>
/// <param name="Help">One line.</param>
/// <param name="Run">Does it; the result is what is printed.</param>
public sealed record MonitorCommand(string[] Names, string Arguments, string Help, Func<MonitorContext, string[], string> Run);

/// <summary>A monitor while it executes a command.</summary>
/// <param name="Control">The machine.</param>
public sealed class MonitorContext(MachineControl control)
{
    public MachineControl Control { get; } = control;

    /// <summary>The processor that commands look at.</summary>
    public int Cpu { get; set; }

    /// <summary>Where the last x or xp ended, for one without address.</summary>
    public ulong Next { get; set; }

    /// <summary>Set by a command whose answer has to wait: called under the lock with what sends the answer. The machine and other monitors go on meanwhile.</summary>
    public Action<Action>? AnswerAfter { get; set; }

    /// <summary>Sends the answer of the command that was executed last, when its time has come. Under the lock.</summary>
    public void Answer(Action send)
    {
        Action<Action>? after = AnswerAfter;
        AnswerAfter = null;
        if (after is null)
            send();
        else
            after(send);
    }

    /// <summary>Reads the machine while no processor runs.</summary>
    public string Parked(Func<string> read)
    {
        string text = "";
        Control.Machine.WhileParked(() => text = read());
        return text;
    }

    /// <summary>Reads devices.</summary>
    public string Locked(Func<string> read)
    {
        lock (Control.Machine.Lock)
            return read();
    }
}
