namespace Suite.EndToEnd;

/// <summary>Boot loaders of Debian's packages, started by our BIOS and by SeaBIOS from images made here. Under translation: KVM may not run all their code.</summary>
public sealed class BootImages : IDisposable
{
    // What the loaders start: says B on the debug port and ends the machine with status 2 * 5 + 1.
    private static readonly byte[] Payload = [0xB0, (byte)'B', 0xE6, 0xE9, 0xB0, 5, 0xE6, 0xF4, 0xF4];

    private readonly string _folder = Directory.CreateTempSubdirectory("suite-boot-images-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ImageFact("/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32", "/usr/bin/xorriso")]
    public void Isolinux_boots_by_our_bios() => Boots("-cdrom", Isolinux());

    [ImageFact("/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32", "/usr/bin/xorriso", "/usr/share/seabios/bios-256k.bin")]
    public void Isolinux_boots_by_SeaBIOS() => Boots("-cdrom", Isolinux(), "-bios", "/usr/share/seabios/bios-256k.bin");

    [ImageFact("/usr/bin/syslinux", "/usr/bin/mcopy")]
    public void Syslinux_boots_from_a_hard_disk() => Boots("-drive", $"file={Syslinux()},format=raw,if=ide");

    [ImageFact("/usr/lib/ipxe/qemu/pxe-virtio.rom")]
    public void IPXE_boots_from_the_network_by_our_bios() => Boots("-boot", "n", "-nic", $"user,model=virtio-net-pci,{NetworkBoot()}");

    [ImageFact("/usr/lib/ipxe/qemu/pxe-e1000.rom")]
    public void IPXE_boots_by_the_place_of_its_card() => Boots("-nic", $"user,model=e1000,bootindex=1,{NetworkBoot()}");

    [ImageFact("/usr/lib/ipxe/qemu/efi-virtio.rom", "/usr/share/seabios/bios-256k.bin")]
    public void IPXE_boots_from_the_network_by_SeaBIOS() =>
        Boots("-boot", "n", "-nic", $"user,model=virtio-net-pci,{NetworkBoot()}", "-bios", "/usr/share/seabios/bios-256k.bin");

    [ImageFact("/usr/lib/syslinux/memdisk")]
    public void MEMDISK_boots_a_floppy_in_memory()
    {
        byte[] floppy = new byte[1440 * 1024];
        Payload.CopyTo(floppy, 0);
        (floppy[510], floppy[511]) = (0x55, 0xAA);
        string image = Path.Combine(_folder, "floppy.img");
        File.WriteAllBytes(image, floppy);
        Boots("-kernel", "/usr/lib/syslinux/memdisk", "-initrd", image);
    }

    [ImageFact("/boot/ipxe.lkrn")]
    public void IPXE_boots_from_the_network_as_a_kernel() => Boots("-kernel", "/boot/ipxe.lkrn", "-nic", $"user,model=virtio-net-pci,{NetworkBoot()}");

    // All but the last, which waits for minutes. On the 32-bit machine it trusted a 64-bit mode that cpuid showed by mistake.
    [ImageTheory("/boot/memtest86+ia32.bin", "/boot/memtest86+x64.bin")]
    [InlineData("qemu-system-i386", "ia32")]
    [InlineData("qemu-system-x86_64", "x64")]
    public void Memtest_comes_to_its_last_test(string tool, string kind)
    {
        ProcessResult result = Tool.Run(["-m", "16", "-smp", "2", "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel", $"/boot/memtest86+{kind}.bin", "-append", "console=ttyS0,115200",
            "-exit-on", "string:Bit fade=>0"], timeoutSeconds: 120, tool: tool);
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("FAIL", result.Text, StringComparison.Ordinal);
    }

    // The program alone is shorter than what iPXE takes for one.
    private string NetworkBoot()
    {
        File.WriteAllBytes(Path.Combine(_folder, "boot.bin"), [.. Payload, .. new byte[2048]]);
        return $"tftp={_folder},bootfile=boot.bin";
    }

    private void Boots(params string[] disk)
    {
        ProcessResult result = Tool.Run(
            ["-accel", "translation", "-m", "64", "-display", "none", "-serial", "none", "-monitor", "none", "-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4", .. disk],
            tool: "qemu-kvm");
        Assert.Equal(("B", 11), (result.Text, result.ExitCode));
    }

    private string Isolinux()
    {
        string tree = Path.Combine(_folder, "tree", "isolinux"), image = Path.Combine(_folder, "cd.iso");
        Directory.CreateDirectory(tree);
        File.Copy("/usr/lib/ISOLINUX/isolinux.bin", Path.Combine(tree, "isolinux.bin"));
        File.Copy("/usr/lib/syslinux/modules/bios/ldlinux.c32", Path.Combine(tree, "ldlinux.c32"));
        Configure(tree, "isolinux.cfg");
        Make("/usr/bin/xorriso", "-as", "mkisofs", "-quiet", "-o", image, "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", Path.GetDirectoryName(tree)!);
        return image;
    }

    private string Syslinux()
    {
        string image = Path.Combine(_folder, "disk.img");
        Configure(_folder, "syslinux.cfg");
        File.WriteAllBytes(image, new byte[1440 * 1024]);
        Make("/usr/bin/mformat", "-i", image, "-f", "1440", "::");
        Make("/usr/bin/syslinux", "-i", image);
        Make("/usr/bin/mcopy", "-i", image, Path.Combine(_folder, "syslinux.cfg"), Path.Combine(_folder, "test.bin"), "::");
        return image;
    }

    private static void Configure(string folder, string name)
    {
        File.WriteAllText(Path.Combine(folder, name), "PROMPT 0\nDEFAULT x\nLABEL x\n KERNEL test.bin\n");
        File.WriteAllBytes(Path.Combine(folder, "test.bin"), Payload);
    }

    private static void Make(string program, params string[] arguments)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = program,
            Arguments = arguments,
            Directory = "/",
            Timeout = TimeSpan.FromSeconds(60),
        });
        Assert.True(result.ExitCode == 0, result.ErrorText);
    }
}

/// <summary>A test that needs files of packages; skipped, naming those that are not there.</summary>
public sealed class ImageFactAttribute : FactAttribute
{
    public ImageFactAttribute(params string[] files) => Skip = Missing(files);

    /// <summary>Why a test that needs these files is skipped; null when all are there.</summary>
    internal static string? Missing(string[] files)
    {
        string[] missing = [.. files.Where(f => !File.Exists(f))];
        return missing.Length == 0
            ? null
            : $"not on this machine: {string.Join(", ", missing)} (packages isolinux, syslinux, syslinux-common, xorriso, mtools, seabios, ipxe, ipxe-qemu, memtest86+)";
    }
}

/// <summary><see cref="ImageFactAttribute"/> for several cases.</summary>
public sealed class ImageTheoryAttribute : TheoryAttribute
{
    public ImageTheoryAttribute(params string[] files) => Skip = ImageFactAttribute.Missing(files);
}
