using System.Runtime.InteropServices;
using Suite.Cli;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Machines.Backends;
using Suite.Machines.Boards;
using Suite.Machines.Control;
using Suite.Machines.Display;
using Suite.Machines.Options;
using Suite.Machines.Snapshots;
using Suite.Machines.X86.Boards;
using Suite.Machines.X86.Control;

namespace Suite.Machines.X86.Command;

/// <summary>A machine with its back ends, as a command line describes it.</summary>
internal sealed class X86Composition : IDisposable
{
    private readonly X86ToolKind _kind;
    private readonly MachineOptions _options;
    private readonly Machine _machine;
    private readonly LogSink? _log;
    private readonly HostLoop _loop;
    private readonly MachineBackends _backends;
    private readonly ExitControl _exits;
    private readonly X86Board _board;
    private readonly Displays _displays;
    private readonly MachineControl _control;

    /// <summary>Builds everything.</summary>
    /// <exception cref="OptionException">Something cannot be had as asked for.</exception>
    public X86Composition(MachineOptions options, X86ToolKind kind)
    {
        (_options, _kind) = (options, kind);
        foreach (string note in options.Notes)
            Note(note);
        _log = Logging.Create(options.LogItems, options.LogFile);
        _machine = new Machine(options.Icount is { } icount ? new InstructionTime(icount) : null);
        if (_log is { } log)
            BusLog.Attach(_machine.Spaces, log);
        _loop = new HostLoop(_machine.Lock);
        _backends = new MachineBackends(_machine, _loop, options, Note);
        _exits = new ExitControl(options.ExitOn, _machine);
        _backends.Chars.Quit = () => _machine.RequestShutdown(StopCause.HostUi);
        _backends.Chars.Commit = CommitAll;
        if (_exits.WatchesOutput)
            _backends.Chars.Filter = (_, line) => _exits.Watch(line);
        foreach (KeyValues chardev in options.Chardevs)
            _backends.Chars.Add(chardev);
        foreach (KeyValues node in options.BlockNodes)
            _backends.Blocks.AddNode(node);
        foreach (KeyValues drive in options.Drives)
            _backends.Blocks.AddDrive(drive);
        foreach (KeyValues network in options.NetBackends)
            _backends.Nets.Add(network);
        IReadOnlyList<Drive> flash = FlashDrives();
        X86BoardRow row = X86Boards.Find(options.Machine.Get("type"));
        X86Setup setup = new(_machine, _backends, options, SelectCpu())
        {
            Is64 = kind.Is64,
            DefaultAccelerator = kind.Accelerator,
            FirmwareImage = flash.Count > 0 ? PcFlash.Firmware(flash) : options.Bios is { } bios ? FirmwareFiles.Read(bios, options.FirmwarePaths) : null,
            Flash = flash,
            Serials = OpenSerials(),
            Parallel = options.Parallels.Count > 0 ? _backends.Chars.Open("-parallel", options.Parallels[0], "parallel0")?.Take() : null,
            DebugConsole = options.DebugConsole is { } console ? _backends.Chars.Open("-debugcon", console, "debugcon")?.Take() : null,
            VgaBios = options.Bios is null && flash.Count == 0 ? [] : FirmwareFiles.TryRead("vgabios-stdvga.bin", options.FirmwarePaths) ?? [],
            FindRom = name => FirmwareFiles.TryRead(name, options.FirmwarePaths),
            Log = _log,
            Note = Note,
        };
        _board = row.Create(setup);
        AddDevices();
        _board.Complete();
        _machine.Failed += message => Note(message);
        _control = new MachineControl(_board, new X86Inspector(_board), X86Catalogue.Create(), _board.Accelerator)
        {
            Machines = [.. X86Boards.All.Select(b => (b.Name, b == X86Boards.All[0]))],
            CpuModels = CpuModel.Names(kind.Is64),
        };
        _control.Snapshots = new MachineSnapshots(_board, new X86ProcessorState(_board));
        _displays = new Displays(_board, _control);
        OpenMonitors();
        _control.ServeGdb = ServeGdb;
        foreach (string where in options.Gdb)
            ServeGdb(where);
    }

    /// <summary>Runs the machine to its end.</summary>
    public int Run()
    {
        (_machine.EndsAtReset, _machine.StaysAfterShutdown) = (_options.NoReboot, _options.NoShutdown);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        _loop.Start();
        if (_options.LoadSnapshot is not { } snapshot)
            return _machine.Run(_options.StartsStopped);
        _machine.Post(() => Load(snapshot));
        return _machine.Run(isStopped: true);
    }

    public void Dispose()
    {
        _loop.Stop();
        lock (_machine.Lock)
            _displays.Dispose();
        _board.Dispose();
        lock (_machine.Lock)
            _backends.Dispose();
        _loop.Dispose();
        _log?.Dispose();
    }

    // -drive if=pflash and -pflash, by their unit; or -M pflash0=NODE, which -blockdev has made.
    private List<Drive> FlashDrives()
    {
        const int Units = 2;
        List<Drive> found = [];
        for (int unit = 0; unit < Units; unit++)
        {
            Drive? drive = _options.Machine.Get($"pflash{unit}") is { } node ? _backends.Blocks.Claim($"-M pflash{unit}", node)
                : _backends.Blocks.All.FirstOrDefault(d => d.Interface == "pflash" && d.Index == unit);
            if (drive is null)
                continue;
            if (found.Count < unit)
                throw new OptionException($"drive '{drive.Id}': flash memory {unit} holds variables for firmware in flash memory 0, and there is none", "-drive if=pflash,unit=0,readonly=on,file=CODE comes first");
            found.Add(drive.Medium is null ? throw new OptionException($"drive '{drive.Id}' has no medium", "give it one with file=") : drive);
        }

        if (_backends.Blocks.All.FirstOrDefault(d => d.Interface == "pflash" && d.Index >= Units) is { } many)
            throw new OptionException($"drive '{many.Id}': a PC has {Units} flash memories", "unit=0 or 1");
        if (found.Count > 0 && _options.Bios is not null)
            Note("-bios is not used: the firmware is in flash memory 0");
        return found;
    }

    // What -device asks for, then what -nic and -drive stand for.
    private void AddDevices()
    {
        List<KeyValues> wanted = [.. _options.Devices, .. ImpliedDevices.OfNetwork(_board, _options), .. ImpliedDevices.OfDrives(_board)];
        if (wanted.Count == 0)
            return;
        DeviceCatalogue catalogue = X86Catalogue.Create();
        foreach (KeyValues device in wanted)
            catalogue.Create(_board, device);
    }

    // -loadvm: before the first instruction.
    private void Load(string snapshot)
    {
        try
        {
            _control.Snapshots!.Load(snapshot);
            if (!_options.StartsStopped)
                _machine.Continue();
        }
        catch (ControlException e)
        {
            Note($"-loadvm {snapshot}: {e.Message}");
            _machine.Exit(ExitCodes.Usage);
        }
    }

    // Ctrl-A s; under the lock.
    private void CommitAll()
    {
        try
        {
            _backends.Blocks.Commit(null);
        }
        catch (IOException e)
        {
            Note($"Ctrl-A s: {e.Message}");
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _machine.RequestShutdown(StopCause.HostSignal);
    }

    // -mon, -qmp and -monitor; without them a shared terminal has one, and -nographic's.
    private void OpenMonitors()
    {
        foreach (KeyValues monitor in _options.Monitors)
        {
            NamedChardev line = _backends.Chars.Find(monitor.Need("chardev"));
            string mode = monitor.GetWord("mode", "readline", "readline", "control");
            bool isPretty = monitor.GetBool("pretty", false);
            monitor.Ignore("id");
            monitor.Finish();
            AddMonitor(line, mode == "control", isPretty);
        }

        for (int i = 0; i < _options.QmpMonitors.Count; i++)
            if (_backends.Chars.Open("-qmp", _options.QmpMonitors[i].Device, $"compat_monitor_qmp{i}") is { } line)
                AddMonitor(line, isControl: true, _options.QmpMonitors[i].Pretty);
        if (_options.Monitor is { } device && _backends.Chars.Open("-monitor", device, "compat_monitor0") is { } own)
            AddMonitor(own, isControl: false, isPretty: false);
        foreach (NamedChardev shared in _backends.Chars.All)
            if (shared.WantsMonitor && _options.Monitor is null)
                AddMonitor(shared, isControl: false, isPretty: false);
    }

    // A debugger may come at any time: listening sockets do not wait for it.
    private void ServeGdb(string where)
    {
        if (where == "none")
            return;
        string text = where.All(char.IsAsciiDigit) ? $"tcp::{where}" : where;
        if (text.StartsWith("tcp:", StringComparison.Ordinal) || text.StartsWith("unix:", StringComparison.Ordinal))
            text += ",server=on,wait=off";
        lock (_machine.Lock)
            if (_backends.Chars.Open("-gdb", text, $"gdb{_backends.Chars.All.Count}") is { } line)
                _ = new GdbServer(_control, new X86GdbRegisters(_machine, _kind.Is64), line.TakePlain());
    }

    private void AddMonitor(NamedChardev line, bool isControl, bool isPretty)
    {
        lock (_machine.Lock)
        {
            if (isControl)
                _ = new QmpSession(_control, line.TakePlain(), isPretty);
            else
                new HumanMonitor(_control, line.TakePlain()).Begin(isAlone: line.Mux is null);
        }
    }

    private void Note(string text) => HostText.WriteError(ToolErrors.Text(_kind.Name, text));

    private CpuModel SelectCpu()
    {
        string spec = _options.Cpu ?? "max";
        if (!_kind.Is64 && spec is "max" or "host")
            spec += ",-lm";
        CpuModel model = CpuModel.Parse(spec, new HostCpuid(() => HostCpu.Xcr0), _kind.Is64);
        foreach (string missing in model.MissingOnHost)
            Note($"warning: -cpu {model.Name}: this host's processor has no {missing}");
        return model;
    }

    // What the user says; else one port, on the terminal with -nographic.
    private IChardev?[] OpenSerials()
    {
        List<string> wanted = _options.Serials;
        if (wanted.Count == 0 && !_options.NoDefaults && !_options.AddsDevice("isa-serial"))
            wanted = [_options.NoGraphic ? "mon:stdio" : "null"];
        return [.. wanted.Select((text, i) => _backends.Chars.Open("-serial", text, $"serial{i}")?.Take())];
    }
}
