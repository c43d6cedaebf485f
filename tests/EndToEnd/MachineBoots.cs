using System.Buffers.Binary;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Debian's kernels boot on the translated PC: disks, network, one and two processors, power off and reset.</summary>
public sealed class MachineBoots(ITestOutputHelper log)
{
    private const int FileBytes = 3 << 20, DiskBytes = 64 << 20;
    private const double Patience = 180;

    [Theory]
    [InlineData("amd64", "qemu-system-x86_64", 1, "ide", "e1000")]
    [InlineData("amd64", "qemu-system-x86_64", 2, "virtio", "virtio-net-pci")]
    [InlineData("686", "qemu-system-i386", 1, "ide", "e1000")]
    [InlineData("686", "qemu-system-i386", 2, "virtio", "virtio-net-pci")]
    public void Debian_boots_writes_a_disk_and_fetches_a_file(string flavor, string tool, int processors, string disk, string card)
    {
        if (MachineGuest.Find(flavor, log) is not { } guest)
            return;
        using MachineGuest.FileServer server = new(FileBytes);
        string image = Path.Combine(Path.GetTempPath(), $"suite-{Guid.NewGuid():N}.img");
        try
        {
            using (FileStream file = File.Create(image))
                file.SetLength(DiskBytes);
            string name = disk == "ide" ? "sda" : "vda";
            ProcessResult result = Boot(guest, tool, $"disk={name} net get=http://10.0.2.2:{server.Port}/file",
                ["-smp", $"{processors}", "-drive", $"file={image},format=raw,if={disk}", "-nic", $"user,model={card}"]);
            Assert.Contains($"processors={processors}", result.Text);
            Assert.Contains($"DISK {name} ok", result.Text);
            Assert.Contains("NET 10.0.2.15", result.Text);
            Assert.Contains($"GET {server.Sum}", result.Text);
            Assert.True(HasExt2(image), "the file system is not in the image");
        }
        finally
        {
            File.Delete(image);
        }
    }

    [Fact]
    public void A_reset_by_the_guest_starts_it_again()
    {
        if (MachineGuest.Find("amd64", log) is not { } guest)
            return;
        // -no-reboot ends the machine at the first reset: that it was one, and no power-off, is what the guest asked for.
        ProcessResult result = Boot(guest, "qemu-system-x86_64", "reboot", ["-no-reboot"]);
        Assert.Contains("Restarting system", result.Text);
    }

    private static ProcessResult Boot(string guest, string tool, string words, IReadOnlyList<string> more)
    {
        ProcessResult result = Tool.Run(
            ["-m", "256", "-nographic", "-kernel", Path.Combine(guest, "vmlinuz"), "-initrd", Path.Combine(guest, "initrd.gz"), "-append", $"console=ttyS0 panic=-1 {words}", .. more],
            timeoutSeconds: Patience, tool: tool);
        Assert.True(result.ExitCode == 0, $"{result.End}: {result.ErrorText} {Tail(result.Text)}");
        Assert.Contains("END", result.Text);
        Assert.DoesNotContain("Call Trace", result.Text);
        return result;
    }

    private static string Tail(string text) => text.Length > 2000 ? text[^2000..] : text;

    // The magic number of the superblock (fs/ext2: s_magic).
    private static bool HasExt2(string image)
    {
        const int MagicAt = 1024 + 56, Magic = 0xEF53;
        byte[] word = new byte[2];
        using FileStream file = File.OpenRead(image);
        file.Position = MagicAt;
        file.ReadExactly(word);
        return BinaryPrimitives.ReadUInt16LittleEndian(word) == Magic;
    }
}
