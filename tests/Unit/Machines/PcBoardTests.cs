namespace Suite.Tests.Machines;

public sealed class PcBoardTests
{
    // Counts ten interrupts of the timer at 1 kHz through the PIC, halting between them.
    private static readonly byte[] TenTicks =
    [
        0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x70, // xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 7000h
        0xC7, 0x06, 0x20, 0x00, 0x80, 0x00, 0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0, // vector 8: F000:0080
        0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08, 0xE6, 0x21, 0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21, // PIC: ICW1-4
        0xB0, 0xFE, 0xE6, 0x21, // all but IRQ 0 masked
        0xB0, 0x34, 0xE6, 0x43, 0xB0, 0xA9, 0xE6, 0x40, 0xB0, 0x04, 0xE6, 0x40, // counter 0: mode 2, 1193
        0xC6, 0x06, 0x00, 0x05, 0x00, // mov byte [500h], 0
        0xFB, // sti
        0xF4, // wait: hlt
        0x80, 0x3E, 0x00, 0x05, 0x0A, 0x72, 0xF8, // cmp byte [500h], 10; jb wait
        0xB0, 0x2A, 0xE6, 0xF4, // exit 42
    ];

    // At F000:0080: the handler.
    private static readonly byte[] Handler = [0xFE, 0x06, 0x00, 0x05, 0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF]; // inc byte [500h]; EOI; iret

    [Fact]
    public void Timer_interrupts_arrive_under_translation() => Ticks("-accel translation");

    [KvmFact]
    public void Timer_interrupts_arrive_with_kernel_controllers() => Ticks("-accel kvm");

    [KvmFact]
    public void Timer_interrupts_arrive_with_split_controllers() => Ticks("-accel kvm,kernel-irqchip=split");

    [KvmFact]
    public void Timer_interrupts_arrive_without_kernel_controllers() => Ticks("-accel kvm,kernel-irqchip=off");

    // They were taken and had no effect.
    [Theory]
    [InlineData("-M pc,foo=on")]
    [InlineData("-M microvm,hpett=on")]
    public void A_board_s_property_that_does_not_exist_is_refused(string line) =>
        Assert.Contains("is not known", Assert.Throws<Suite.Machines.Options.OptionException>(() => new TinyPc("-accel translation -net none -m 4 " + line, 0xF4)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("-smbios type=9", "cannot be set")]
    [InlineData("-smbios type=1,serail=1", "serail")]
    [InlineData("-smbios type=1,uuid=1", "a value of uuid")]
    [InlineData("-smbios type=0,release=x", "a value of release")]
    [InlineData("-smbios serial=1", "type")]
    [InlineData("-smbios type=11,value=", "'' is not a value of value")] // an empty text ends the list of texts
    public void Mistakes_of_smbios_are_named(string line, string cause) =>
        Assert.Contains(cause, Assert.Throws<Suite.Machines.Options.OptionException>(() => new TinyPc("-accel translation -net none -m 4 " + line, 0xF4)).Message, StringComparison.Ordinal);

    // They ended the tool with a stack trace, or were counted in characters rather than bytes.
    [Fact]
    public void Smbios_tables_that_do_not_fit_are_refused()
    {
        string long17 = new('x', 6000), wide = new('\u00E4', 11_000);
        Assert.Contains("256 texts", Assert.Throws<Suite.Machines.Options.OptionException>(() => Smbios("-smbios type=11" + string.Concat(Enumerable.Range(0, 256).Select(i => $",value={i}")))).Message, StringComparison.Ordinal);
        Assert.Contains("do not fit", Assert.Throws<Suite.Machines.Options.OptionException>(() => Smbios($"-smbios type=17,serial={long17} -m 65536")).Message, StringComparison.Ordinal);
        Assert.Contains("do not fit", Assert.Throws<Suite.Machines.Options.OptionException>(() => Smbios($"-smbios type=1,serial={wide}")).Message, StringComparison.Ordinal);
        Smbios("-smbios type=11" + string.Concat(Enumerable.Range(0, 255).Select(i => $",value={i}")));
    }

    private static void Smbios(string line)
    {
        using TinyPc pc = new("-accel translation -net none -m 4 " + line, 0xF4);
    }

    // A file of 2 GiB was read before its size was looked at, and ended the tool with a stack trace.
    [Fact]
    public void Flash_memory_that_is_too_large_is_refused_before_it_is_read()
    {
        string image = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.OpenWrite(image))
                file.SetLength(3L << 30);
            using Suite.Machines.Machine machine = new();
            using Suite.Devices.Core.HostLoop loop = new(machine.Lock);
            using Suite.Machines.Backends.MachineBackends backends = new(machine, loop, Suite.Machines.Options.MachineOptionsParser.Parse(["-net", "none"], new TinyPc.NoLists()), _ => { });
            Suite.Machines.Backends.Drive drive = backends.Blocks.AddDrive(Suite.Machines.Options.KeyValues.Of("-pflash", ("if", "pflash"), ("format", "raw"), ("file", image)));
            Assert.Contains("cannot be a flash memory", Assert.Throws<Suite.Machines.Options.OptionException>(() => Suite.Machines.X86.Boards.PcFlash.Firmware([drive])).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(image);
        }
    }

    private static void Ticks(string accelerator)
    {
        byte[] code = new byte[0x100];
        TenTicks.CopyTo(code, 0);
        Handler.CopyTo(code, 0x80);
        using TinyPc pc = new(accelerator + " -net none", code);
        Assert.Equal(42, pc.Run());
        Assert.Null(pc.Failure);
    }

    // Values of properties that have no effect here were not looked at.
    [Theory]
    [InlineData("-device e1000,mac=52:54:00:12:34:5", "is not a MAC address")]
    [InlineData("-device virtio-rng-pci,disable-legacy=maybe", "'maybe' is not a value of disable-legacy")]
    [InlineData("-device virtio-rng-pci,vectors=two", "'two' is not a value of vectors")]
    [InlineData("-device virtio-rng-pci,ioeventfd=1.5", "'1.5' is not a value of ioeventfd")]
    [InlineData("-device virtio-net-pci,bootindex=x", "'x' is not a value of bootindex")]
    public void Values_of_the_wrong_type_are_refused(string device, string cause) =>
        Assert.Contains(cause, Assert.Throws<Suite.Machines.Options.OptionException>(() => new TinyPc($"-net none {device}", 0xF4)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("-fw_cfg name=opt/x,file=/nonexistent/x", "-fw_cfg: cannot read /nonexistent/x: there is no such")]
    [InlineData("-fw_cfg name=opt/x,file=/tmp", "-fw_cfg: cannot read /tmp: it is a folder")] // ended the tool with a stack trace
    [InlineData("-acpitable file=/nonexistent/x", "-acpitable: cannot read /nonexistent/x")]
    public void Files_that_cannot_be_read_are_named_with_their_option(string option, string cause) =>
        Assert.Contains(cause, Assert.Throws<Suite.Machines.Options.OptionException>(() => new TinyPc($"-net none {option}", 0xF4)).Message, StringComparison.Ordinal);

    // QEMU's rule: who adds a disk or CD drive by -device gets no other one on the way.
    [Fact]
    public void A_drive_of_the_users_own_takes_the_place_of_the_boards()
    {
        string image = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(image, new byte[1 << 20]);
            using TinyPc pc = new($"-net none -drive id=d,if=none,format=raw,file={image} -device ide-hd,drive=d,bus=ide.1,unit=0", 0xF4);
            Assert.DoesNotContain(pc.Backends.Blocks.All, d => d.IsCdrom);
        }
        finally
        {
            File.Delete(image);
        }
    }
}
