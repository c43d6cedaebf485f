using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.UserMode;

/// <summary>--coverage: the system calls of the target and how each is served.</summary>
internal static class Coverage
{
    public static string Text(UserTarget target)
    {
        SyscallEntry[] entries = target.Syscalls();
        SyscallRow?[] rows = target.SyscallRows();
        List<(int, SyscallRow, string)> lines = [];
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] is { } row)
                lines.Add((i, row, (i < entries.Length ? entries[i].Flow : SyscallFlow.Unimplemented).ToString().ToLowerInvariant()));
        StringWriter text = new();
        CoverageTable.Write(text, lines.ToArray());
        return text.ToString();
    }
}
