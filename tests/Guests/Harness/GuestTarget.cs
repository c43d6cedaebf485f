namespace Suite.Guests;

/// <summary>A kind of guest: its folder of sources, the tool that runs it, and how it is built.</summary>
/// <param name="Name">Name of the folder below tests/Guests, and the first part of test names.</param>
/// <param name="Tool">Name of the tool.</param>
/// <param name="Flags">Compiler flags besides those a source asks for.</param>
/// <param name="CompilerPrefix">What stands before gcc and g++ in the names of its compilers.</param>
/// <param name="Needs">A file without which they cannot build for the target.</param>
public sealed record GuestTarget(string Name, string Tool, IReadOnlyList<string> Flags, string CompilerPrefix = "", string? Needs = null)
{
    /// <summary>64-bit x86, as the compiler makes it by itself.</summary>
    public static GuestTarget X64 { get; } = new("x86_64", "qemu-x86_64", []);

    /// <summary>32-bit x86. The kernel's headers are those of the 64-bit system; a compiler without its multilib package does not look there.</summary>
    public static GuestTarget I386 { get; } = new("i386", "qemu-i386", ["-m32", "-idirafter", "/usr/include/x86_64-linux-gnu"], Needs: "/usr/include/gnu/stubs-32.h");

    /// <summary>32-bit big-endian PowerPC, with the cross compiler.</summary>
    public static GuestTarget Ppc { get; } = new("ppc", "qemu-ppc", [], "powerpc-linux-gnu-");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<GuestTarget> All { get; } = [X64, I386, Ppc];

    /// <summary>The CPU model that both emulators are measured with; empty for their defaults. The installed QEMU's for PowerPC has no AltiVec.</summary>
    public string Cpu => this == Ppc ? "7447a" : "";

    /// <summary>Where the libraries of dynamic programs are, for an emulator that does not find them by itself; empty for the root.</summary>
    public string Libraries => this == Ppc ? "/usr/powerpc-linux-gnu" : "";

    /// <summary>Whether this machine runs the target's programs.</summary>
    public bool IsNative => CompilerPrefix.Length == 0;

    /// <summary>Whether the target's compilers are installed, with what they need.</summary>
    public bool CanBuild => (Needs is null || File.Exists(Needs)) && GuestCompiler.Locate(CompilerPrefix + "gcc") is not null && GuestCompiler.Locate(CompilerPrefix + "g++") is not null;

    // Debian's cross C library has no start file for static position-independent programs.
    private bool Builds(GuestSource source) => IsNative || !source.Flags.Contains("-static-pie");

    /// <summary>The programs of this target, by name: those in its folder, and those of x86-64 that say they are for it as well.</summary>
    public IReadOnlyDictionary<string, GuestSource> Sources() =>
        GuestSource.All(Repository.GuestFolder(Name)).Concat(this == X64 ? [] : GuestSource.All(Repository.GuestFolder(X64.Name)).Where(s => s.Also.Contains(Name) && Builds(s)))
            .ToDictionary(s => s.Name);
}
