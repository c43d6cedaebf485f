using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Misc;
using Suite.Machines.Boards;
using Suite.Machines.Options;

namespace Suite.Machines.X86.Boards;

/// <summary>The devices that -device puts at fixed ports.</summary>
internal static class IsaDevices
{
    private const long LastPort = 0xFFFF;

    private static readonly DeviceProperty[] IdeProperties =
    [
        new("drive", "drive", "id of the drive or node"), new("bus", "str", "ide.0 or ide.1"), new("unit", "uint32", "0 or 1"), new("serial", "str", "up to 20 characters"),
        new("bootindex", "int32", "place in the boot order"), new("model", "str", "accepted and ignored"), new("write-cache", "OnOffAuto", "accepted and ignored"),
    ];

    /// <summary>Rows of the catalogue.</summary>
    public static IEnumerable<DeviceRow> Rows() =>
    [
        new("ide-hd", "IDE", "Storage", "an IDE disk", IdeProperties, static r => Ide(r, isCd: false)),
        new("ide-cd", "IDE", "Storage", "an IDE CD-ROM drive", IdeProperties, static r => Ide(r, isCd: true)),
        new("isa-serial", "ISA", "Input", "a 16550 serial port",
            [new("chardev", "chr", "its other end"), new("index", "uint32", "0 to 3 for COM1 to COM4"), new("iobase", "uint32", "first port"), new("irq", "uint32", "interrupt")], Serial),
        new("isa-debugcon", "ISA", "Misc", "a port that firmware writes its messages to",
            [new("chardev", "chr", "its other end"), new("iobase", "uint32", "port (default 0xe9)"), new("readback", "uint32", "accepted and ignored")], DebugConsolePort),
        new("isa-debug-exit", "ISA", "Misc", "a port that ends the machine with status 2 * value + 1",
            [new("iobase", "uint32", "port (default 0x501)"), new("iosize", "uint32", "ports (default 2)")], DebugExitPort),
        new("pvpanic", "ISA", "Misc", "a port by which a guest tells that it has panicked",
            [new("ioport", "uint16", "port (default 0x505)"), new("events", "uint8", "accepted and ignored")], Panic),
    ];

    private static PluggedDevice Ide(DeviceRequest r, bool isCd) => r.Board is PcBoard pc ? pc.Disks.Attach(r, isCd) : throw new OptionException($"{r.Row.Name}: the board {r.Board.Name} has no IDE controller", "virtio-blk-device, or -M pc");

    private static PluggedDevice Serial(DeviceRequest r)
    {
        (long Port, long Irq)[] usual = [(0x3F8, 4), (0x2F8, 3), (0x3E8, 4), (0x2E8, 3)];
        int used = r.Board.Plugged.Count(d => d.Driver == "isa-serial");
        int index = (int)r.Properties.GetNumber("index", Math.Min(used, usual.Length - 1), 0, usual.Length - 1);
        long port = r.Properties.GetNumber("iobase", usual[index].Port, 0, LastPort - 7), irq = r.Properties.GetNumber("irq", usual[index].Irq, 0, 15);
        IChardev? line = r.Properties.Get("chardev") is { } id ? r.Claims.Line(id) : null;
        Uart16550 uart = new($"serial{used}", ((X86Board)r.Board).Interrupts.Gsi.Wire((int)irq), line);
        return Attach(r, uart, uart, (ulong)port, 8);
    }

    private static PluggedDevice DebugConsolePort(DeviceRequest r)
    {
        DebugConsole console = new(r.Claims.Line(r.Properties.Need("chardev")));
        return Attach(r, console, console, (ulong)r.Properties.GetNumber("iobase", 0xE9, 0, LastPort), 1);
    }

    private static PluggedDevice DebugExitPort(DeviceRequest r)
    {
        DebugExit exit = new(r.Board.Machine.Exit);
        return Attach(r, exit, exit, (ulong)r.Properties.GetNumber("iobase", 0x501, 0, LastPort), (int)r.Properties.GetNumber("iosize", 2, 1, 8), 4);
    }

    private static PluggedDevice Panic(DeviceRequest r)
    {
        Machine machine = r.Board.Machine;
        PvPanic panic = new(events => machine.GuestPanicked((events & PvPanic.Panicked) != 0));
        return Attach(r, panic, panic, (ulong)r.Properties.GetNumber("ioport", 0x505, 0, LastPort), 1);
    }

    private static PluggedDevice Attach(DeviceRequest r, Device device, IBusDevice registers, ulong port, int count, int widest = 1)
    {
        try
        {
            r.Board.Machine.Spaces.Io.Attach(registers, device.Name, port, (ulong)count, widest);
        }
        catch (InvalidOperationException e)
        {
            throw new OptionException($"-device {r.Row.Name}: {e.Message}", "give it other ports with iobase=");
        }

        r.Board.Machine.Add(device);
        return r.Board.Note(new PluggedDevice(r.Row.Name, r.Id, $"isa, port 0x{port:x}", device));
    }
}
