using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Xunit.Abstractions;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>The tables of the 32-bit guests: numbers as in the compilers' headers, and every call served one way or another.</summary>
public sealed class CompatTableTests(ITestOutputHelper output)
{
    internal static string[] I386Compiler => ["gcc", "-m32", "-I/usr/include/x86_64-linux-gnu"];

    internal static string[] PpcCompiler => ["powerpc-linux-gnu-gcc"];

    // In the kernel's tables, but newer than the headers of many distributions.
    private const int FirstRecent = 450;

    [Fact]
    public void I386_numbers_are_those_of_the_header() => CheckNumbers(I386Compiler, I386SyscallNumbers.Build());

    [Fact]
    public void Ppc_numbers_are_those_of_the_header() => CheckNumbers(PpcCompiler, PpcSyscallNumbers.Build());

    [Fact]
    public void Recent_numbers_are_the_same_on_all_targets()
    {
        SyscallRow?[] x64 = X64SyscallNumbers.Build(), i386 = I386SyscallNumbers.Build(), ppc = PpcSyscallNumbers.Build();
        for (int number = 424; number < x64.Length; number++)
        {
            Assert.Equal((number, x64[number]), (number, i386[number]));
            if (x64[number]?.Name != "memfd_secret")
                Assert.Equal((number, x64[number]), (number, ppc[number]));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_that_is_not_refused_has_a_handler_or_a_plan(bool ppc)
    {
        CompatPersonality personality = ppc ? CompatPersonality.Ppc() : CompatPersonality.I386();
        List<string> broken = [];
        SyscallRow?[] rows = personality.Rows();
        for (int number = 0; number < rows.Length; number++)
        {
            if (personality.Call(number) is not { } call || call.Special.Flow != SyscallFlow.Pass || call.Flow == SyscallFlow.Unimplemented)
                continue;
            try
            {
                _ = call.Plan;
            }
            catch (FormatException e)
            {
                broken.Add($"{call.Row.Name}: {e.Message}");
            }
        }

        output.WriteLine(string.Join('\n', broken));
        Assert.Empty(broken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Calls_without_a_host_call_are_the_ones_the_kernel_lacks_too(bool ppc)
    {
        CompatPersonality personality = ppc ? CompatPersonality.Ppc() : CompatPersonality.I386();
        string[] refused = [.. Enumerable.Range(0, personality.Rows().Length).Where(n => personality.Rows()[n] is not null && personality.FlowOf(n) == SyscallFlow.Unimplemented)
            .Select(n => personality.Rows()[n]!.Name)];
        output.WriteLine(string.Join(' ', refused));
        foreach (string name in (string[])["read", "stat64", "mmap", "fcntl64", "waitpid", "getuid", "setgroups", "umount", "nice", "stime", "readdir", "clone"])
            Assert.DoesNotContain(name, refused);
        foreach (string name in (string[])["break", "stty", "create_module"])
            Assert.Contains(name, refused);
    }

    private void CheckNumbers(string[] compiler, SyscallRow?[] rows)
    {
        if (CrossCompiler.Macros(compiler, "asm/unistd.h", out string reason) is not { } macros)
        {
            output.WriteLine("not compared: " + reason);
            return;
        }

        Dictionary<int, string> theirs = macros.Where(m => m.Key.StartsWith("__NR_", StringComparison.Ordinal) && int.TryParse(m.Value, out _))
            .ToDictionary(m => int.Parse(m.Value), m => m.Key["__NR_".Length..]);
        foreach ((int number, string name) in theirs)
            Assert.Equal((number, name), (number, rows[number]?.Name));
        for (int number = 0; number < FirstRecent; number++)
            Assert.True(theirs.ContainsKey(number) == rows[number] is not null, $"number {number}");
    }
}
