using Suite.Devices.Core;
using Suite.Machines.Control;
using Suite.Machines.Snapshots;
using Suite.Machines.X86.Control;
using Suite.Tests.PcBios;

namespace Suite.Tests.Machines;

public sealed class SnapshotTests
{
    // Counts timer interrupts at 500h; says S after five, then waits for 600h to change and for five more; leaves the count at F4h.
    private static readonly byte[] Program =
    [
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x70,
        0xC7, 0x06, 0x20, 0x00, 0x80, 0x00, 0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0,
        0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08, 0xE6, 0x21, 0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21,
        0xB0, 0xFE, 0xE6, 0x21,
        0xB0, 0x34, 0xE6, 0x43, 0xB0, 0xA9, 0xE6, 0x40, 0xB0, 0x04, 0xE6, 0x40,
        0xC6, 0x06, 0x00, 0x05, 0x00, 0xC6, 0x06, 0x00, 0x06, 0x00, // mov byte [500h], 0; mov byte [600h], 0
        0xFB,
        0xF4, 0x80, 0x3E, 0x00, 0x05, 0x05, 0x72, 0xF8, // hlt until [500h] >= 5
        0xFA, 0xBA, 0xF8, 0x03, 0xB0, (byte)'S', 0xEE, // cli; mov dx, 3F8h; mov al, 'S'; out dx, al
        0x80, 0x3E, 0x00, 0x06, 0x00, 0x74, 0xF9, // until [600h] != 0
        0xFB,
        0xF4, 0x80, 0x3E, 0x00, 0x05, 0x0A, 0x72, 0xF8, // hlt until [500h] >= 10
        0xA0, 0x00, 0x05, 0xE6, 0xF4,
    ];

    private static readonly byte[] Handler = [0xFE, 0x06, 0x00, 0x05, 0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF];

    [Fact]
    public void A_translated_machine_goes_on_where_it_was() => Moves("translation", "translation");

    [KvmFact]
    public void So_does_one_under_kvm() => Moves("kvm", "kvm");

    [KvmFact]
    public void From_kvm_to_translation() => Moves("kvm", "translation");

    [KvmFact]
    public void From_translation_to_kvm() => Moves("translation", "kvm");

    [KvmFact]
    public void From_split_controllers_to_none_in_the_kernel() => Moves("kvm,kernel-irqchip=split", "kvm,kernel-irqchip=off");

    [BiosFact]
    public void Every_mode_moves_from_kvm_to_translation() => MovesInEveryMode("kvm", "translation");

    [BiosFact]
    public void Every_mode_moves_from_translation_to_kvm() => MovesInEveryMode("translation", "kvm");

    [BiosFact]
    public void Every_mode_moves_from_split_controllers_to_translation() => MovesInEveryMode("kvm,kernel-irqchip=split", "translation");

    [BiosFact]
    public void Every_mode_moves_from_translation_to_kvm_without_kernel_controllers() => MovesInEveryMode("translation", "kvm,kernel-irqchip=off");

    [Fact]
    public void Another_amount_of_memory_is_refused_with_the_reason()
    {
        string name = Save("translation", "-m 4", Code());
        try
        {
            using TinyPc pc = new("-accel translation -net none -vga none -m 8", Code());
            string message = "";
            pc.Machine.Post(() =>
            {
                message = Assert.Throws<ControlException>(() => Snapshots(pc).Load(name)).Message;
                pc.Machine.Exit(3);
            });
            Assert.Equal(3, pc.Run(isStopped: true));
            Assert.Contains("4 MiB in it and 8 MiB here", message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(name + ".vmstate");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(100)]
    [InlineData(70_000)]
    public void A_damaged_snapshot_is_refused(int length)
    {
        string name = Save("translation", "-m 4", Code());
        try
        {
            using (FileStream file = File.OpenWrite(name + ".vmstate"))
                file.SetLength(length);
            using TinyPc pc = new("-accel translation -net none -vga none -m 4", Code());
            bool refused = false;
            pc.Machine.Post(() =>
            {
                Assert.Throws<ControlException>(() => Snapshots(pc).Load(name));
                refused = true;
                pc.Machine.Exit(3);
            });
            Assert.Equal(3, pc.Run(isStopped: true));
            Assert.True(refused);
        }
        finally
        {
            File.Delete(name + ".vmstate");
        }
    }

    private static void MovesInEveryMode(string from, string to)
    {
        foreach (int bits in new[] { 16, 32, 64 })
        {
            int left = Move(from, to, ModeGuest.Assemble(bits));
            Assert.True(left is >= 10 and < 0xF0, $"{bits} bits: {left:x}"); // what it left says which register was lost
        }
    }

    private static void Moves(string from, string to) => Assert.InRange(Move(from, to, Code()), 10, 12); // ticks may come behind the last comparison

    // What the guest left at its exit port under the second accelerator.
    private static int Move(string from, string to, byte[] code)
    {
        string name = Save(from, "-m 4", code);
        try
        {
            using TinyPc pc = new($"-accel {to} -net none -vga none -m 4", code);
            pc.Machine.Post(() =>
            {
                Snapshots(pc).Load(name);
                lock (pc.Machine.Lock)
                    pc.Machine.Spaces.Memory.Write(0x600, 1, 1);
                pc.Machine.Continue();
            });
            int left = pc.Run(isStopped: true);
            Assert.True(pc.Failure is null, pc.Failure);
            Assert.Equal("", pc.Serial.Text);
            return left;
        }
        finally
        {
            File.Delete(name + ".vmstate");
        }
    }

    // The machine runs up to its S, is saved, and ends.
    private static string Save(string accelerator, string options, byte[] code)
    {
        string name = $"suite-test-{Guid.NewGuid():N}";
        using TinyPc pc = new($"-accel {accelerator} -net none -vga none {options}", code);
        using Timer watch = new(
            _ =>
            {
                if (pc.Serial.Text == "S")
                    pc.Machine.Post(() =>
                    {
                        if (!File.Exists(name + ".vmstate"))
                            Snapshots(pc).Save(name);
                        pc.Machine.Exit(4);
                    });
            }, null, 5, 5);
        int left = pc.Run();
        Assert.True(pc.Failure is null, pc.Failure);
        Assert.Equal(4, left);
        return name;
    }

    private static MachineSnapshots Snapshots(TinyPc pc) => new(pc.Board, new X86ProcessorState(pc.Board));

    private static byte[] Code()
    {
        byte[] code = new byte[0x100];
        Program.CopyTo(code, 0);
        Handler.CopyTo(code, 0x80);
        return code;
    }
}
