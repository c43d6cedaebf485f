namespace Suite.Machines.Options;

/// <summary>One option of the machine tools: everything there is to know about it, in one row of <see cref="MachineOptionTable"/>.</summary>
/// <param name="Names">Its spellings with one dash; the first is the one shown. Each is also taken with two dashes.</param>
/// <param name="ValueName">What its value is called in the help; null for a switch.</param>
/// <param name="Group">Heading in the help.</param>
/// <param name="Description">One line of help.</param>
/// <param name="Apply">Adds it to the options. The value of a switch is empty.</param>
public sealed record MachineOption(string[] Names, string? ValueName, string Group, string Description, Action<MachineOptions, string, IMachineLists> Apply)
{
    /// <summary>The spelling shown.</summary>
    public string Name => Names[0];
}

/// <summary>What a tool can list: its boards, CPU models and devices.</summary>
public interface IMachineLists
{
    /// <summary>"qemu-system-x86_64".</summary>
    string ToolName { get; }

    /// <summary>The text of -M help.</summary>
    string Machines();

    /// <summary>The text of -cpu help.</summary>
    string Cpus();

    /// <summary>The text of -accel help.</summary>
    string Accelerators();

    /// <summary>The text of -device help.</summary>
    string Devices();

    /// <summary>The text of -nic model=help.</summary>
    string NetworkCards();

    /// <summary>The text of -device NAME,help.</summary>
    /// <exception cref="OptionException">There is no such device.</exception>
    string Device(string name);
}
