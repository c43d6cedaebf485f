using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Symbols;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>An address that was not to be had, in words: what lies there, or what is nearest to it.</summary>
internal static class FaultPlace
{
    private const ulong NullArea = 0x10000, StackReach = 1 << 20;

    /// <summary>Describes the place of a fault.</summary>
    /// <param name="map">The mappings.</param>
    /// <param name="address">The fault's address.</param>
    /// <param name="access">read, write or execution; null when not known.</param>
    /// <param name="stackPointer">The thread's stack pointer.</param>
    public static string Describe(ModuleMap map, ulong address, string? access, ulong stackPointer)
    {
        StringBuilder text = new();
        Vma? vma = map.MappingAt(address);
        if (address < NullArea && vma is null)
            text.Append(CultureInfo.InvariantCulture, $"null pointer{(address == 0 ? "" : $" + 0x{address:x}")}");
        else if (IsStackOverflow(map, address, stackPointer) is { } overflow)
            text.Append(overflow);
        else if (vma is not null)
            text.Append(InMapping(vma, address, access));
        else
            text.Append("not mapped");
        if (vma is null && address >= NullArea)
            text.Append(Between(map, address));
        return text.ToString();
    }

    // Just below the main stack, or in the guard pages below a thread's, with the stack pointer near.
    private static string? IsStackOverflow(ModuleMap map, ulong address, ulong stackPointer)
    {
        ulong distance = address > stackPointer ? address - stackPointer : stackPointer - address;
        int next = map.NextMapping(address);
        if (distance > StackReach || next >= map.Mappings.Count)
            return null;
        Vma above = map.Mappings[next];
        Vma? at = map.MappingAt(address);
        bool isGuard = at is { Protection: 0 } && above.Start == at.End && above.IsWritable;
        bool isBelowMain = at is null && above.IsMainStack && above.Start - address < StackReach;
        if (!isGuard && !isBelowMain)
            return null;
        ulong size = above.End - above.Start;
        return isBelowMain
            ? $"stack overflow: 0x{above.Start - address:x} below the main stack, which has all of its {size >> 10} KiB (-s makes it larger)"
            : $"stack overflow: in the guard pages below a stack of {size >> 10} KiB";
    }

    private static string InMapping(Vma vma, ulong address, string? access)
    {
        string what = Name(vma), rights = Rights(vma), place = $"{what}+0x{address - vma.Start:x}, mapped {rights}";
        return access switch
        {
            "write" when !vma.IsWritable && vma.Protection != 0 => $"write to read-only mapping of {place}",
            "execution" when !vma.IsExecutable => $"execution of data in {place}",
            _ when vma.Protection == 0 => $"{access ?? "access"} to a mapping without any right, {place}",
            _ => $"in {place}",
        };
    }

    private static string Between(ModuleMap map, ulong address)
    {
        int next = map.NextMapping(address);
        Vma? below = next > 0 ? map.Mappings[next - 1] : null, above = next < map.Mappings.Count ? map.Mappings[next] : null;
        string low = below is null ? "" : below.Name == "[heap]" ? $"0x{address - below.End:x} past the end of the heap" : $"0x{address - below.End:x} past {Name(below)}";
        string high = above is null ? "" : $"0x{above.Start - address:x} before {Name(above)}";
        return low.Length > 0 && high.Length > 0 ? $" ({low}, {high})" : $" ({low}{high})";
    }

    private static string Name(Vma vma) => vma.Name.Length > 0 ? vma.Name : $"anonymous memory at 0x{vma.Start:x}";

    private static string Rights(Vma vma) =>
        $"{((vma.Protection & Linux.PROT_READ) != 0 ? 'r' : '-')}{(vma.IsWritable ? 'w' : '-')}{(vma.IsExecutable ? 'x' : '-')}";
}
