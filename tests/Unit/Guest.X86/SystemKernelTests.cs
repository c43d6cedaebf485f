using System.Diagnostics;
using Suite.Jit.Memory;
using Xunit.Abstractions;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// The processor test of tests/Guests/x86-system, run on the bench. Its strict build is compared with what the manuals say (cputest.expected), the other
/// line by line with the installed QEMU, which does not check everything.
/// </summary>
public sealed unsafe class SystemKernelTests(ITestOutputHelper output)
{
    private const int Limit = 5_000_000;

    private static readonly string Folder = Path.Combine(Root(), "tests/Guests/x86-system");

    [Fact]
    public void The_test_kernel_finds_what_the_manuals_say()
    {
        if (Build("-DSTRICT") is not { } image)
            return;
        Assert.Equal(File.ReadAllLines(Path.Combine(Folder, "cputest.expected")), Run(image));
    }

    [Fact]
    public void The_test_kernel_finds_what_it_finds_under_QEMU()
    {
        if (Build("-DQEMU") is not { } image)
            return;
        string rom = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(rom, image);
            string? expected = Output("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-bios", rom, "-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4", "-display", "none", "-no-reboot");
            if (expected is not null)
                Assert.Equal(expected.Split('\n', StringSplitOptions.RemoveEmptyEntries), Run(image));
        }
        finally
        {
            File.Delete(rom);
        }
    }

    [Fact]
    public void The_test_kernel_finds_the_same_translated()
    {
        if (Build("-DSTRICT") is not { } image)
            return;
        // A jump to an address that is not canonical faults there, not before.
        const string late = "non-canonical";
        IEnumerable<string> expected = File.ReadAllLines(Path.Combine(Folder, "cputest.expected")).Where(line => !line.StartsWith(late));
        Assert.Equal(expected, SystemKernelMachine.Run(image).Where(line => !line.StartsWith(late)));
    }

    private static string[] Run(byte[] image)
    {
        using var bench = new SystemBench();
        using var rom = new RamBlock("rom", (ulong)image.Length);
        image.CopyTo(new Span<byte>(rom.Host, image.Length));
        bench.Memory.MapRom(0xFFFF_0000, rom, 0, 0x10000);
        bench.Memory.MapRom(0xF_0000, rom, 0, 0x10000);
        bench.Run(Limit);
        return bench.Output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private byte[]? Build(string option)
    {
        string file = Path.GetTempFileName();
        try
        {
            return Output("nasm", "-f", "bin", option, "-i", Folder + "/", Path.Combine(Folder, "cputest.asm"), "-o", file) is null ? null : File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What a program prints; null, with a word about it, where it is not installed.
    private string? Output(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode is 0 or 33, $"{program}: {errors.Result}"); // 33: what the test leaves QEMU with
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            output.WriteLine($"skipped: {program} is not installed");
            return null;
        }
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Suite.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests do not lie in the repository");
    }
}
