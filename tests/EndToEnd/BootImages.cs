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
    public ImageFactAttribute(params string[] files)
    {
        string[] missing = [.. files.Where(f => !File.Exists(f))];
        if (missing.Length > 0)
            Skip = $"not on this machine: {string.Join(", ", missing)} (packages isolinux, syslinux, xorriso, mtools, seabios, ipxe-qemu)";
    }
}
