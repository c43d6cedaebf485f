namespace Suite.Cli;

/// <summary>The verbs and options of <c>--binfmt</c>, for help, manual and completions.</summary>
public static class BinfmtVerbs
{
    /// <summary>Verbs with their meaning.</summary>
    public static IReadOnlyList<(string Verb, string Meaning)> All { get; } =
    [
        ("install", "registers the tool with the kernel; with --persistent also for the next starts of the system (systemd's binfmt.d, Debian's update-binfmts)"),
        ("status", "says what is registered, by whom, and who else takes the same programs; exit status 1 when this tool is not"),
        ("verify", "has the kernel run a tiny program of the target and says what is so: argv[0], chroot, credentials"),
        ("remove", "removes this tool's registration, and no other"),
        ("print", "prints the line that install gives to the kernel"),
        ("help", "explains the verbs, the options and the flags"),
    ];

    /// <summary>Options behind a verb.</summary>
    public static IReadOnlyList<(string Option, string? Value, string Meaning)> Options { get; } =
    [
        ("--all", null, "for every tool of the suite beside this one"),
        ("--flags", "FLAGS", "letters of O, C, F and P, also without the option: 'install OF'; default OFP, 'none' for none"),
        ("--persistent", null, "see install"),
        ("--name", "NAME", "name of the entry (default: the tool's)"),
        ("--interpreter", "PATH", "path to register (default: this file)"),
        ("--debian", "PACKAGE", "with print: the file for update-binfmts instead"),
        ("--force", null, "registers qemu-x86_64 on this host although its own programs would be caught"),
    ];
}
