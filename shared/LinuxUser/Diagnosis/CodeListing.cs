using System.Globalization;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>The instructions around a program counter.</summary>
internal static class CodeListing
{
    private const int Before = 6, After = 5, LongestInstruction = 16, FarthestStart = 4096;

    /// <summary>Lines of disassembly, the one at pc marked; none when the code cannot be read.</summary>
    /// <param name="cpu">Disassembles.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="pc">The program counter.</param>
    /// <param name="function">Start of the function, where instructions are known to begin; 0 when not known.</param>
    public static List<(ulong Address, string Text, bool IsCurrent)> Around(IGuestCpu cpu, IGuestReader memory, ulong pc, ulong function)
    {
        if (function != 0 && pc - function <= FarthestStart && List(cpu, memory, function, pc) is { } fromFunction)
            return fromFunction;
        for (ulong back = Before * 4; back > 0; back--)
            if (pc > back && List(cpu, memory, pc - back, pc) is { } found)
                return found;
        return List(cpu, memory, pc, pc) ?? [];
    }

    // Null unless an instruction begins at pc and all before it are instructions.
    private static List<(ulong, string, bool)>? List(IGuestCpu cpu, IGuestReader memory, ulong start, ulong pc)
    {
        if (!TryRead(memory, start, (int)(pc - start) + After * LongestInstruction, out byte[] code) || start + (ulong)code.Length <= pc)
            return null;
        List<(ulong, string, bool)> lines = [];
        int current = -1;
        foreach (string line in cpu.ListCode(start, code).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':');
            if (colon < 3 || !ulong.TryParse(line.AsSpan(2, colon - 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address))
                return null;
            if (address < pc && line.Contains("(bad)", StringComparison.Ordinal))
                return null;
            if (address == pc)
                current = lines.Count;
            lines.Add((address, line[(colon + 1)..].Trim(), address == pc));
        }

        if (current < 0)
            return null;
        int first = Math.Max(0, current - Before), end = Math.Min(lines.Count, current + 1 + After);
        return lines[first..end];
    }

    // As far as pages are there.
    private static bool TryRead(IGuestReader memory, ulong start, int length, out byte[] code)
    {
        code = new byte[length];
        if (memory.TryRead(start, code))
            return true;
        int page = (int)(GuestMemory.PageSize - start % GuestMemory.PageSize);
        code = new byte[Math.Min(length, page)];
        return memory.TryRead(start, code);
    }
}
