using System.Buffers.Binary;
using System.Text.Json;

namespace Suite.Tests.Machines;

/// <summary>What monitors tell of a machine, member by member, and core files of it.</summary>
public sealed class MonitorQueryTests
{
    // Members that tools of QEMU's users ask for; nodes that no device has are no drives.
    [Fact]
    public void Drives_memory_and_boards_are_described_as_QEMU_describes_them()
    {
        using MonitorBench bench = new("-object memory-backend-ram,id=m,size=1M -object memory-backend-memfd,id=s,size=1M -object memory-backend-ram,id=t,size=1M,share=on");
        Suite.Devices.Block.BlockImage.CreateQcow2(bench.Folder + "/n.qcow2", 1 << 20);
        JsonElement[] got = bench.Qmp("""{"execute": "blockdev-add", "arguments": {"driver": "qcow2", "node-name": "n", "file": {"driver": "file", "filename": "FOLDER/n.qcow2"}}}""", """{"execute": "query-block"}""", """{"execute": "query-blockstats"}""",
            """{"execute": "query-blockstats", "arguments": {"query-nodes": true}}""", """{"execute": "query-memdev"}""", """{"execute": "query-machines"}""", """{"execute": "device_add", "arguments": {"driver": "virtio-blk-pci", "drive": "n", "id": "dn"}}""", """{"execute": "query-block"}""");
        Assert.DoesNotContain(got[1].GetProperty("return").EnumerateArray(), d => d.GetProperty("device").GetString() == "");
        Assert.Contains(got[7].GetProperty("return").EnumerateArray(), d => d.GetProperty("device").GetString() == "" && d.GetProperty("qdev").GetString() == "dn");
        Assert.DoesNotContain(got[2].GetProperty("return").EnumerateArray(), d => d.GetProperty("node-name").GetString() == "n");
        Assert.Contains(got[3].GetProperty("return").EnumerateArray(), d => d.GetProperty("node-name").GetString() == "n");
        JsonElement stats = got[2].GetProperty("return")[0].GetProperty("stats");
        foreach (string kind in new[] { "rd", "wr", "flush", "unmap" })
        {
            Assert.Equal(0, stats.GetProperty($"failed_{kind}_operations").GetInt64() + stats.GetProperty($"invalid_{kind}_operations").GetInt64());
            Assert.True(stats.GetProperty($"{kind}_total_time_ns").GetInt64() >= 0);
        }

        foreach (string name in new[] { "rd_merged", "wr_merged", "unmap_merged", "account_invalid", "account_failed", "timed_stats", "wr_highest_offset" })
            Assert.True(stats.TryGetProperty(name, out _), name);
        Assert.Equal([false, true, true], got[4].GetProperty("return").EnumerateArray().OrderBy(m => m.GetProperty("id").GetString()).Select(m => m.GetProperty("share").GetBoolean()));
        Assert.True(got[5].GetProperty("return")[0].GetProperty("acpi").GetBoolean());
    }

    [Fact]
    public void Operations_of_a_disk_are_counted_with_their_time_and_failures()
    {
        using MonitorBench bench = new();
        Suite.Machines.Backends.BlockNode medium = bench.Pc.Backends.Blocks.All.First(d => d.Id == "disk").Medium!;
        medium.Write(4096, new byte[1024]);
        medium.Read(0, new byte[512]);
        medium.Image.Dispose();
        Assert.Throws<IOException>(() => medium.Flush());
        Assert.Equal((1, 1024, 0), (medium.Counts.Writes.Operations, medium.Counts.Writes.Bytes, medium.Counts.Writes.Failed));
        Assert.Equal((1, 512, 5120), (medium.Counts.Reads.Operations, medium.Counts.Reads.Bytes, medium.Counts.HighestOffset));
        Assert.Equal((0, 1), (medium.Counts.Flushes.Operations, medium.Counts.Flushes.Failed));
        Assert.True(medium.Counts.Writes.Nanoseconds > 0);
    }

    [Fact]
    public void The_tree_of_objects_leads_to_devices_and_their_properties()
    {
        using MonitorBench bench = new("-object rng-builtin,id=r -device virtio-rng-pci,rng=r");
        static string Get(string path, string property) => $$$"""{"execute": "qom-get", "arguments": {"path": "{{{path}}}", "property": "{{{property}}}"}}""";
        static string List(string path) => $$$"""{"execute": "qom-list", "arguments": {"path": "{{{path}}}"}}""";
        JsonElement[] got = bench.Qmp(List("/"), List("/machine"), List("/machine/peripheral"), Get("/machine/peripheral/d0", "type"), Get("d0", "drive"), Get("/machine/peripheral/d0", "addr"), Get("/machine/unattached/device[0]", "type"), Get("/machine", "type"),
            Get("/machine/peripheral/d0", "nix"), List("/nix"), Get("/machine/peripheral-anon/device[0]", "rng"), Get("/objects/r", "type"), Get("/machine/peripheral", "d0"), Get("/machine/peripheral/d0", "hotplugged"));
        Assert.Contains(got[0].GetProperty("return").EnumerateArray(), p => p.GetProperty("name").GetString() == "machine" && p.GetProperty("type").GetString() == "child<pc-machine>");
        Assert.Contains(got[2].GetProperty("return").EnumerateArray(), p => p.GetProperty("type").GetString() == "child<virtio-blk-pci>");
        Assert.Equal(["virtio-blk-pci", "disk"], got[3..5].Select(g => g.GetProperty("return").GetString()));
        Assert.Equal(bench.Pc.Board.Plugged.First(d => d.Id == "d0").Function!.Slot << 3, got[5].GetProperty("return").GetInt32());
        Assert.EndsWith("-cpu", got[6].GetProperty("return").GetString(), StringComparison.Ordinal);
        Assert.Equal("pc-machine", got[7].GetProperty("return").GetString());
        Assert.Equal("Property 'virtio-blk-pci.nix' not found", MonitorBench.Error(got[8]));
        Assert.Equal("DeviceNotFound", got[9].GetProperty("error").GetProperty("class").GetString());
        Assert.Equal(["r", "rng-builtin", "/machine/peripheral/d0"], got[10..13].Select(g => g.GetProperty("return").GetString()));
        Assert.False(got[13].GetProperty("return").GetBoolean());
    }

    [Fact]
    public void The_boot_order_of_the_next_start_is_set()
    {
        using MonitorBench bench = new();
        string[] answers = bench.Human("boot_set dn", "boot_set z");
        Assert.Equal("boot device list now set to dn\n", answers[0]);
        Assert.Contains("'z' is no drive", answers[1], StringComparison.Ordinal);
        bench.Pc.Machine.Spaces.Out(0x70, 1, 0x3D);
        Assert.Equal(0x43u, bench.Pc.Machine.Spaces.In(0x71, 1));
    }

    [Fact]
    public void A_core_file_has_registers_and_memory()
    {
        using MonitorBench bench = new();
        bench.Pc.Machine.Spaces.Memory.TryWrite(0x5000, "in memory"u8);
        JsonElement[] got = bench.Qmp("""{"execute": "query-dump"}""", """{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:FOLDER/core", "begin": 0, "length": 1048576}}""", """{"execute": "query-dump"}""",
            """{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:FOLDER/x", "format": "kdump-zlib"}}""", """{"execute": "dump-guest-memory", "arguments": {"paging": true, "protocol": "file:FOLDER/all"}}""",
            """{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:FOLDER/x", "begin": 4096}}""", """{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "file:FOLDER/x", "begin": 99999999999, "length": 4096}}""");
        Assert.Equal("none", got[0].GetProperty("return").GetProperty("status").GetString());
        Assert.Equal("", MonitorBench.Error(got[1]) + MonitorBench.Error(got[4]));
        Assert.Equal("completed", got[2].GetProperty("return").GetProperty("status").GetString());
        Assert.Contains("does not accept value 'kdump-zlib'", MonitorBench.Error(got[3]), StringComparison.Ordinal);
        Assert.Contains("'length' is missing", MonitorBench.Error(got[5]), StringComparison.Ordinal);
        Assert.Contains("no memory in that range", MonitorBench.Error(got[6]), StringComparison.Ordinal);
        Assert.False(File.Exists(bench.Folder + "/x"));
        byte[] core = File.ReadAllBytes(bench.Folder + "/core");
        Assert.Equal([0x7F, (byte)'E', (byte)'L', (byte)'F', 1], core[..5]); // 32 bits: the processor is in real mode
        const int HeadBytes = 52, SegmentBytes = 32, Eip = 72 + 12 * 4, NoteHead = 12 + 8;
        int notes = BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(HeadBytes + 4));
        Assert.InRange(BinaryPrimitives.ReadUInt32LittleEndian(core.AsSpan(notes + NoteHead + Eip)), 0u, 0xFFF0u);
        int data = BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(HeadBytes + SegmentBytes + 4));
        Assert.Equal("in memory"u8.ToArray(), core[(data + 0x5000)..(data + 0x5009)]);
    }
}
