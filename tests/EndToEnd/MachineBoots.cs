using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
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
            string result = Boot(guest, tool, $"disk={name} net get=http://10.0.2.2:{server.Port}/file",
                ["-smp", $"{processors}", "-drive", $"file={image},format=raw,if={disk}", "-nic", $"user,model={card}"]);
            Assert.Contains($"processors={processors}", result);
            Assert.Contains($"DISK {name} ok", result);
            Assert.Contains("NET 10.0.2.15", result);
            Assert.Contains($"GET {server.Sum}", result);
            Assert.True(HasExt2(image), "the file system is not in the image");
        }
        finally
        {
            File.Delete(image);
        }
    }

    // It stopped while measuring the time-stamp counter: a machine with reduced ACPI has no timer that Linux would measure it with.
    [Fact]
    public void Debian_boots_on_microvm()
    {
        if (MachineGuest.Find("amd64", log) is not { } guest)
            return;
        string image = Path.Combine(Path.GetTempPath(), $"suite-{Guid.NewGuid():N}.img");
        try
        {
            using (FileStream file = File.Create(image))
                file.SetLength(DiskBytes);
            string result = Boot(guest, "qemu-system-x86_64", "disk=vda net",
                ["-M", "microvm", "-drive", $"file={image},format=raw,if=none,id=d", "-device", "virtio-blk-device,drive=d", "-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n"]);
            Assert.Contains("DISK vda ok", result);
            Assert.Contains("NET 10.0.2.15", result);
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
        string result = Boot(guest, "qemu-system-x86_64", "reboot", ["-no-reboot"]);
        Assert.Contains("Restarting system", result);
    }

    [Fact]
    public async Task Cards_come_and_go_while_Debian_runs()
    {
        if (MachineGuest.Find("amd64", log) is not { } guest)
            return;
        using TemporaryDirectory folder = new();
        string console = folder.File("console"), monitor = folder.File("monitor");
        Task<string> run = Task.Factory.StartNew(
            () => Boot(guest, "qemu-system-x86_64", "plug", ["-serial", "file:" + console, "-monitor", $"unix:{monitor},server,nowait"], console), TaskCreationOptions.LongRunning);
        Say("PLUG ready", "device_add virtio-rng-pci,id=new");
        Say("PLUG came", "device_del new");
        Assert.Contains("PLUG gone", await run);

        void Say(string after, string command)
        {
            Stopwatch clock = Stopwatch.StartNew();
            while (!run.IsCompleted && clock.Elapsed.TotalSeconds < Patience && !(File.Exists(console) && File.ReadAllText(console).Contains(after, StringComparison.Ordinal)))
                Thread.Sleep(50);
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(monitor));
            socket.Send(System.Text.Encoding.ASCII.GetBytes(command + "\n"));
            byte[] answer = new byte[4096];
            for (string all = ""; !all.EndsWith($"{command}\r\n(qemu) ", StringComparison.Ordinal) && socket.Receive(answer) is > 0 and var n;)
                all += System.Text.Encoding.ASCII.GetString(answer.AsSpan(0, n));
        }
    }

    // There was no flash memory: -bios has no place for UEFI's variables.
    [Fact]
    public void Uefi_starts_from_flash_memory_and_keeps_its_variables_there()
    {
        const string Code = "/usr/share/OVMF/OVMF_CODE.fd", Variables = "/usr/share/OVMF/OVMF_VARS.fd";
        if (!File.Exists(Code) || !File.Exists(Variables))
        {
            log.WriteLine("skipped: apt-get install ovmf");
            return;
        }

        using TemporaryDirectory folder = new();
        string variables = folder.File("vars.fd");
        File.Copy(Variables, variables);
        ProcessResult result = Tool.Run(
            ["-m", "256", "-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none", "-drive", $"if=pflash,format=raw,readonly=on,file={Code}", "-pflash", variables, "-exit-on", "string:Shell>=>7"],
            timeoutSeconds: Patience, tool: "qemu-system-x86_64");
        Assert.True(result.ExitCode == 7, $"{result.End}: {result.ErrorText} {Tail(result.Text)}");
        byte[] before = File.ReadAllBytes(Variables), after = File.ReadAllBytes(variables);
        Assert.Equal(before.Length, after.Length);
        Assert.False(before.AsSpan().SequenceEqual(after), "no variable was written");
        Assert.Contains("B\0o\0o\0t\0O\0r\0d\0e\0r\0", System.Text.Encoding.Latin1.GetString(after), StringComparison.Ordinal);
    }

    // What the guest said on its console: standard output, or a file.
    private static string Boot(string guest, string tool, string words, IReadOnlyList<string> more, string? console = null)
    {
        ProcessResult result = Tool.Run(
            ["-m", "256", "-nographic", "-kernel", Path.Combine(guest, "vmlinuz"), "-initrd", Path.Combine(guest, "initrd.gz"), "-append", $"console=ttyS0 panic=-1 {words}", .. more],
            timeoutSeconds: Patience, tool: tool);
        string text = console is null ? result.Text : File.ReadAllText(console);
        Assert.True(result.ExitCode == 0, $"{result.End}: {result.ErrorText} {Tail(text)}");
        Assert.Contains("END", text);
        Assert.DoesNotContain("Call Trace", text);
        return text;
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
