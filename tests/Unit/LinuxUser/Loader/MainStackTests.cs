using System.Globalization;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>The main stack of a 64-bit guest lies in the emulator's own address space.</summary>
public sealed class MainStackTests
{
    // A stack that overflowed ran through the emulator's tables when those happened to lie right below it, in one run of fourteen.
    [Fact]
    public void Nothing_can_be_accessed_for_a_mebibyte_below_the_stack()
    {
        const ulong Size = 64 << 10, Gap = 1 << 20;
        IImageMapper memory = new GuestMemory();
        long start = memory.MapStack(Size, Linux.PROT_READ | Linux.PROT_WRITE, out ulong top);
        Assert.Equal((ulong)start + Size, top);
        Assert.Equal("rw-p", RightsAt((ulong)start));
        Assert.Equal("---p", RightsAt((ulong)start - 1));
        Assert.Equal("---p", RightsAt((ulong)start - Gap));
        Sys.Call(Nr.munmap, start - (long)Gap, (long)(Gap + Size));
    }

    private static string? RightsAt(ulong address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] words = line.Split(' ', '-');
            if (ulong.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address && address < ulong.Parse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                return line.Split(' ')[1];
        }

        return null;
    }
}
