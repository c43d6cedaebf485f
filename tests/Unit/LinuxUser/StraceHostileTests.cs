using System.Text.Json;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tests.LinuxUser;

/// <summary>Whatever a guest passes, printing neither throws nor takes much memory.</summary>
public sealed class StraceHostileTests
{
    private static readonly ulong[] Values =
    [
        0, 1, 0xff, 0x1000, 0x7ffffff0, 0x80000000, 0xffffffff, 0xfffffffffffffff8, ulong.MaxValue, 0x7fffffffffffffff, 0x8000000000000000,
    ];

    private static readonly long[] Results = [0, 1, 100_000, -1, -4096, long.MinValue, long.MaxValue];

    public static TheoryData<int, bool, string> Guests()
    {
        var data = new TheoryData<int, bool, string>();
        foreach ((int word, bool big) in ((int, bool)[])[(8, false), (4, false), (4, true)])
            foreach (string memory in (string[])["none", "zero", "ones", "noise"])
                data.Add(word, big, memory);
        return data;
    }

    [Theory]
    [MemberData(nameof(Guests))]
    public void Any_call_with_any_arguments_prints_within_bounds(int word, bool bigEndian, string memory)
    {
        var printer = new StracePrinter(new GuestAbi(word, bigEndian), new PatternReader(memory));
        var random = new Random(7);
        Span<ulong> args = stackalloc ulong[6];
        foreach (SyscallRow row in CatalogTests.Rows.Values)
            for (int round = 0; round < 15; round++)
            {
                for (int i = 0; i < args.Length; i++)
                    args[i] = round < Values.Length ? Values[round] : random.Next(3) == 0 ? (ulong)random.NextInt64() : Values[random.Next(Values.Length)];
                long result = Results[random.Next(Results.Length)];
                Check(printer, row, args, result);
            }
    }

    [Fact]
    public void Too_few_and_too_many_registers_are_harmless()
    {
        var printer = new StracePrinter(new GuestAbi(4, true), new PatternReader("none"));
        foreach (SyscallRow row in CatalogTests.Rows.Values)
        {
            Assert.StartsWith(row.Name, printer.Full(row, [], 0));
            Assert.StartsWith(row.Name, printer.Enter(row, new ulong[40]));
        }
    }

    [Fact]
    public void A_select_with_an_absurd_count_stays_short() =>
        Assert.InRange(new StracePrinter(new GuestAbi(8, false), new PatternReader("ones"))
            .Full(Catalog.Polling.Select, [int.MaxValue, 0x1000, 0x1000, 0x1000, 0], 5).Length, 10, 600);

    [Fact]
    public void The_result_is_printed_even_when_the_arguments_do_not_fit()
    {
        StraceGuest guest = StraceGuest.X64();
        ulong wild = guest.Bytes([.. Enumerable.Repeat((byte)0xff, 100)]);
        ulong argv = guest.Words([.. Enumerable.Repeat((long)wild, 40), 0]);
        string line = guest.Full(Catalog.Processes.Execve, -2, wild, argv, 0);
        Assert.EndsWith("...) = -1 errno=2 (No such file or directory)", line);
        Assert.InRange(line.Length, 1500, StracePrinter.MaximumLine);
    }

    private static void Check(StracePrinter printer, SyscallRow row, ReadOnlySpan<ulong> args, long result)
    {
        const int FewKilobytes = 6 * 1024;
        printer.Full(row, args, result);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string line = printer.Full(row, args, result);
        long used = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(used < FewKilobytes, $"{row}: {used} bytes for a line");
        Assert.InRange(line.Length, 1, StracePrinter.MaximumLine);
        Assert.DoesNotContain(line, c => c is < ' ' or > '~');
        Assert.InRange(printer.Enter(row, args).Length, 1, StracePrinter.MaximumLine);

        before = GC.GetAllocatedBytesForCurrentThread();
        string json = printer.Json(1, 1, row, args, result, TimeSpan.FromMicroseconds(3));
        used = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(used < 4 * FewKilobytes, $"{row}: {used} bytes for an object");
        using var parsed = JsonDocument.Parse(json);
        Assert.Equal(row.Name, parsed.RootElement.GetProperty("call").GetString());
    }

    /// <summary>All of memory readable, or none of it, filled with one pattern.</summary>
    private sealed class PatternReader(string pattern) : IGuestReader
    {
        public bool TryRead(ulong address, Span<byte> into)
        {
            switch (pattern)
            {
                case "none":
                    return false;
                case "zero":
                    into.Clear();
                    return true;
                case "ones":
                    into.Fill(0xff);
                    return true;
                default:
                    for (int i = 0; i < into.Length; i++)
                        into[i] = (byte)((address + (ulong)i) * 0x9E3779B97F4A7C15 >> 56);
                    return true;
            }
        }
    }
}
