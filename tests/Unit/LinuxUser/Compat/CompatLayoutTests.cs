using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Strace;
using Xunit.Abstractions;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>The structs of the 32-bit guests against their own compilers: size, and offset and width of the fields.</summary>
public sealed class CompatLayoutTests(ITestOutputHelper output)
{
    private static string[] Headers =>
    [
        "linux/types.h", "linux/posix_types.h", "asm/stat.h", "linux/stat.h", "asm/statfs.h", "linux/time.h", "linux/time_types.h", "linux/timex.h",
        "linux/times.h", "linux/utime.h", "linux/resource.h", "linux/sched.h", "linux/sched/types.h", "linux/utsname.h", "linux/sysinfo.h",
        "linux/capability.h", "linux/openat2.h", "linux/mount.h", "linux/uio.h",
    ];

    // layout of ours, struct of theirs, and where the names differ by more than a prefix: ours=theirs.
    private static readonly (string Ours, string Theirs, string Names)[] Structs =
    [
        ("stat", "struct stat", "dev=st_dev ino=st_ino nlink=st_nlink uid=st_uid gid=st_gid rdev=st_rdev blksize=st_blksize blocks=st_blocks "
            + "atime=st_atime atime_nsec=st_atime_nsec mtime=st_mtime mtime_nsec=st_mtime_nsec ctime=st_ctime ctime_nsec=st_ctime_nsec"),
        ("stat64", "struct stat64", "dev=st_dev ino=st_ino nlink=st_nlink uid=st_uid gid=st_gid rdev=st_rdev blksize=st_blksize blocks=st_blocks "
            + "atime=st_atime atime_nsec=st_atime_nsec mtime=st_mtime mtime_nsec=st_mtime_nsec ctime=st_ctime ctime_nsec=st_ctime_nsec"),
        ("oldstat", "struct __old_kernel_stat", "dev=st_dev ino=st_ino nlink=st_nlink uid=st_uid gid=st_gid rdev=st_rdev atime=st_atime mtime=st_mtime ctime=st_ctime"),
        ("statx", "struct statx", "blksize=stx_blksize nlink=stx_nlink uid=stx_uid gid=stx_gid ino=stx_ino blocks=stx_blocks attributes_mask=stx_attributes_mask "
            + "atime=stx_atime btime=stx_btime ctime=stx_ctime mtime=stx_mtime rdev_major=stx_rdev_major rdev_minor=stx_rdev_minor dev_major=stx_dev_major "
            + "dev_minor=stx_dev_minor mnt_id=stx_mnt_id dio_mem_align=stx_dio_mem_align dio_offset_align=stx_dio_offset_align"),
        ("statx_timestamp", "struct statx_timestamp", ""),
        ("statfs", "struct statfs", ""),
        ("statfs64", "struct statfs64", ""),
        ("ranges", "struct iovec", ""),
        ("timespec", "struct __kernel_old_timespec", ""),
        ("timespec64", "struct __kernel_timespec", ""),
        ("timeval", "struct __kernel_old_timeval", ""),
        ("itimerval", "struct __kernel_old_itimerval", ""),
        ("itimerspec64", "struct __kernel_itimerspec", ""),
        ("timezone", "struct timezone", ""),
        ("utimbuf", "struct utimbuf", ""),
        ("tms", "struct tms", ""),
        ("timex", "struct timex", ""),
        ("timex64", "struct __kernel_timex", ""),
        ("rusage", "struct rusage", "ixrss=ru_ixrss idrss=ru_idrss isrss=ru_isrss"),
        ("rlimit", "struct rlimit", ""),
        ("rlimit64", "struct rlimit64", ""),
        ("clone_args", "struct clone_args", ""),
        ("sched_attr", "struct sched_attr", ""),
        ("utsname", "struct new_utsname", ""),
        ("olduname", "struct old_utsname", ""),
        ("oldolduname", "struct oldold_utsname", ""),
        ("sysinfo", "struct sysinfo", ""),
        ("cap_header", "struct __user_cap_header_struct", ""),
        ("cap_data", "struct __user_cap_data_struct", ""),
        ("open_how", "struct open_how", ""),
        ("mount_attr", "struct mount_attr", ""),
    ];

    [Fact]
    public void I386() => Check(GuestAbi.I386, CompatTableTests.I386Compiler);

    [Fact]
    public void Ppc() => Check(GuestAbi.Ppc, CompatTableTests.PpcCompiler);

    private void Check(GuestAbi abi, string[] compiler)
    {
        DecoderTables tables = new(abi);
        List<(string What, long Ours)> ours = [];
        List<string> theirs = [];
        void Add(string what, long value, string expression)
        {
            ours.Add((what, value));
            theirs.Add(expression);
        }

        foreach ((string name, string tag, string renames) in Structs)
        {
            StructLayout layout = tables.Layout(name)!;
            Dictionary<string, string> names = renames.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(r => r.Split('=')).ToDictionary(r => r[0], r => r[1]);
            if (!layout.IsSized)
                Add($"{name}: size", layout.Size, $"sizeof({tag})");
            // A field that is there twice (the short and the long inode of stat64) is compared where the name means the long one.
            foreach (StructField field in layout.Fields.GroupBy(f => f.Name).Select(g => g.Last()))
            {
                if (field.Name is "pad" or "spare" or "spare3" or "f_spare" or "sec" or "usec" || field.Offset >= layout.Size || IsRecent(field.Name))
                    continue;
                string member = names.GetValueOrDefault(field.Name, field.Name);
                Add($"{name}.{field.Name}: offset", field.Offset, $"offsetof({tag}, {member})");
                Add($"{name}.{field.Name}: bytes", (long)field.Bytes * field.Count, $"sizeof((({tag} *)0)->{member})");
            }
        }

        if (CrossCompiler.Evaluate(compiler, Headers, theirs, out string reason) is not { } values)
        {
            output.WriteLine("not compared: " + reason);
            Assert.DoesNotContain("error:", reason);
            return;
        }

        for (int i = 0; i < values.Length; i++)
            Assert.Equal((ours[i].What, values[i]), ours[i]);
    }

    // Fields newer than the headers of many distributions; their room is in the struct's size all along.
    private static bool IsRecent(string field) => field is "subvol" or "atomic_write_unit_min" or "atomic_write_unit_max" or "atomic_write_segments_max"
        or "dio_read_offset_align" or "atomic_write_unit_max_opt";
}
