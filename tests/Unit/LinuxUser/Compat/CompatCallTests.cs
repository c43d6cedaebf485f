using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Calls of both 32-bit guests, made in process: success, an errno, a bad pointer.</summary>
[Collection(ReencodeCollection.Name)]
public sealed class CompatCallTests
{
    private const long AT_FDCWD = -100, Bad = 8;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stat_in_its_forms(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "twelve bytes");
        try
        {
            long path = g.Text(file), st = g.Room(256);
            Assert.Equal(0, g.Call("stat64", path, st));
            Assert.Equal(12u, g.Field(st, "stat64", "st_size"));
            Assert.Equal(0x8000u, g.Field(st, "stat64", "st_mode") & 0xF000);
            ulong inode = g.Field(st, "stat64", "ino");
            Assert.Equal(0, g.Call("stat", path, st));
            Assert.Equal((12UL, inode), (g.Field(st, "stat", "st_size"), g.Field(st, "stat", "ino")));
            Assert.Equal(0, g.Call("fstatat64", AT_FDCWD, path, st, 0));
            Assert.Equal(12u, g.Field(st, "stat64", "st_size"));
            Assert.Equal(0, g.Call("statx", AT_FDCWD, path, 0, 0xFFF, st));
            Assert.Equal((12UL, inode), (g.Field(st, "statx", "stx_size"), g.Field(st, "statx", "ino")));
            Assert.Equal(-Errno.EFAULT, g.Call("stat64", path, Bad));
            Assert.Equal(-Errno.EFAULT, g.Call("stat64", Bad, st));
            Assert.Equal(-Errno.ENOENT, g.Call("stat64", g.Text("/does/not/exist"), st));
            File.OpenHandle(file, FileMode.Open, FileAccess.Write).Dispose();
            using (FileStream large = File.OpenWrite(file))
                large.SetLength(3L << 30);
            Assert.Equal(-Errno.EOVERFLOW, g.Call("stat", path, st));
            Assert.Equal(0, g.Call("stat64", path, st));
            Assert.Equal(3UL << 30, g.Field(st, "stat64", "st_size"));
        }
        finally
        {
            File.Delete(file);
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_with_offsets_of_64_bits_and_vectors(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        string file = Path.GetTempFileName();
        try
        {
            const int O_RDWR = 2;
            long fd = g.Call("open", g.Text(file), O_RDWR, 0);
            Assert.InRange(fd, 0, 1 << 20);
            long one = g.Text("abc"), two = g.Text("defgh"), back = g.Room(16);
            Assert.Equal(8, g.Call("writev", fd, g.Numbers(4, one, 3, two, 5), 2));
            // 4 GiB + 1: the pair's registers and their order are the target's.
            Assert.Equal(3, ppc ? g.Call("pwrite64", fd, one, 3, 0, 1, 1) : g.Call("pwrite64", fd, one, 3, 1, 1));
            Assert.Equal(2, ppc ? g.Call("pread64", fd, back, 16, 0, 1, 2) : g.Call("pread64", fd, back, 16, 2, 1));
            Assert.Equal("bc", g.ReadText(back, 2));
            Assert.Equal(2, g.Call("preadv", fd, g.Numbers(4, back, 16), 1, 2, 1));
            long result = g.Room(8);
            Assert.Equal(0, g.Call("_llseek", fd, 1, 1, result, 0));
            Assert.Equal(0x1_0000_0001UL, g.Number(result, 8));
            Assert.Equal(-Errno.EOVERFLOW, g.Call("lseek", fd, 0, 1));
            Assert.Equal(-Errno.EFAULT, g.Call("_llseek", fd, 1, 1, Bad, 0));
            Assert.Equal(0, ppc ? g.Call("ftruncate64", fd, 0, 2, 5) : g.Call("ftruncate64", fd, 5, 2));
            Assert.Equal((2L << 32) + 5, new FileInfo(file).Length);
            Assert.Equal(-Errno.EFAULT, g.Call("writev", fd, Bad, 1));
            Assert.Equal(-Errno.EINVAL, g.Call("writev", fd, g.Numbers(4, one, 3), 1025));
            Assert.Equal(-Errno.EBADF, g.Call("writev", 9999, g.Numbers(4, one, 3), 1));
            Assert.Equal(0, g.Call("close", fd));
        }
        finally
        {
            File.Delete(file);
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_flags_are_the_targets(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        int directory = ppc ? 0x4000 : 0x10000, noFollow = ppc ? 0x8000 : 0x20000;
        Assert.Equal(-Errno.ENOTDIR, g.Call("open", g.Text("/proc/self/status"), directory, 0));
        Assert.Equal(-Errno.ELOOP, g.Call("openat", AT_FDCWD, g.Text("/proc/mounts"), noFollow, 0));
        long how = g.Numbers(8, directory, 0, 0);
        Assert.Equal(-Errno.ENOTDIR, g.Call("openat2", AT_FDCWD, g.Text("/etc/passwd"), how, 24));
        Assert.Equal(-Errno.EINVAL, g.Call("openat2", AT_FDCWD, g.Text("/etc/passwd"), how, 8));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Directories_fit_into_32_bits_and_can_be_sought_in(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        const int Files = 300, Header = 19, BufferBytes = 700;
        DirectoryInfo directory = Directory.CreateTempSubdirectory();
        try
        {
            for (int i = 0; i < Files; i++)
                File.WriteAllText(Path.Combine(directory.FullName, $"entry-{i:d4}"), "");
            long fd = g.Call("open", g.Text(directory.FullName), 0, 0), buffer = g.Room(BufferBytes);
            List<(string Name, ulong Position)> seen = [];
            long got;
            while ((got = g.Call("getdents64", fd, buffer, BufferBytes)) > 0)
            {
                for (long at = buffer; at < buffer + got; at += (long)g.Number(at + 16, 2))
                {
                    Assert.InRange(g.Number(at, 8), 1UL, (ulong)uint.MaxValue);
                    Assert.InRange(g.Number(at + 8, 8), 0UL, (ulong)int.MaxValue);
                    seen.Add((g.ReadText(at + Header, (int)g.Number(at + 16, 2) - Header).Split('\0')[0], g.Number(at + 8, 8)));
                }
            }

            Assert.Equal(0, got);
            Assert.Equal(Files + 2, seen.Select(s => s.Name).Distinct().Count());
            for (int i = 0; i + 1 < seen.Count; i += 37)
            {
                Assert.Equal((long)seen[i].Position, g.Call("lseek", fd, (long)seen[i].Position, 0));
                Assert.Equal((long)seen[i].Position, g.Call("lseek", fd, 0, 1));
                Assert.True(g.Call("getdents", fd, buffer, BufferBytes) > 0);
                Assert.Equal(seen[i + 1].Name, g.ReadText(buffer + 10, (int)g.Number(buffer + 8, 2) - 10).Split('\0')[0]);
            }

            g.Call("lseek", fd, 0, 0);
            Assert.Equal(-Errno.EINVAL, g.Call("getdents64", fd, buffer, 20));
            Assert.Equal(1, g.Call("readdir", fd, buffer, 1));
            Assert.Equal(seen[0].Name, g.ReadText(buffer + 10, (int)g.Number(buffer + 8, 2)));
            Assert.Equal(-Errno.EFAULT, g.Call("getdents64", fd, Bad, BufferBytes));
            Assert.Equal(0, g.Call("close", fd));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clocks_of_both_widths(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        long time = g.Room(16), now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.Equal(0, g.Call("clock_gettime", 0, time));
        Assert.InRange((long)g.Number(time, 4), now - 5, now + 60);
        Assert.Equal(0, g.Call("clock_gettime64", 0, time));
        Assert.InRange((long)g.Number(time, 8), now - 5, now + 60);
        Assert.Equal(0, g.Call("gettimeofday", time, 0));
        Assert.InRange((long)g.Number(time, 4), now - 5, now + 60);
        Assert.InRange(g.Call("time", time), now - 5, now + 60);
        Assert.Equal(0, g.Call("nanosleep", g.Numbers(4, 0, 1000), 0));
        Assert.Equal(0, g.Call("clock_nanosleep_time64", 1, 0, g.Numbers(8, 0, 1000), 0));
        Assert.Equal(-Errno.EINVAL, g.Call("nanosleep", g.Numbers(4, 0, -1), 0));
        Assert.Equal(-Errno.EFAULT, g.Call("nanosleep", Bad, 0));
        Assert.Equal(-Errno.EFAULT, g.Call("clock_gettime", 0, Bad));
        Assert.Equal(-Errno.EINVAL, g.Call("clock_gettime", 999, time));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Identity_limits_and_system(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        long buffer = g.Room(400);
        Assert.Equal(0, g.Call("uname", buffer));
        Assert.Equal(g.Machine + "\0", g.ReadText(buffer + 4 * 65, g.Machine.Length + 1));
        Assert.Equal(0, g.Call("sysinfo", buffer));
        Assert.NotEqual(0u, g.Field(buffer, "sysinfo", "totalram"));
        Assert.InRange(g.Field(buffer, "sysinfo", "mem_unit"), 1UL, 4096UL);
        const int RLIMIT_CPU = 0;
        Assert.Equal(0, g.Call("ugetrlimit", RLIMIT_CPU, buffer));
        ulong soft = g.Field(buffer, "rlimit", "rlim_cur");
        Assert.Equal(0, g.Call("setrlimit", RLIMIT_CPU, buffer));
        Assert.Equal(0, g.Call("prlimit64", 0, RLIMIT_CPU, 0, buffer));
        Assert.Equal(soft == uint.MaxValue ? ulong.MaxValue : soft, g.Number(buffer, 8));
        Assert.Equal(0, g.Call("getrlimit", RLIMIT_CPU, buffer));
        Assert.Equal(Math.Min(soft, (ulong)int.MaxValue), g.Number(buffer, 4));
        Assert.Equal(g.Call("getpid"), Environment.ProcessId);
        Assert.Equal(0, g.Call("getresuid", buffer, buffer + 4, buffer + 8));
        Assert.Equal(g.Call("getuid"), (long)g.Number(buffer, ppc ? 4 : 2));
        long groups = g.Call("getgroups", 0, 0);
        Assert.Equal(groups, g.Call("getgroups", 100, buffer));
        Assert.Equal(-Errno.EINVAL, g.Call("getgroups", -1, buffer));
        if (ppc)
            Assert.Equal(-Errno.ENOSYS, g.Call("io_uring_setup", 1, buffer)); // the ring is in the kernel's byte order
        Assert.InRange(g.Call("sched_getaffinity", 0, 128, buffer), 4, 128);
        Assert.Equal(-Errno.EINVAL, g.Call("sched_getaffinity", 0, 3, buffer));
        long header = g.Numbers(4, 1, 0);
        Assert.Equal(-Errno.EINVAL, g.Call("capget", header, buffer));
        Assert.Equal(0x20080522u, g.Number(header, 4));
        Assert.Equal(0, g.Call("capget", header, buffer));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_stays_where_a_32_bit_guest_can_reach_it(bool ppc) => CompatGuest.Run(ppc, g =>
    {
        const int Readable = 3, Private = 0x22, Fixed = 0x10, MayMove = 1;
        const long Size = 1 << 20;
        long at = g.Call("mmap2", 0, Size, Readable, Private, -1, 0);
        Assert.InRange(at, 0x10000, 0xFFFFE000L - Size);
        Assert.True(g.Memory.TryWrite((ulong)at, 0x12345678));
        Assert.Equal(-Errno.ENOMEM, g.Call("mmap2", (long)CompatGuest.HoleStart, 4096, Readable, Private | Fixed, -1, 0));
        Assert.Equal(-Errno.ENOMEM, g.Call("mmap2", 0xFFFFF000, 4096, Readable, Private | Fixed, -1, 0));
        Assert.Equal(-Errno.ENOMEM, g.Call("mmap2", 0, 0xFFF00000, Readable, Private, -1, 0));
        Assert.Equal(-Errno.EINVAL, g.Call("mmap2", 0, 0, Readable, Private, -1, 0));
        long moved = g.Call("mremap", at, Size, 16 * Size, MayMove, 0);
        Assert.InRange(moved, 0x10000, 0xFFFFE000L - 16 * Size);
        Assert.True(g.Memory.TryRead((ulong)moved, out int kept));
        Assert.Equal(0x12345678, kept);
        Assert.Equal(0, g.Call("munmap", moved, 16 * Size));
        Assert.Null(g.Memory.Find((ulong)moved));
        g.Memory.SetBreak(0x2000_0000, room: 0);
        long end = g.Call("brk", 0);
        Assert.Equal(end + Size, g.Call("brk", end + Size));
        Assert.Equal(end + 4096, g.Call("brk", end + 4096));
        Assert.Equal(end + 4096, g.Call("brk", (long)CompatGuest.HoleEnd));
        if (!ppc)
            Assert.InRange(g.Call("mmap", g.Numbers(4, 0, 8192, Readable, Private, -1, 0)), 0x10000, 0xFFFFE000L);
    });

    [Fact]
    public void Every_hashed_position_has_31_bits()
    {
        Assert.Equal(12345u, CompatDirectories.Cookie(12345));
        Assert.InRange(CompatDirectories.Cookie(0x7FFF_FFFF_FFFF_FFFF), 0x4000_0000u, (uint)int.MaxValue);
        Assert.InRange(CompatDirectories.Cookie(0x4000_0000), 0x4000_0000u, (uint)int.MaxValue);
        Assert.Equal(0x1234_5678u, InodeNumber.Fold(0x1234_5678));
        Assert.Equal(1u, InodeNumber.Fold(0x5_0000_0005));
    }
}
