using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;
using Suite.Machines;
using Suite.Machines.X86.Boot;
using static Suite.Tests.Machines.KernelImages;

namespace Suite.Tests.Machines;

/// <summary>Direct boot: what is put where, and what damaged files are answered with.</summary>
public sealed unsafe class BootLoaderTests : IDisposable
{
    private readonly KernelImages _images = new();

    public void Dispose() => _images.Dispose();

    [Fact]
    public void A_64_bit_kernel_starts_in_long_mode_at_its_preferred_address()
    {
        string initrd = _images.File("initrd", [1, 2, 3]);
        BootPlan plan = _images.Plan(BzImage(), initrd, "console=ttyS0");
        Assert.Equal("Linux bzImage, boot protocol 2.15, 64-bit entry", plan.Description);
        Assert.Equal((EntryMode.Long, 0x100_0200UL), (plan.Start.Mode, plan.Start.Rip));
        Assert.Equal((0x100_0000UL, 4096UL), (Piece(plan, "kernel").Address, Piece(plan, "kernel").Length));
        byte[] boot = Piece(plan, "boot_params").Bytes;
        Assert.Equal(plan.Start.Rsi, Piece(plan, "boot_params").Address);
        Assert.Equal(Piece(plan, "initrd").Address, Get32(boot, 0x218));
        Assert.Equal(3u, Get32(boot, 0x21C));
        Assert.Equal("console=ttyS0", TextAt(Piece(plan, "command line").Bytes, 0));
        Assert.Equal(Piece(plan, "command line").Address, Get32(boot, 0x228));
        Assert.Equal(0xF1010UL, Get64(boot, 0x70));
        Assert.Equal(6, boot[0x1E8]);
        Assert.Equal((0x10_0000UL, 1u), (Get64(boot, 0x2D0 + 3 * 20), Get32(boot, 0x2D0 + 3 * 20 + 16)));
        Assert.Equal(0xFF, boot[0x210]);
    }

    [Fact]
    public void The_initrd_lies_below_the_limit_and_off_the_kernel()
    {
        byte[] kernel = BzImage();
        Put32(kernel, 0x22C, 0x1FF_FFFF);
        BootPlan plan = _images.Plan(kernel, _images.File("initrd", new byte[5000]));
        Assert.Equal(0x1FF_E000UL, Piece(plan, "initrd").Address);
    }

    [Theory]
    [InlineData(0, 0x20F, "32-bit entry")] // no 64-bit entry
    [InlineData(1, 0x20B, "32-bit entry")] // xloadflags do not count before 2.12
    public void Without_a_64_bit_entry_it_starts_in_protected_mode(ushort flags, ushort version, string expected)
    {
        BootPlan plan = _images.Plan(BzImage(version, xloadflags: flags));
        Assert.EndsWith(expected, plan.Description, StringComparison.Ordinal);
        Assert.Equal((EntryMode.Protected, 0x100_0000UL), (plan.Start.Mode, plan.Start.Rip));
    }

    // iPXE and MEMDISK look like kernels of protocols 2.07 and 2.03, and stayed dark: at 1 MiB they have no entry.
    [Theory]
    [InlineData(0x203)]
    [InlineData(0x207)]
    public void Programs_of_an_older_protocol_start_in_real_mode(ushort version) => Assert.Equal(EntryMode.Real, _images.Plan(BzImage(version)).Start.Mode);

    [Fact]
    public void A_32_bit_processor_gets_the_32_bit_entry() =>
        Assert.Equal(EntryMode.Protected, _images.Plan(BzImage(), machine: Pc() with { HasLongMode = false }).Start.Mode);

    [Fact]
    public void A_video_mode_goes_through_the_setup_code()
    {
        BootPlan plan = _images.Plan(BzImage(), append: "vga=0x317 quiet");
        Assert.Equal((EntryMode.Real, (ushort)0x1020, (ushort)0x1000, 0xE000UL), (plan.Start.Mode, plan.Start.RealCs, plan.Start.RealData16, plan.Start.Rsp));
        byte[] setup = Piece(plan, "setup code").Bytes;
        Assert.Equal(0x317u, Get32(setup, 0x1FA) & 0xFFFF);
        Assert.Equal(0x1E000u, Get32(setup, 0x228));
        Assert.Equal("vga=0x317 quiet", TextAt(setup, 0xE000));
        Assert.Equal(0x10_0000UL, Piece(plan, "kernel").Address);
        Assert.Contains("give a mode number", _images.Refusal(BzImage(), append: "vga=blue"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_zimage_and_a_kernel_before_the_protocol_go_low()
    {
        BootPlan zimage = _images.Plan(BzImage(0x201, loadflags: 0), append: "root=/dev/fd0");
        Assert.Equal((0x1_0000UL, (ushort)0x9020), (Piece(zimage, "kernel").Address, zimage.Start.RealCs));
        byte[] setup = Piece(zimage, "setup code").Bytes;
        Assert.Equal(0xA33Fu, Get32(setup, 0x20) & 0xFFFF);
        byte[] old = BzImage();
        old.AsSpan(0x202, 4).Clear();
        Assert.Contains("before 2.00", _images.Plan(old).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_tree_is_handed_over_as_setup_data()
    {
        byte[] tree = new byte[64];
        (tree[0], tree[1], tree[2], tree[3], tree[7]) = (0xD0, 0x0D, 0xFE, 0xED, 64);
        BootPlan plan = _images.Plan(BzImage(), dtb: _images.File("tree", tree));
        BootPiece piece = Piece(plan, "device tree");
        Assert.Equal(piece.Address, Get64(Piece(plan, "boot_params").Bytes, 0x250));
        Assert.Equal((2u, 64u), (Get32(piece.Bytes, 8), Get32(piece.Bytes, 12)));
        tree[7] = 65;
        Assert.Contains("truncated", _images.Refusal(BzImage(), dtb: _images.File("tree", tree)), StringComparison.Ordinal);
        Assert.Contains("dtc", _images.Refusal(BzImage(), dtb: _images.File("tree", [1, 2])), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_that_does_not_suffice_is_named_with_a_size_that_does()
    {
        string message = _images.Refusal(BzImage(initSize: 0x400_0000), machine: Pc(64));
        Assert.Contains("-m 128M", message, StringComparison.Ordinal);
        message = _images.Refusal(BzImage(), _images.File("big", new byte[48 << 20]), machine: Pc(48));
        Assert.Contains("no room for the initial RAM disk", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_line_that_would_be_cut_is_refused() =>
        Assert.Contains("takes a command line of 2047 bytes", _images.Refusal(BzImage(), append: new string('x', 2048)), StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(0x206)]
    [InlineData(0x23F)]
    [InlineData(0x600)]
    [InlineData(0x601)]
    [InlineData(0x600 + 4000)]
    public void A_truncated_kernel_is_refused(int length)
    {
        byte[] kernel = BzImage();
        Assert.NotEmpty(_images.Refusal(kernel[..length]));
    }

    [Fact]
    public void Damaged_headers_are_refused()
    {
        byte[] kernel = BzImage();
        kernel[0x1FE] = 0;
        Assert.Contains("damaged Linux boot header", _images.Refusal(kernel), StringComparison.Ordinal);
        kernel = BzImage();
        kernel[0x201] = 0xFF;
        Assert.Contains("damaged", _images.Refusal(kernel), StringComparison.Ordinal);
        kernel = BzImage();
        Put32(kernel, 0x260, uint.MaxValue);
        Assert.Contains("not free memory", _images.Refusal(kernel), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_damage_never_does_more_than_a_refusal()
    {
        Random random = new(5);
        byte[][] originals =
        [
            BzImage(), Elf(true, 0x100_0000, 0x100_0000, new byte[256], 0x1000, 0x100_0010), Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000),
            WithMultiboot(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x1C0, 0x1_0003, 0x10_0000, 0x10_0000, 0, 0x11_0000, 0x10_0000),
            WithMultiboot2(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x1C0, 3, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0),
        ];
        for (int i = 0; i < 300; i++)
        {
            byte[] kernel = (byte[])originals[i % originals.Length].Clone();
            for (int n = random.Next(1, 6); n > 0; n--)
                kernel[random.Next(Math.Min(kernel.Length, 0x280))] = (byte)random.Next(256);
            try
            {
                _images.Plan(kernel);
            }
            catch (BootException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact]
    public void Files_that_are_no_kernels_say_what_to_give()
    {
        Assert.Contains("is empty", _images.Refusal([]), StringComparison.Ordinal);
        Assert.Contains("gunzip", _images.Refusal([0x1F, 0x8B, 8, 0]), StringComparison.Ordinal);
        Assert.Contains("-drive", _images.Refusal(new byte[4096]), StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<BootException>(() => BootPlan.Read(new BootFiles("/no/such/kernel"), Pc())).Message, StringComparison.Ordinal);
        Assert.Contains("a directory", Assert.Throws<BootException>(() => BootPlan.Read(new BootFiles("/"), Pc())).Message, StringComparison.Ordinal);
        Assert.Contains("-initrd", _images.Refusal(BzImage(), "/no/such/initrd"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pvh_kernel_gets_its_start_information()
    {
        byte[] kernel = Elf(true, 0x100_0000, 0x100_0000, new byte[256], 0x1000, pvhEntry: 0x100_0040);
        BootPlan plan = _images.Plan(kernel, _images.File("initrd", new byte[100]), "quiet");
        Assert.Equal((EntryMode.Protected, 0x100_0040UL), (plan.Start.Mode, plan.Start.Rip));
        BootPiece info = Piece(plan, "start information");
        byte[] b = info.Bytes;
        Assert.Equal(info.Address, plan.Start.Rbx);
        Assert.Equal((0x336E_C578u, 1u, 1u), (Get32(b, 0), Get32(b, 4), Get32(b, 12)));
        int module = (int)(Get64(b, 16) - info.Address), line = (int)(Get64(b, 24) - info.Address), map = (int)(Get64(b, 40) - info.Address);
        Assert.Equal((Piece(plan, "initrd").Address, 100UL), (Get64(b, module), Get64(b, module + 8)));
        Assert.Equal("quiet", TextAt(b, line));
        Assert.Equal(0xF1010UL, Get64(b, 32));
        Assert.Equal((6u, 0x10_0000UL), (Get32(b, 48), Get64(b, map + 3 * 24)));
        Assert.Equal(0x1000UL - 256, Piece(plan, "segment 0").Zeros);
    }

    [Fact]
    public void A_vmlinux_without_the_note_gets_boot_params()
    {
        BootPlan plan = _images.Plan(Elf(true, 0x100_0000, 0x100_0010, new byte[256], 0x1000));
        Assert.Equal((EntryMode.Long, 0x100_0010UL), (plan.Start.Mode, plan.Start.Rip));
        Assert.Equal(0x5372_6448u, Get32(Piece(plan, "boot_params").Bytes, 0x202));
        Assert.Equal(EntryMode.Protected, _images.Plan(Elf(false, 0x100_0000, 0x100_0010, new byte[256], 0x1000)).Start.Mode);
        Assert.Contains("no long mode", _images.Refusal(Elf(true, 0x100_0000, 0x100_0010, new byte[256], 0x1000), machine: Pc() with { HasLongMode = false }), StringComparison.Ordinal);
    }

    [Fact]
    public void Elf_files_that_cannot_be_loaded_are_refused()
    {
        Assert.Contains("does not lie within the file", _images.Refusal(Elf(true, 0x100_0000, 0x100_0000, new byte[16], 0x1000, fileSize: 0x900)), StringComparison.Ordinal);
        Assert.Contains("not free memory", _images.Refusal(Elf(true, 0xFFFF_FFFF_FFFF_F000, 0xFFFF_FFFF_FFFF_F000, new byte[16], 0x2000)), StringComparison.Ordinal);
        Assert.Contains("not free memory", _images.Refusal(Elf(true, 0xA_0000, 0xA_0000, new byte[16], 0x1000)), StringComparison.Ordinal);
        Assert.Contains("outside all segments", _images.Refusal(Elf(true, 0x100_0000, 0x300_0000, new byte[16], 0x1000)), StringComparison.Ordinal);
        byte[] ppc = Elf(false, 0x100_0000, 0x100_0000, new byte[16], 0x1000);
        ppc[18] = 20;
        Assert.Contains("another machine (e_machine 20", _images.Refusal(ppc), StringComparison.Ordinal);
    }

    [Fact]
    public void A_multiboot_kernel_gets_modules_and_memory_map()
    {
        byte[] kernel = WithMultiboot(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x100, 3);
        string a = _images.File("a,b", new byte[10]), c = _images.File("c", new byte[5000]);
        BootPlan plan = _images.Plan(kernel, $"{a.Replace(",", ",,")} one two,{c} three", "x=1");
        Assert.Equal((0x2BAD_B002UL, EntryMode.Protected, 0x10_0000UL), (plan.Start.Rax, plan.Start.Mode, plan.Start.Rip));
        BootPiece info = Piece(plan, "multiboot information");
        byte[] b = info.Bytes;
        Assert.Equal(info.Address, plan.Start.Rbx);
        Assert.Equal(639u, Get32(b, 4));
        Assert.EndsWith("kernel x=1", TextAt(b, (int)(Get32(b, 16) - info.Address)), StringComparison.Ordinal);
        Assert.Equal(2u, Get32(b, 20));
        int modules = (int)(Get32(b, 24) - info.Address);
        Assert.Equal(10u, Get32(b, modules + 4) - Get32(b, modules));
        Assert.Equal($"{a} one two", TextAt(b, (int)(Get32(b, modules + 8) - info.Address)));
        Assert.Equal($"{c} three", TextAt(b, (int)(Get32(b, modules + 16 + 8) - info.Address)));
        Assert.Equal(0u, Get32(b, modules + 16) & 4095);
        int map = (int)(Get32(b, 48) - info.Address);
        Assert.Equal((6 * 24u, 20u), (Get32(b, 44), Get32(b, map)));
    }

    [Fact]
    public void A_multiboot_kernel_may_give_its_own_addresses()
    {
        byte[] kernel = WithMultiboot(new byte[1024], 64, 0x1_0000, 0x20_0040, 0x20_0000, 0x20_0200, 0x20_0300, 0x20_0044);
        BootPlan plan = _images.Plan(kernel);
        BootPiece piece = Piece(plan, "kernel");
        Assert.Equal((0x20_0000UL, 0UL, 0x200UL, 0x100UL, 0x20_0044UL), (piece.Address, piece.FileOffset, piece.FileLength, piece.Zeros, plan.Start.Rip));
        Assert.Contains("do not fit together", _images.Refusal(WithMultiboot(new byte[1024], 64, 0x1_0000, 0x20_0000, 0x20_0040, 0, 0, 0x20_0044)), StringComparison.Ordinal);
        Assert.Contains("is to have", _images.Refusal(WithMultiboot(new byte[1024], 64, 0x1_0000, 0x20_0040, 0x20_0000, 0x30_0000, 0x30_0000, 0x20_0044)), StringComparison.Ordinal);
        Assert.Contains("do not exist", _images.Refusal(WithMultiboot(new byte[1024], 64, 0x8)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_multiboot_2_kernel_gets_tags()
    {
        byte[] kernel = WithMultiboot2(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x100, 3, 0, 0, 0, 12, 0, 0, 0, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0);
        BootPlan plan = _images.Plan(kernel, _images.File("m", new byte[10]) + " arg", "x=1");
        Assert.Equal((0x36D7_6289UL, 0x10_0020UL), (plan.Start.Rax, plan.Start.Rip));
        byte[] b = Piece(plan, "multiboot information").Bytes;
        Assert.Equal((uint)b.Length, Get32(b, 0));
        Dictionary<uint, int> tags = [];
        for (int at = 8; at < b.Length; at += (int)(Get32(b, at + 4) + 7 & ~7u))
            tags[Get32(b, at)] = at;
        Assert.EndsWith("kernel x=1", TextAt(b, tags[1] + 8), StringComparison.Ordinal);
        Assert.EndsWith("m arg", TextAt(b, tags[3] + 16), StringComparison.Ordinal);
        Assert.Equal((24u, 0u), (Get32(b, tags[6] + 8), Get32(b, tags[6] + 12)));
        Assert.Equal(8u + 36, Get32(b, tags[15] + 4));
        Assert.Contains(0u, tags.Keys);
        byte[] unknown = WithMultiboot2(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x100, 99, 0, 0, 0, 8, 0, 0, 0);
        Assert.Contains("header tag 99", _images.Refusal(unknown), StringComparison.Ordinal);
        byte[] looping = WithMultiboot2(Elf(false, 0x10_0000, 0x10_0000, new byte[256], 0x1000), 0x100, 4, 0, 1, 0, 0, 0, 0, 0);
        Assert.Contains("tag of 0 bytes", _images.Refusal(looping), StringComparison.Ordinal);
    }

    [Fact]
    public void Applying_a_plan_fills_memory_and_sets_the_processor()
    {
        AddressSpaces spaces = new(new Lock());
        using RamBlock ram = new("ram", 64 << 20);
        spaces.Memory.MapRam(0, ram, 0, 64 << 20);
        BootPlan plan = _images.Plan(BzImage(), _images.File("initrd", [7, 8, 9]), machine: Pc(64));
        X86Cpu cpu = default;
        plan.Apply(spaces.Memory, &cpu);
        Assert.True(cpu.Is64);
        Assert.Equal((plan.Start.Rip, plan.Start.Rsi), (cpu.Rip, cpu.Gpr[6]));
        Assert.Equal([0, 1, 2, 3], new ReadOnlySpan<byte>(ram.Host + 0x100_0000, 4).ToArray());
        Assert.Equal([7, 8, 9], new ReadOnlySpan<byte>(ram.Host + Piece(plan, "initrd").Address, 3).ToArray());
        // The page tables map an address to itself: 1 GiB + 2 MiB.
        ulong directory = *(ulong*)(ram.Host + (*(ulong*)(ram.Host + cpu.Cr3) & ~0xFFFUL) + 8) & ~0xFFFUL;
        Assert.Equal(0x4020_0083UL, *(ulong*)(ram.Host + directory + 8));
    }
}
