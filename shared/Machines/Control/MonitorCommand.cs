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
    private Action? _held; // finishes the command whose answer waits

    public MachineControl Control { get; } = control;

    /// <summary>The processor that commands look at.</summary>
    public int Cpu { get; set; }

    /// <summary>Where the last x or xp ended, for one without address.</summary>
    public ulong Next { get; set; }

    /// <summary>The number of whoever is connected to the monitor.</summary>
    public int Client { get; private set; }

    /// <summary>Set by a command whose answer has to wait: called under the lock with what sends the answer. The machine and other monitors go on meanwhile.</summary>
    public Action<Action>? AnswerAfter { get; set; }

    /// <summary>Sends the answer of the command that was executed last, when its time has come. Who has left gets none, and is not waited for. Under the lock.</summary>
    /// <param name="client"><see cref="Client"/> when the command was given.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="done">Called behind that, also when nobody is there to send it to: the next command may come.</param>
    public void Answer(int client, Action send, Action done)
    {
        Action<Action>? after = AnswerAfter;
        AnswerAfter = null;
        if (after is null || client != Client)
        {
            Finish();
            return;
        }

        Action held = _held = Finish;
        after(() =>
        {
            if (ReferenceEquals(_held, held))
                FinishHeld();
        });

        void Finish()
        {
            if (client == Client)
                send();
            done();
        }
    }

    /// <summary>Whoever was connected has left: answers that wait are nobody's. Under the lock.</summary>
    public void ClientLeft()
    {
        Client++;
        FinishHeld();
    }

    private void FinishHeld()
    {
        Action? held = _held;
        _held = null;
        held?.Invoke();
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
