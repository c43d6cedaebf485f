using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.UserMode;

/// <summary>--coverage: the system calls of the target and how each is served.</summary>
internal static class Coverage
{
    public static string Text(UserTarget target)
    {
        CompatPersonality? compat = target.MakeCompat();
        SyscallEntry[] entries = target.Syscalls(compat);
        SyscallRow?[] rows = target.SyscallRows();
        List<(int, SyscallRow, string)> lines = [];
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] is { } row)
                lines.Add((i, row, Flow(entries, i, compat).ToString().ToLowerInvariant()));
        StringWriter text = new();
        CoverageTable.Write(text, lines.ToArray());
        return text.ToString();
    }

    private static SyscallFlow Flow(SyscallEntry[] entries, int number, CompatPersonality? compat)
    {
        if (number >= entries.Length)
            return SyscallFlow.Unimplemented;
        return compat is null ? entries[number].Flow : compat.FlowOf(number);
    }
}
