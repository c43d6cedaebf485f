using Suite.Cli;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.Machines.Backends;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.Machines.X86.Boards;

namespace Suite.Machines.X86.Command;

/// <summary>A machine with its back ends, as a command line describes it.</summary>
internal sealed class X86Composition : IDisposable
{
    private readonly X86ToolKind _kind;
    private readonly MachineOptions _options;
    private readonly Machine _machine = new();
    private readonly HostLoop _loop;
    private readonly MachineBackends _backends;
    private readonly X86Board _board;

    /// <summary>Builds everything.</summary>
    /// <exception cref="OptionException">Something cannot be had as asked for.</exception>
    public X86Composition(MachineOptions options, X86ToolKind kind)
    {
        (_options, _kind) = (options, kind);
        _loop = new HostLoop(_machine.Lock);
        _backends = new MachineBackends(_machine, _loop, options, Note);
        foreach (KeyValues chardev in options.Chardevs)
            _backends.Chars.Add(chardev);
        foreach (KeyValues node in options.BlockNodes)
            _backends.Blocks.AddNode(node);
        foreach (KeyValues drive in options.Drives)
            _backends.Blocks.AddDrive(drive);
        foreach (KeyValues network in options.NetBackends)
            _backends.Nets.Add(network);
        X86BoardRow row = X86Boards.Find(options.Machine.Get("type"));
        X86Setup setup = new(_machine, _backends, options, SelectCpu())
        {
            DefaultAccelerator = kind.Accelerator,
            FirmwareImage = options.Bios is { } bios ? FirmwareFiles.Read(bios, options.FirmwarePaths) : null,
            Serials = OpenSerials(),
            DebugConsole = options.DebugConsole is { } console ? _backends.Chars.Open("-debugcon", console, "debugcon")?.Chardev : null,
            Note = Note,
        };
        _board = row.Create(setup);
        AddDevices();
        _board.Complete();
        _machine.Failed += message => Note(message);
    }

    /// <summary>Runs the machine to its end.</summary>
    public int Run()
    {
        (_machine.EndsAtReset, _machine.StaysAfterShutdown) = (_options.NoReboot, _options.NoShutdown);
        _loop.Start();
        return _machine.Run(_options.StartsStopped);
    }

    public void Dispose()
    {
        _board.Dispose();
        lock (_machine.Lock)
            _backends.Dispose();
        _loop.Dispose();
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

    private void Note(string text) => HostText.WriteError(ToolErrors.Text(_kind.Name, text));

    private CpuModel SelectCpu()
    {
        string spec = _options.Cpu ?? "max";
        if (!_kind.Is64 && spec is "max" or "host")
            spec += ",-lm";
        CpuModel model = CpuModel.Parse(spec, new HostCpuid(() => HostCpu.Xcr0), is64Bit: true);
        foreach (string missing in model.MissingOnHost)
            Note($"warning: -cpu {model.Name}: this host's processor has no {missing}");
        return model;
    }

    // What the user says; else one port, on the terminal with -nographic.
    private IChardev?[] OpenSerials()
    {
        List<string> wanted = _options.Serials;
        if (wanted.Count == 0 && !_options.NoDefaults)
            wanted = [_options.NoGraphic ? "mon:stdio" : "null"];
        return [.. wanted.Select((text, i) => _backends.Chars.Open("-serial", text, $"serial{i}")?.Chardev)];
    }
}
