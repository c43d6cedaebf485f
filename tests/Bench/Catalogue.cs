namespace Suite.Bench;

/// <summary>All items of the benchmark.</summary>
internal static class Catalogue
{
    private const string Integer = "integer";
    private const string Calls = "call and indirect";
    private const string Memory = "memory";
    private const string Floating = "fp and vector";
    private const string X87 = "x87 and rep";
    private const string Crypto = "crypto";
    private const string System = "system";
    private const string Threads = "threads";
    private const string Cold = "cold code";
    private const string Start = "start";
    private const string Process = "processes";
    private const string Resident = "memory size";

    /// <summary>The items, class by class.</summary>
    public static IReadOnlyList<Item> Items { get; } =
    [
        .. Kernels(Integer, "integer", "crc32", "sieve", "sort", "sha256", "interpreter", "hashmap", "strings"),
        .. Kernels(Calls, "calls", "fib", "tree", "indirect", "random-indirect"),
        .. Kernels(Memory, "memory", "triad", "chase", "copy"),
        .. Kernels(Floating, "floating", "nbody", "matmul", "divide", "single"),
        .. Kernels(Floating, "vector", "sse-float", "avx2-float", "avx2-double", "sse-integer", "avx2-integer"),
        .. Kernels(X87, "x87", "arithmetic", "functions"),
        .. Kernels(X87, "rep", "rep-movs", "rep-stos", "rep-movs-small", "scas-cmps"),
        .. Kernels(Crypto, "crypto", "aes", "sha", "clmul"),
        .. Kernels(System, "system", "getppid", "read", "clock", "mmap", "lock", "signals"),
        Kernel(Threads, "system", "thread-start", Metric.Wall),
        Kernel(Threads, "system", "parallel", Metric.Wall),
        Kernel(Threads, "system", "switches", Metric.Wall),
        Kernel(Process, "system", "fork", Metric.Wall),
        new(Process, "script of 500 fork+exec", Metric.Wall, ForkExecScript),
        new(Process, "compile 500 lines -O1", Metric.Cpu, Compile),
        new(Cold, "100000 blocks once", Metric.Cpu, () => new Command(ColdCode.Build(), [])),
        Kernel(Cold, "generated", "fresh", Metric.Cpu),
        Kernel(Cold, "generated", "rewritten", Metric.Cpu),
        new(Start, "static hello", Metric.Wall, () => new Command(Build("hello"), []), Repeats: 20),
        new(Start, "dynamic true", Metric.Wall, () => Installed("true"), Repeats: 20),
        new(Start, "bash -c :", Metric.Wall, () => Installed("bash", "-c", ":"), Repeats: 10),
        new(Start, "python3 -c pass", Metric.Wall, Python, Repeats: 5),
        new(Resident, "static hello", Metric.Memory, () => new Command(Build("hello"), [])),
        new(Resident, "dynamic true", Metric.Memory, () => Installed("true")),
        new(Resident, "bash -c :", Metric.Memory, () => Installed("bash", "-c", ":")),
        .. Of32Bits(GuestTarget.I386, "i386"),
        .. KernelsOf(GuestTarget.I386, "i386 floating point", "floating", FloatKernels, "-msse2", "-mfpmath=sse"),
        .. KernelsOf(GuestTarget.I386, "i386 floating point", "floating", FloatKernels, "-mfpmath=387").Select(i => i with { Name = i.Name + " (x87)" }),
        .. KernelsOf(GuestTarget.I386, "i386 floating point", "x87", ["arithmetic", "functions"]),
        .. Of32Bits(GuestTarget.Ppc, "ppc"),
        .. KernelsOf(GuestTarget.Ppc, "ppc floating point", "floating", FloatKernels, "-ffp-contract=off"),
        .. KernelsOf(GuestTarget.Ppc, "ppc AltiVec", "simd", ["simd-integer", "simd-halves", "simd-shuffle", "simd-float"], "-ffp-contract=off", "-maltivec"),
    ];

    private static string[] FloatKernels => ["nbody", "matmul", "divide", "single"];

    // What both 32-bit targets are measured with.
    private static IEnumerable<Item> Of32Bits(GuestTarget target, string name) =>
    [
        .. KernelsOf(target, $"{name} integer", "integer", ["crc32", "sieve", "sort", "sha256", "interpreter", "hashmap", "strings"]),
        .. KernelsOf(target, $"{name} call and indirect", "calls", ["fib", "tree", "indirect", "random-indirect"]),
        .. KernelsOf(target, $"{name} memory", "memory", ["triad", "chase", "copy"]),
        new($"{name} start", "static hello", Metric.Wall, () => Of(target, "hello", [], ["-O2", "-static"]), Repeats: 20) { Target = target },
        new($"{name} start", "dynamic hello", Metric.Wall, () => Of(target, "hello", [], ["-O2"]), Repeats: 20) { Target = target },
        new($"{name} memory size", "static hello", Metric.Memory, () => Of(target, "hello", [], ["-O2", "-static"])) { Target = target },
    ];

    private static IEnumerable<Item> KernelsOf(GuestTarget target, string group, string source, string[] names, params string[] flags) =>
        names.Select(n => KernelOf(target, group, source, n, flags));

    private static Item KernelOf(GuestTarget target, string group, string source, string name, string[] flags) =>
        new(group, name, Metric.Cpu, () => Of(target, source, [name], ["-O2", "-static", "-pthread", "-lm", .. flags])) { Target = target };

    // Flags of the guest's processor mean nothing to the native build of a target that the machine does not run.
    private static Command? Of(GuestTarget target, string source, string[] arguments, string[] flags)
    {
        if (!target.CanBuild)
            return null;
        string path = Path.Combine(Repository.Root, "tests", "Bench", "kernels", source + ".c");
        string program = GuestCompiler.Build(path, [.. target.Flags, .. flags], target.CompilerPrefix);
        return target.IsNative ? new Command(program, arguments)
            : new Command(program, arguments) { Native = GuestCompiler.Build(path, [.. flags.Where(f => !f.StartsWith("-m", StringComparison.Ordinal))]) };
    }

    /// <summary>Builds a kernel program, static and optimised.</summary>
    public static string Build(string source) =>
        GuestCompiler.Build(Path.Combine(Repository.Root, "tests", "Bench", "kernels", source + ".c"), ["-O2", "-static", "-pthread", "-lm"]);

    private static IEnumerable<Item> Kernels(string group, string source, params string[] names) => names.Select(n => Kernel(group, source, n, Metric.Cpu));

    private static Item Kernel(string group, string source, string name, Metric metric) => new(group, name, metric, () => new Command(Build(source), [name]));

    private static Command? Installed(string program, params string[] arguments) => GuestCompiler.Locate(program) is { } path ? new Command(path, arguments) : null;

    /// <summary>The interpreter itself, not a shell script of a version manager that would start it.</summary>
    private static Command? Python()
    {
        if (GuestCompiler.Locate("python3") is not { } python)
            return null;
        ProcessResult where = HostProcess.Run(new ProcessRequest { Program = python, Arguments = ["-c", "import sys; print(sys.executable)"] });
        return where.ExitCode == 0 ? new Command(where.Text.Trim(), ["-c", "pass"]) : null;
    }

    private static Command? ForkExecScript()
    {
        const string Text = "for ((i = 0; i < 500; i++)); do $RUN /bin/true || exit 1; done; echo $i";
        return GuestCompiler.Locate("bash") is { } bash ? new Command(bash, ["-c", Text], FollowsExec: true) : null;
    }

    /// <summary>The compiler proper (cc1) on a generated file: one process, its assembly to standard output.</summary>
    private static Command? Compile()
    {
        ProcessResult where = HostProcess.Run(new ProcessRequest { Program = GuestCompiler.FindInPath("gcc"), Arguments = ["-print-prog-name=cc1"] });
        string compiler = where.Text.Trim();
        if (!Path.IsPathRooted(compiler))
            return null;
        string file = Path.Combine(Repository.GuestCache, "bench-compile.c");
        Directory.CreateDirectory(Repository.GuestCache);
        using (StreamWriter writer = new(file))
        {
            writer.WriteLine("extern int out(int);\nstruct s { int a, b; long c[8]; };");
            for (int i = 0; i < 50; i++)
            {
                writer.WriteLine($"static int f{i}(struct s *p, int n)\n{{\n    int sum = {i};\n    for (int i = 0; i < n; i++) {{");
                writer.WriteLine($"        if (p[i].a > p[i].b * {i + 3})\n            sum += (int)(p[i].c[i & 7] / {i + 2});\n        else switch (p[i].b & 3) {{ case 0: sum ^= out(i); break; case 1: sum <<= 1; break; default: sum -= {i}; }}");
                writer.WriteLine($"    }}\n    return sum;\n}}\nint g{i}(struct s *p, int n) {{ return f{i}(p, n) + f{i}(p + 1, n - 1); }}");
            }
        }
        return new Command(compiler, ["-quiet", "-O1", file, "-o", "-"]);
    }
}
