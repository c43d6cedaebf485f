using System.Text.Json;
using Suite.Guest.X86.Machine;
using Suite.Machines.Control;
using Suite.Machines.Options;
using Suite.Machines.X86.Control;

namespace Suite.Tests.Machines;

/// <summary>What comes through a monitor, or lies in a guest's memory, ends a command and never the machine.</summary>
public sealed unsafe class MonitorHostileTests
{
    private const string Status = """{"execute": "query-status"}""";

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
}
