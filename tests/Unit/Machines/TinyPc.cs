using System.Text;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Machines;
using Suite.Machines.Backends;
using Suite.Machines.Control;
using Suite.Machines.Options;
using Suite.Machines.X86.Boards;
using Suite.Machines.X86.Command;

namespace Suite.Tests.Machines;

/// <summary>A board with a ROM of a test's own: code that begins at F000:0000, serial output that is collected, an exit port at F4h.</summary>
internal sealed class TinyPc : IDisposable
{
    private readonly HostLoop _loop;
    private readonly LogSink? _log;

    public TinyPc(string commandLine, params ReadOnlySpan<byte> code)
    {
        byte[] rom = new byte[0x10000];
        code.CopyTo(rom);
        ReadOnlySpan<byte> jump = [0xEA, 0x00, 0x00, 0x00, 0xF0];
        jump.CopyTo(rom.AsSpan(0xFFF0));
        Options = MachineOptionsParser.Parse(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries), new NoLists());
        Machine = new Machine(Options.Icount is { } icount ? new InstructionTime(icount) : null);
        _log = Logging.Create(Options.LogItems, Options.LogFile);
        if (_log is not null)
            BusLog.Attach(Machine.Spaces, _log);
        _loop = new HostLoop(Machine.Lock);
        Backends = new MachineBackends(Machine, _loop, Options, Notes.Add);
        foreach (KeyValues drive in Options.Drives)
            Backends.Blocks.AddDrive(drive);
        X86Setup setup = new(Machine, Backends, Options, CpuModel.Parse("max", new HostCpuid(() => HostCpu.Xcr0), is64Bit: true))
        {
            FirmwareImage = Options.Kernel is null ? rom : null,
            Serials = [Serial],
            Log = _log,
            Note = Notes.Add,
        };
        Board = X86Boards.Find(Options.Machine.Get("type")).Create(setup);
        Machine.Spaces.Io.Attach(new ExitPort(this), "exit", 0xF4, 1);
        foreach (KeyValues device in Options.Devices)
            X86Catalogue.Create().Create(Board, device);
        Board.Complete();
        Machine.Failed += message => Failure = message;
        Machine.Failed += _ => Machine.Exit(-2);
    }

    public Machine Machine { get; }

    public X86Board Board { get; }

    public MachineBackends Backends { get; }

    public MachineOptions Options { get; }

    public List<string> Notes { get; } = [];

    public Collected Serial { get; } = new();

    public string? Failure { get; private set; }

    /// <summary>Runs until the guest writes to F4h; its value, or -1 after ten seconds.</summary>
    public int Run(bool isStopped = false)
    {
        _loop.Start();
        using Timer limit = new(_ => Machine.Exit(-1), null, 10_000, Timeout.Infinite);
        return Machine.Run(isStopped);
    }

    public void Dispose()
    {
        _loop.Stop();
        Board.Dispose();
        _loop.Dispose();
        _log?.Dispose();
    }

    /// <summary>A back end that keeps what is written.</summary>
    internal sealed class Collected : IChardev
    {
        private readonly StringBuilder _text = new();

        public ICharReceiver? Receiver { get; set; }

        public string Text
        {
            get
            {
                lock (_text)
                    return _text.ToString();
            }
        }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            lock (_text)
                _text.Append(Encoding.UTF8.GetString(bytes));
        }
    }

    internal sealed class NoLists : IMachineLists
    {
        public string NetworkCards() => "cards\n";

        public string ToolName => "test";

        public string Machines() => "boards\n";

        public string Cpus() => "cpus\n";

        public string Accelerators() => "accelerators\n";

        public string Devices() => "devices\n";

        public string Device(string name) => $"properties of {name}\n";
    }

    private sealed class ExitPort(TinyPc pc) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => 0;

        public void Write(ulong offset, int size, ulong value) => pc.Machine.Exit((int)value);
    }
}
