using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;

namespace Suite.Tests.LinuxUser.Proc;

/// <summary>The emulator's own descriptors, listings without them, and files served in place of /proc's.</summary>
public sealed unsafe class ProcDescriptorTests
{
    [Theory]
    [InlineData(3, 10, "", "3-10")]
    [InlineData(3, 10, "5", "3-4 6-10")]
    [InlineData(3, 10, "3", "4-10")]
    [InlineData(3, 10, "10", "3-9")]
    [InlineData(5, 5, "5", "")]
    [InlineData(3, uint.MaxValue, "900 901 1000", "3-899 902-999 1001-4294967295")]
    [InlineData(3, 10, "1 11", "3-10")]
    [InlineData(0, 2, "0 1 2", "")]
    public void A_range_is_closed_around_what_is_kept(uint first, uint last, string kept, string expected)
    {
        int[] numbers = [.. kept.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        var parts = new (uint First, uint Last)[numbers.Length + 1];
        int count = InternalDescriptors.Split(first, last, numbers, parts);
        Assert.Equal(expected, string.Join(' ', parts.Take(count).Select(p => $"{p.First}-{p.Last}")));
    }

    [Fact]
    public void Own_descriptors_are_those_that_close_on_exec()
    {
        using FileStream own = File.OpenRead("/proc/self/stat");
        int[] found = InternalDescriptors.Discover(log: null).All.ToArray();
        Assert.Contains((int)own.SafeFileHandle.DangerousGetHandle(), found);
        Assert.DoesNotContain(0, found);
        Assert.Equal(found.Order(), found);
    }

    [Theory]
    [InlineData(Nr.getdents64, DirectoryEntries.NameOffset64)]
    [InlineData(Nr.getdents, DirectoryEntries.NameOffset)]
    public void Entries_can_be_taken_out_of_a_listing(int number, int nameOffset)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory();
        try
        {
            for (int i = 0; i < 9; i++)
                File.Create(Path.Combine(directory.FullName, new string('f', i) + i)).Dispose();
            byte[] entries = new byte[4096];
            long got;
            fixed (byte* path = HostFile.Terminated(directory.FullName), into = entries)
            {
                long fd = Sys.Call(Nr.open, (long)path, Linux.O_RDONLY | Linux.O_CLOEXEC);
                got = Sys.Call(number, fd, (long)into, entries.Length);
                Sys.Call(Nr.close, fd);
            }

            DirectoryEntries reader = new(entries.AsSpan(0, (int)got), nameOffset);
            while (reader.Next())
                if ((reader.Name[^1] & 1) == 0)
                    reader.Keep();
            Assert.Equal(["..", ".", "0", "ff2", "ffff4", "ffffff6", "ffffffff8"], Names(entries.AsSpan(0, reader.KeptBytes), nameOffset).OrderBy(n => n[^1]).ThenByDescending(n => n));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_listing_that_lies_about_lengths_ends()
    {
        byte[] entries = new byte[64];
        Assert.Empty(Names(entries, DirectoryEntries.NameOffset64));
        entries.AsSpan().Fill(0xFF);
        Assert.Empty(Names(entries, DirectoryEntries.NameOffset64));
    }

    [Fact]
    public void A_served_file_is_at_its_start()
    {
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        long fd = HostFile.Serve("proc/7/maps", content, closeOnExec: true);
        Assert.True(fd >= 0);
        Assert.StartsWith("/memfd:proc/7/maps", Encoding.ASCII.GetString(HostFile.ReadLink($"/proc/self/fd/{fd}")!));
        byte[] read = new byte[content.Length + 1];
        fixed (byte* into = read)
            Assert.Equal(content.Length, Sys.Call(Nr.read, fd, (long)into, read.Length));
        Assert.Equal(content, read[..^1]);
        Sys.Call(Nr.close, fd);
    }

    [Fact]
    public void A_prefix_counts_only_where_the_path_exists_below_it()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            root.CreateSubdirectory("lib");
            Assert.Equal($"{root.FullName}/lib\0", Encoding.ASCII.GetString(PathHook.BelowPrefix(["/nonexistent", root.FullName + "/"], "/lib"u8)!));
            Assert.Null(PathHook.BelowPrefix([root.FullName], "/nonexistent"u8));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void Limits_on_memory_follow_the_rules_of_the_kernel()
    {
        const int RLIMIT_AS = 9, RLIMIT_NOFILE = 7;
        GuestSettings settings = new();
        Assert.True(GuestSettings.Keeps(RLIMIT_AS));
        Assert.False(GuestSettings.Keeps(RLIMIT_NOFILE));
        Assert.Equal(0, settings.Set(RLIMIT_AS, new(1, 2), mayRaise: false));
        Assert.Equal(new GuestSettings.Limit(1, 2), settings.Get(RLIMIT_AS));
        Assert.Equal(-Errno.EINVAL, settings.Set(RLIMIT_AS, new(2, 1), mayRaise: true));
        Assert.Equal(-Errno.EPERM, settings.Set(RLIMIT_AS, new(1, 3), mayRaise: false));
        Assert.Equal(0, settings.Set(RLIMIT_AS, new(3, 3), mayRaise: true));
        Assert.Equal(new GuestSettings.Limit(3, 3), settings.Get(RLIMIT_AS));
    }

    private static List<string> Names(Span<byte> entries, int nameOffset)
    {
        List<string> names = [];
        DirectoryEntries reader = new(entries, nameOffset);
        while (reader.Next())
            names.Add(Encoding.ASCII.GetString(reader.Name));
        return names;
    }
}
