using Suite.Devices.Display;
using Suite.Devices.Pci;
using Suite.Tests.PcBios;

namespace Suite.Tests.Machines;

/// <summary>A small guest draws into the linear frame buffer and into VGA's window, and a viewer sees it, whoever runs the guest.</summary>
public sealed class DisplayGuestTests
{
    private const ulong FrameBuffer = 0xE0000000;
    private const int Width = 256, Height = 128, RowOfSecond = 64;

    // One pixel and S on the serial line; when 600h changes, another pixel 64 rows below it, one row further by the window at A0000h, and the end.
    private const string Guest = """
            mov byte [600h], 0
            mov dword [0E0000000h], 112233h
            mov dx, 3F8h
            mov al, 'S'
            out dx, al
        spin:
            cmp byte [600h], 0
            je spin
            mov dword [0E0010000h], 445566h
            mov dword [0A0400h], 778899h
            mov al, 3
            out 0F4h, al
            hlt
        """;

    [NasmFact]
    public void Under_translation() => Shows("translation");

    [BiosFact]
    public void Under_kvm() => Shows("kvm");

    private static void Shows(string accelerator)
    {
        using TinyPc pc = new($"-accel {accelerator} -net none -vga std -m 4", Nasm.FlatRom(Guest));
        PciFunction vga = pc.Board.Plugged.Single(d => d.Driver == "VGA").Function!;
        pc.Machine.Resetting += () => SetMode(pc, vga);
        Surface surface = new();
        uint first = 0;
        using Timer watch = new(
            _ =>
            {
                lock (pc.Machine.Lock)
                {
                    if (first != 0 || pc.Serial.Text != "S")
                        return;
                    pc.Board.Display!.Render(surface); // the log of writes begins
                    pc.Board.Display.Render(surface);
                    first = surface.Pixels[0];
                    pc.Machine.Spaces.Memory.Write(0x600, 1, 1);
                }
            }, null, 5, 5);
        Assert.Equal(3, pc.Run());
        Assert.Equal(0x112233u, first);
        lock (pc.Machine.Lock)
            pc.Board.Display!.Render(surface);
        Assert.Equal((0x112233u, 0x778899u, 0x445566u), (surface.Pixels[0], surface.Pixels[Width], surface.Pixels[RowOfSecond * Width]));
    }

    private static void SetMode(TinyPc pc, PciFunction vga)
    {
        vga.WriteConfiguration(0x10, 4, (uint)FrameBuffer);
        vga.WriteConfiguration(4, 2, 3);
        foreach ((ulong register, ulong value) in new (ulong, ulong)[] { (1, Width), (2, Height), (3, 32), (4, 0x41) })
        {
            pc.Machine.Spaces.Io.Write(0x1CE, 2, register);
            pc.Machine.Spaces.Io.Write(0x1CF, 2, value);
        }
    }
}
