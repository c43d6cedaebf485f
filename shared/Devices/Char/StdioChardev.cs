using System.Runtime.InteropServices;
using Suite.Devices.Core;

namespace Suite.Devices.Char;

/// <summary>The standard streams of this process. A terminal is raw as long as this is in use, and is put back however the process ends.</summary>
public sealed class StdioChardev : DescriptorChardev
{
    private const int Input = 0, Output = 1;

    private readonly TerminalMode _terminal = new(Input);
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly bool _withSignals;

    /// <summary>Takes the streams.</summary>
    /// <param name="withSignals">Ctrl-C and the like end this process instead of going to the guest (signal=on).</param>
    /// <param name="loop">The thread that waits.</param>
    public StdioChardev(bool withSignals, HostLoop loop)
        : base(loop)
    {
        _withSignals = withSignals;
        if (_terminal.IsTerminal)
        {
            _terminal.SetRaw(withSignals);
            foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGTSTP])
                _signals.Add(PosixSignalRegistration.Create(signal, _ => _terminal.Restore()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _terminal.SetRaw(_withSignals)));
            AppDomain.CurrentDomain.ProcessExit += OnExit;
        }

        Attach(Input, Output);
    }

    /// <summary>Somebody types, rather than a file or pipe being read.</summary>
    public bool IsTerminal => _terminal.IsTerminal;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _signals.Clear();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        _terminal.Restore();
    }

    private void OnExit(object? sender, EventArgs e) => _terminal.Restore();
}
