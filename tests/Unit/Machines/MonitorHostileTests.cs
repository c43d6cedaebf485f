using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Suite.Devices.Char;
using Suite.Guest.X86.Machine;
using Suite.Machines.Control;
using Suite.Machines.Options;
using Suite.Machines.X86.Control;

namespace Suite.Tests.Machines;

/// <summary>What comes through a monitor, or lies in a guest's memory, ends a command and never the machine.</summary>
public sealed unsafe class MonitorHostileTests
{
    private const string Status = """{"execute": "query-status"}""", Capabilities = """{"execute": "qmp_capabilities"}""",
        AddWaiting = """{"execute": "chardev-add", "arguments": {"id": "s", "backend": {"type": "socket", "data": {"addr": {"type": "unix", "data": {"path": "FOLDER/s"}}, "server": true, "wait": true}}}}""";

    [Fact]
    public void A_core_file_without_a_name_is_refused()
    {
        using MonitorBench bench = new();
        JsonElement[] got = bench.Qmp("""{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:"}}""", """{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:a\u0000b"}}""", Status);
        Assert.All(got[..2], g => Assert.Contains("has no name", MonitorBench.Error(g), StringComparison.Ordinal));
        Assert.Equal("", MonitorBench.Error(got[2]));
    }

    // The id is written back: half of a surrogate pair is no text, and the answer could not be written.
    [Fact]
    public void An_id_that_is_no_text_is_answered_with_an_error()
    {
        using MonitorBench bench = new();
        JsonElement[] got = bench.Qmp("""{"execute": "query-status", "id": "\ud800"}""", """{"execute": "nix", "id": "\ud800"}""", """{"execute": "\ud800"}""", """{"execute": "stop", "arguments": {"\ud800": 1}}""", Status);
        Assert.All(got[..4], g => Assert.NotEqual("", MonitorBench.Error(g)));
        Assert.Equal("", MonitorBench.Error(got[4]));
    }

    // There were two objects of one name, which ended the machine at the first qom-list.
    [Fact]
    public void A_chardev_of_the_name_a_short_form_takes_is_refused()
    {
        using MonitorBench bench = new();
        bench.Pc.Backends.Chars.Add(KeyValues.Parse("-chardev", "backend=null,id=serial7"));
        OptionException refused = Assert.Throws<OptionException>(() => bench.Pc.Backends.Chars.Open("-serial", "null", "serial7"));
        Assert.Contains("chardev 'serial7' already", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7)] // every entry leads to the table itself
    [InlineData(1)]
    public void Page_tables_that_lead_back_to_themselves_end_the_walk(uint rights)
    {
        const ulong Table = 0x100000;
        using MonitorBench bench = new();
        ulong[] entries = new ulong[512];
        Array.Fill(entries, Table | rights);
        Assert.True(bench.Pc.Machine.Spaces.Memory.TryWrite(Table, System.Runtime.InteropServices.MemoryMarshal.AsBytes(entries.AsSpan())));
        X86Cpu cpu = default;
        (cpu.Cr0, cpu.Cr3, cpu.Cr4, cpu.Efer) = (X86Cpu.Cr0Pg, Table, X86Cpu.Cr4Pae, X86Cpu.EferLma);
        X86Cpu* at = &cpu;
        long pages = 0;
        ControlException ended = Assert.Throws<ControlException>(() => PageWalk.ForEach(at, bench.Pc.Machine.Spaces.Memory, _ => ++pages > 0));
        Assert.Contains("lead back to themselves", ended.Message, StringComparison.Ordinal);
        Assert.True(pages > 0);
    }

    // A second action that fails undoes the first; a file that was there before is not deleted by that.
    [Fact]
    public void An_aborted_transaction_deletes_no_file_that_was_there_before()
    {
        using MonitorBench bench = new();
        string old = bench.Folder + "/old.qcow2", made = bench.Folder + "/new.qcow2";
        File.WriteAllText(old, "somebody's");
        static string Abort(string file) => $$$"""{"execute": "transaction", "arguments": {"actions": [{"type": "blockdev-snapshot-sync", "data": {"device": "disk", "snapshot-file": "{{{file}}}"}}, {"type": "abort", "data": {}}]}}""";
        JsonElement[] got = bench.Qmp(Abort(old), Abort(made), Status);
        Assert.All(got[..2], g => Assert.Contains("aborted", MonitorBench.Error(g), StringComparison.Ordinal));
        Assert.Equal((true, false), (File.Exists(old), File.Exists(made)));
    }

    // The answer that waited for a socket's client held up the next one's commands for ever, and went to whoever was there when that client came.
    [Fact]
    public void Who_connects_next_neither_waits_for_an_answer_of_the_one_before_nor_gets_it()
    {
        using MonitorBench bench = new();
        TinyPc.Collected line = new();
        QmpSession session = new(bench.Control, line, isPretty: false);
        string before = "";
        RunUntilConnected(
            bench,
            "s",
            () => Send(bench, session, Capabilities, AddWaiting, """{"execute": "query-version", "id": "behind"}"""),
            () => before = line.Text,
            () => Change(session),
            () => Send(bench, session, """{"execute": "query-status", "id": "early"}""", Capabilities, """{"execute": "query-status", "id": "mine"}"""));
        Assert.Equal(2, before.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length); // greeting and negotiation
        string[] got = line.Text[before.Length..].Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain("behind", line.Text, StringComparison.Ordinal);
        Assert.Equal(4, got.Length); // greeting, "negotiate first", and two answers
        Assert.Contains("Expecting capabilities negotiation", got[1], StringComparison.Ordinal);
        Assert.Contains("mine", got[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Who_connects_next_to_a_human_monitor_does_not_get_answers_and_words_of_the_one_before()
    {
        using MonitorBench bench = new();
        TinyPc.Collected line = new();
        HumanMonitor monitor = new(bench.Control, line);
        string before = "";
        RunUntilConnected(
            bench,
            "s",
            () => Send(bench, monitor, "chardev-add socket,id=s,path=FOLDER/s,server=on,wait=on\n", "info version\n", "info qu"),
            () => before = line.Text,
            () => Change(monitor),
            () => Send(bench, monitor, "info status\n"));
        string after = line.Text[before.Length..];
        Assert.Contains("VM status", after, StringComparison.Ordinal);
        Assert.DoesNotContain("unknown", after, StringComparison.Ordinal);
        Assert.Equal(3, after.Split("(qemu) ").Length); // behind the greeting and behind the answer
    }

    [Fact]
    public void Half_a_command_of_a_client_that_left_is_not_the_beginning_of_the_next_ones()
    {
        using MonitorBench bench = new();
        TinyPc.Collected line = new();
        QmpSession session = new(bench.Control, line, isPretty: false);
        Run(bench, () => Send(bench, session, Capabilities, """{"execute": "query-st"""), () => Change(session), () => Send(bench, session, Capabilities, Status), () => bench.Pc.Machine.Exit(9));
        JsonElement[] got = MonitorBench.Answers(line);
        Assert.Equal(2, got.Length); // behind that of the first client's negotiation
        Assert.All(got, g => Assert.Equal("", MonitorBench.Error(g)));
    }

    private static void Send(MonitorBench bench, ICharReceiver monitor, params string[] messages)
    {
        foreach (string message in messages)
            monitor.Receive(Encoding.UTF8.GetBytes(message.Replace("FOLDER", bench.Folder, StringComparison.Ordinal)));
    }

    private static void Change(ICharReceiver monitor)
    {
        monitor.Closed();
        monitor.Opened();
    }

    // Each step comes behind what the one before has brought about.
    private static void Run(MonitorBench bench, params Action[] steps)
    {
        Queue<Action> left = new(steps);
        Next();
        Assert.Equal(9, bench.Pc.Run());

        void Next() => bench.Pc.Machine.Post(() =>
        {
            if (!left.TryDequeue(out Action? step))
                return;
            lock (bench.Pc.Machine.Lock)
                step();
            bench.Pc.Machine.Post(() => bench.Pc.Machine.Post(Next));
        });
    }

    // Behind everything else somebody connects to a socket of the machine's.
    private static void RunUntilConnected(MonitorBench bench, string name, params Action[] steps)
    {
        Thread client = new(() =>
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(bench.Folder, name)));
            while (!bench.Pc.Backends.Chars.All.First(c => c.Id == name).Host.IsOpen)
                Thread.Sleep(10);
            bench.Pc.Machine.Post(() => bench.Pc.Machine.Exit(9));
        });
        Run(bench, [.. steps, client.Start]);
        client.Join();
    }
}
