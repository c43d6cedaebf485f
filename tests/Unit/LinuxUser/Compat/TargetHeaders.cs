using System.Diagnostics;
using System.Globalization;
using Suite.LinuxUser.Abi;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Asks the compilers and headers of the targets: a C program is built and run for the host, i386 and PowerPC.</summary>
internal static class TargetHeaders
{
    private const string Prelude = """
        #include <stdio.h>
        #include <string.h>
        #include <stddef.h>
        static void dump(const char *name, const void *p, size_t n)
        { printf("%s ", name); for (size_t i = 0; i < n; i++) printf("%02x", ((const unsigned char *)p)[i]); puts(""); }
        #define D(name, type, ...) { type v; memset(&v, 0, sizeof v); __VA_ARGS__; dump(name, &v, sizeof v); }
        #define V(x) printf("%s %x\n", #x, (unsigned)(x));

        """;

    /// <summary>The targets with a compiler here, with the lines their program printed: a name and hexadecimal text.</summary>
    public static IEnumerable<(GuestAbi Abi, string Name, Dictionary<string, string> Lines)> Ask(string includes, string body)
    {
        string source = Prelude + includes + "\nint main(void)\n{\n" + body + "\nreturn 0;\n}\n";
        foreach ((GuestAbi abi, string name, string compiler, string runner) in new[]
        {
            (GuestAbi.X64, "x86-64", "gcc -idirafter /usr/include/x86_64-linux-gnu", ""),
            (GuestAbi.I386, "i386", "gcc -m32 -idirafter /usr/include/x86_64-linux-gnu", ""),
            (GuestAbi.Ppc, "ppc", "powerpc-linux-gnu-gcc -static", "qemu-ppc"),
        })
        {
            if (Run(source, compiler, runner) is { } lines)
                yield return (abi, name, lines);
        }
    }

    /// <summary>Bytes of a line that D printed.</summary>
    public static byte[] Bytes(this Dictionary<string, string> lines, string name) => Convert.FromHexString(lines[name]);

    /// <summary>Value of a line that V printed.</summary>
    public static uint Value(this Dictionary<string, string> lines, string name) => uint.Parse(lines[name], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static Dictionary<string, string>? Run(string source, string compiler, string runner)
    {
        string stem = Path.Combine(Path.GetTempPath(), "headers-" + Guid.NewGuid().ToString("N"));
        string[] words = compiler.Split(' ');
        if (!Installed(words[0]) || (runner.Length > 0 && !Installed(runner)))
            return null;
        try
        {
            File.WriteAllText(stem + ".c", source);
            (int status, string text) = Execute(words[0], [.. words[1..], "-w", "-o", stem, stem + ".c"]);
            Assert.True(status == 0, text);
            (status, text) = runner.Length > 0 ? Execute(runner, [stem]) : Execute(stem, []);
            Assert.True(status == 0, text);
            return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).ToDictionary(l => l[0], l => l[1]);
        }
        finally
        {
            File.Delete(stem);
            File.Delete(stem + ".c");
        }
    }

    private static bool Installed(string program) => File.Exists("/usr/bin/" + program);

    private static (int Status, string Text) Execute(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.Result);
    }
}
