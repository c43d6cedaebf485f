using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>What a user is told who cannot have KVM, and that the machine goes on translated where that was asked for.</summary>
public sealed class KvmAccess : IDisposable
{
    private const string Device = "/dev/kvm", AsNobody = "/usr/bin/setpriv", Missing = "/dev/no-such-kvm";

    private readonly string _folder = Directory.CreateTempSubdirectory("suite-kvm-").FullName;
    private readonly string _firmware;
    private readonly ITestOutputHelper _log;

    public KvmAccess(ITestOutputHelper log)
    {
        _log = log;
        _firmware = Path.Combine(_folder, "rom.bin");
        byte[] rom = new byte[0x10000];
        byte[] code = [0xB0, (byte)'B', 0xE6, 0xE9, 0xB0, 5, 0xE6, 0xF4, 0xF4], jump = [0xEA, 0x00, 0x00, 0x00, 0xF0];
        code.CopyTo(rom, 0);
        jump.CopyTo(rom, 0xFFF0);
        File.WriteAllBytes(_firmware, rom);
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Without_the_device_the_remedy_is_named()
    {
        ProcessResult result = Start(["-accel", $"kvm,device={Missing}"]);
        Assert.Equal((1, ""), (result.ExitCode, result.Text));
        Assert.Contains($"there is no {Missing}", result.ErrorText);
        Assert.Contains("modprobe kvm_intel", result.ErrorText);
        Assert.Contains("fix: -accel kvm:translation", result.ErrorText);
    }

    // The properties are KVM's; translation refused them.
    [Fact]
    public void Without_the_device_it_goes_on_translated_when_asked_to()
    {
        ProcessResult result = Start(["-accel", $"kvm:translation,device={Missing},kernel-irqchip=split"]);
        Assert.Equal((11, "B"), (result.ExitCode, result.Text));
        Assert.Contains("going on with translation", result.ErrorText);
    }

    [Fact]
    public void No_kvm_does_not_try_it()
    {
        ProcessResult result = Start(["-accel", $"kvm,device={Missing}", "-no-kvm"]);
        Assert.Equal((11, "B", ""), (result.ExitCode, result.Text, result.ErrorText));
    }

    [Fact]
    public void A_user_without_the_right_is_told_who_has_it()
    {
        if (!CanTryAsNobody())
            return;
        ProcessResult refused = Start(["-accel", "kvm"], asNobody: true);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Text));
        Assert.Contains($"{Device} may be opened by its ", refused.ErrorText);
        ProcessResult translated = Start(["-accel", "kvm:tcg"], asNobody: true);
        Assert.Equal((11, "B"), (translated.ExitCode, translated.Text));
        Assert.Contains("going on with tcg", translated.ErrorText);
    }

    private bool CanTryAsNobody()
    {
        string? reason = !File.Exists(Device) ? $"there is no {Device}"
            : !File.Exists(AsNobody) || Environment.UserName != "root" ? $"it takes root and {AsNobody} to become another user"
            : (File.GetUnixFileMode(Device) & UnixFileMode.OtherWrite) != 0 ? $"everybody may open {Device}"
            : Run(AsNobody, [.. Identity, "/usr/bin/test", "-x", Repository.ToolPath("qemu-kvm")]).ExitCode != 0 ? "another user cannot reach the tools"
            : null;
        if (reason is not null)
            _log.WriteLine($"skipped: {reason}");
        return reason is null;
    }

    private static string[] Identity => ["--reuid=65534", "--regid=65534", "--clear-groups"];

    private ProcessResult Start(string[] accelerator, bool asNobody = false)
    {
        string[] words =
        [
            .. accelerator, "-m", "16", "-display", "none", "-net", "none", "-serial", "none", "-monitor", "none", "-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4", "-bios", _firmware,
        ];
        string tool = Repository.ToolPath("qemu-kvm");
        return asNobody ? Run(AsNobody, [.. Identity, tool, .. words]) : Run(tool, words);
    }

    private static ProcessResult Run(string program, string[] arguments) => HostProcess.Run(new ProcessRequest { Program = program, Arguments = arguments });
}
