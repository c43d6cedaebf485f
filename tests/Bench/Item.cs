namespace Suite.Bench;

/// <summary>What is compared between the three ways to run a program.</summary>
internal enum Metric
{
    /// <summary>User plus system seconds: steady on a loaded machine, right for work of one thread.</summary>
    Cpu,

    /// <summary>Elapsed seconds, where waiting and starting count.</summary>
    Wall,

    /// <summary>Largest resident size in KiB.</summary>
    Memory,
}

/// <summary>One line of the table.</summary>
/// <param name="Class">Geometric means are formed over a class.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Prepare">Builds what is needed, once, and returns the command. Null when this machine lacks something: then the item is left out with a word.</param>
/// <param name="Repeats">Runs per measurement, of which the best counts; more than one for items of a few milliseconds.</param>
internal sealed record Item(string Class, string Name, Metric Metric, Func<Command?> Prepare, int Repeats = 1)
{
    /// <summary>Whose tool, installed QEMU and programs.</summary>
    public GuestTarget Target { get; init; } = GuestTarget.X64;
}

/// <summary>A program to run natively or, the same words behind an emulator's name, emulated.</summary>
/// <param name="Program">Path of the program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="FollowsExec">
/// The program starts others. The installed QEMU does not follow without binfmt_misc, so scripts put <c>$RUN</c> before what they start: empty but for QEMU.
/// </param>
internal sealed record Command(string Program, IReadOnlyList<string> Arguments, bool FollowsExec = false)
{
    /// <summary>What stands for the program natively: the program itself, or another build of the same source where the machine cannot run it.</summary>
    public string Native { get; init; } = Program;
}
