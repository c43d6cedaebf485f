using System.Reflection;
using System.Text.RegularExpressions;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Xunit.Abstractions;

namespace Suite.Tests.LinuxUser;

/// <summary>The system-call table as data: it parses, refers only to what exists, and has the numbers the kernel's headers have.</summary>
public sealed partial class CatalogTests(ITestOutputHelper output)
{
    private static readonly GuestAbi[] Abis = [GuestAbi.X64, GuestAbi.I386, GuestAbi.Ppc];

    /// <summary>Every row with its place in the source, for example <c>Files.Openat</c>.</summary>
    internal static IReadOnlyDictionary<string, SyscallRow> Rows { get; } = typeof(Catalog).GetNestedTypes()
        .SelectMany(family => family.GetFields(BindingFlags.Public | BindingFlags.Static), (family, field) => (family, field))
        .ToDictionary(p => $"{p.family.Name}.{p.field.Name}", p => (SyscallRow)p.field.GetValue(null)!);

    [Fact]
    public void Every_signature_parses()
    {
        foreach (SyscallRow row in Rows.Values)
            Assert.True(Signature.Parse(row.Signature).Arguments.Count <= 6, row.Name);
    }

    [Fact]
    public void A_name_has_two_rows_only_where_targets_disagree() =>
        Assert.Equal(
            ["clone", "fadvise64_64", "getgroups", "getresgid", "getresuid", "mmap", "select", "setgroups"],
            Rows.Values.GroupBy(r => r.Name).Where(g => g.Count() > 1).Select(g => g.Key).Order());

    [Fact]
    public void Every_set_and_layout_named_by_a_signature_exists_for_every_guest()
    {
        foreach (GuestAbi abi in Abis)
        {
            var tables = new DecoderTables(abi);
            foreach (SyscallRow row in Rows.Values)
            {
                foreach (string text in (string[])[row.Signature, row.TraceSignature])
                {
                    var signature = Signature.Parse(text);
                    CheckType(tables, abi, row.Name, signature.Result);
                    foreach (SignatureArgument argument in signature.Arguments)
                        CheckType(tables, abi, row.Name, argument.Type);
                }
            }
        }
    }

    /// <summary>A trace shows what an argument means: a number in hexadecimal or an address is printed only where it means just that.</summary>
    [Fact]
    public void No_row_of_any_target_prints_a_bare_number_where_more_is_meant()
    {
        // Addresses that are only places, and bits nobody has given names (the kernel wants 0, or takes any value).
        string[] places = ["addr", "stack", "tls", "parent_tid", "child_tid", "tidptr", "uaddr", "uaddr2", "new_addr", "entry", "start", "rseq", "cache"];
        string[] numbers = ["offset", "pgoffset", "offset_high", "offset_low", "ctx", "sig", "val", "mask", "val3", "off", "from", "num", "unused1", "unused2"];
        string[] withoutFlags = ["futex_waitv", "futex_requeue", "cachestat", "copy_file_range", "process_madvise", "process_mrelease", "process_vm_readv", "process_vm_writev",
            "mseal", "set_mempolicy_home_node", "statmount", "listns", "pkey_alloc", "pidfd_getfd", "sched_setattr", "sched_getattr", "landlock_add_rule",
            "lsm_set_self_attr", "lsm_list_modules"];
        // Never implemented by kernels of today, or bound to hardware that has no meaning here.
        string[] obsolete = [.. typeof(Catalog.Unimplemented).GetFields().Select(f => ((SyscallRow)f.GetValue(null)!).Name), "security", "_sysctl", "vm86",
            "vm86old", "query_module", "get_kernel_syms", "rtas", "pciconfig_read", "pciconfig_write", "spu_create", "swapcontext", "sys_debug_setcontext",
            "multiplexer", "subpage_prot", "nfsservctl", "epoll_ctl_old", "epoll_wait_old", "create_module"];
        List<string> bare = [];
        foreach (SyscallRow row in X64SyscallNumbers.Build().Concat(I386SyscallNumbers.Build()).Concat(PpcSyscallNumbers.Build()).OfType<SyscallRow>().Distinct())
        {
            if (obsolete.Contains(row.Name))
                continue;
            foreach (SignatureArgument argument in Signature.Parse(row.TraceSignature).Arguments)
            {
                bool plain = argument.Type.Kind is SignatureKind.Hex or SignatureKind.Hex64 or SignatureKind.Ptr;
                bool meant = places.Contains(argument.Name) || numbers.Contains(argument.Name) || (argument.Name == "flags" && withoutFlags.Contains(row.Name));
                if (plain && !meant)
                    bare.Add($"{row.Name}({argument.Name})");
            }
        }
        Assert.Equal(["io_uring_enter(arg)", "mincore(vec)"], bare.Distinct().Order());
    }

    [Fact]
    public void What_a_trace_prints_by_takes_the_registers_the_call_takes()
    {
        foreach (SyscallRow row in Rows.Values)
            Assert.Equal(Widths(row.Signature), Widths(row.TraceSignature));

        static IEnumerable<(string, bool)> Widths(string text) => Signature.Parse(text).Arguments.Select(a => (a.Name, a.Type.Kind is SignatureKind.Hex64
            or SignatureKind.Flags64 or SignatureKind.Offset64));
    }

    [Theory]
    [InlineData("fd, buf:out.bytes[nothing]")]
    [InlineData("fd, arg:by(cmd)")]
    [InlineData("what:ever")]
    [InlineData("flags:flags")]
    [InlineData("fd:fd(x)")]
    [InlineData("buf:in.bytes[3")]
    public void A_signature_with_a_mistake_is_refused(string text) => Assert.Throws<FormatException>(() => Signature.Parse(text));

    [Fact]
    public void Every_constant_set_and_its_argument_types_parse()
    {
        foreach (FieldInfo field in typeof(ConstantSets).GetFields(BindingFlags.NonPublic | BindingFlags.Static))
            Assert.NotEmpty(ConstantSet.Parse((string)field.GetValue(null)!).Entries);
    }

    [Fact]
    public void Every_name_in_the_host_headers_has_a_row()
    {
        HashSet<string> names = [.. Rows.Values.Select(r => r.Name)];
        foreach (string header in (string[])["unistd_64.h", "unistd_32.h"])
            foreach (string name in HeaderNumbers(header).Keys)
                Assert.Contains(name, names);
    }

    [Fact]
    public void X64_numbers_are_those_of_the_host_header()
    {
        SyscallRow?[] rows = X64SyscallNumbers.Build();
        foreach ((string name, int number) in HeaderNumbers("unistd_64.h"))
            Assert.Equal((number, name), (number, rows[number]?.Name));
        Assert.Equal(Enumerable.Range(0, 337).Concat(Enumerable.Range(424, 47)), Enumerable.Range(0, rows.Length).Where(n => rows[n] is not null));
    }

    [Fact]
    public void Errno_names_and_texts()
    {
        Assert.Equal("ENOENT", Errno.Name(Errno.ENOENT));
        Assert.Equal("EAGAIN", Errno.Name(11));
        Assert.Equal("No such file or directory", Errno.Message(2));
        Assert.Equal("Unknown error 4000", Errno.Message(4000));
        Assert.Equal("4000", Errno.Name(4000));
        Assert.Equal("-7", Errno.Name(-7));
        Assert.Equal(133, Errno.EHWPOISON);
    }

    [Theory]
    [InlineData(2, "SIGINT")]
    [InlineData(31, "SIGSYS")]
    [InlineData(32, "SIGRTMIN")]
    [InlineData(34, "SIGRT_2")]
    [InlineData(64, "SIGRT_32")]
    [InlineData(65, "65")]
    [InlineData(0, "0")]
    [InlineData(-5, "-5")]
    public void Signal_names(int signal, string name) => Assert.Equal(name, SignalNames.Name(signal));

    [Fact]
    public void Coverage_table_is_aligned_and_totalled()
    {
        var text = new StringWriter { NewLine = "\n" };
        CoverageTable.Write(text,
            [(0, Catalog.Files.Read, "passed through"), (15, Catalog.Signals.RtSigreturn, "handled"), (162, Catalog.Mounts.Sync, "handled")]);
        Assert.Equal("""
              nr  name          how             arguments
               0  read          passed through  fd, buf:out.bytes[ret], count:size
              15  rt_sigreturn  handled         -> void
             162  sync          handled

               2  handled
               1  passed through
               3  in all

            """, text.ToString());
    }

    private static void CheckType(DecoderTables tables, GuestAbi abi, string where, SignatureType type)
    {
        switch (type.Kind)
        {
            case SignatureKind.Flags or SignatureKind.Flags64 or SignatureKind.Enum:
                ConstantSet? set = tables.Set(type.Name);
                Assert.True(set is not null, $"{where}: no constant set {type.Name}");
                foreach (SignatureType selected in set.Entries.SelectMany(e => e.Types ?? []))
                    CheckType(tables, abi, $"{where}, {type.Name}", selected);
                break;
            case SignatureKind.Pointer when !CallFormatter.IsSpecial(type.Name) && StructLayout.Scalar(type.Name, abi).Bytes == 0:
                bool only32 = abi.WordBytes == 8 && type.Name is "stat64";
                Assert.True(only32 || tables.Layout(type.Name) is not null, $"{where}: nothing called {type.Name} to point to");
                break;
        }
    }

    private Dictionary<string, int> HeaderNumbers(string header)
    {
        string[] places = [$"/usr/include/asm/{header}", $"/usr/include/x86_64-linux-gnu/asm/{header}"];
        if (places.FirstOrDefault(File.Exists) is not { } path)
        {
            output.WriteLine($"not compared: no {header} on this machine (package linux-libc-dev)");
            return [];
        }
        return DefinedNumber().Matches(File.ReadAllText(path)).ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value));
    }

    [GeneratedRegex(@"#define __NR_(\w+) (\d+)")]
    private static partial Regex DefinedNumber();
}
