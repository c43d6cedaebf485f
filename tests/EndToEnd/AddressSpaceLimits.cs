using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Programs start where address space is limited (ulimit -v), as on build machines: what the emulator sets aside is in proportion.</summary>
public sealed class AddressSpaceLimits(ITestOutputHelper log)
{
    // 1400000 failed, while 700000 and 2000000 did not: the guest's heap had taken the GiB that fitted just then.
    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void Programs_start_in_any_address_space_from_600_MB_on(string targetName)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!target.CanBuild)
        {
            log.WriteLine("skipped: no compiler for this target");
            return;
        }

        string program = GuestCompiler.Build(Path.Combine(Repository.GuestFolder("x86_64"), "hello.c"), [.. target.Flags, "-O2"], target.CompilerPrefix);
        foreach (int limit in (ReadOnlySpan<int>)[600_000, 700_000, 800_000, 1_000_000, 1_200_000, 1_400_000, 2_000_000, 4_000_000, 6_000_000, 40_000_000])
        {
            ProcessResult result = HostProcess.Run(new ProcessRequest
            {
                Program = GuestCompiler.FindInPath("sh"),
                Arguments = ["-c", $"ulimit -v {limit}; exec \"$@\"", "sh", Repository.ToolPath(target.Tool), program],
                Timeout = TimeSpan.FromMinutes(2),
            });
            Assert.True(result.ExitCode == 0 && result.ErrorText.Length == 0, $"ulimit -v {limit}: status {result.ExitCode}, {result.ErrorText}");
        }
    }
}
