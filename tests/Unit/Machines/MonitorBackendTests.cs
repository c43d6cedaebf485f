using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Suite.Machines.Control;

namespace Suite.Tests.Machines;

/// <summary>Back ends made, changed and taken away while the machine runs, through both monitors.</summary>
public sealed class MonitorBackendTests : IDisposable
{
    private readonly MonitorBench _bench = new();

    private string Folder => _bench.Folder;

    // They were not there: device_add could name only what the command line had made.
    [Fact]
    public void A_network_card_is_added_with_a_network_made_for_it_and_both_go()
    {
        string[] answers = Human("netdev_add user,id=n1", "device_add virtio-net-pci,netdev=n1,id=card", "info network", "netdev_add user,id=n1", "netdev_del n1", "device_add e1000,netdev=n1", "device_del card", "device_del card", "info network", "netdev_del n1");
        Assert.Equal("", answers[0] + answers[1]);
        Assert.Contains("n1: user", answers[2], StringComparison.Ordinal);
        Assert.Contains("already", answers[3], StringComparison.Ordinal);
        Assert.Equal("", answers[4]);
        Assert.Contains("not known", answers[5], StringComparison.Ordinal); // it goes with its card, and nobody else gets it
        Assert.Equal("", answers[8]);
        Assert.Contains("not known", answers[9], StringComparison.Ordinal);
    }

    [Fact]
    public void A_drive_goes_with_its_device_and_a_node_stays()
    {
        Suite.Devices.Block.BlockImage.CreateQcow2(Path.Combine(Folder, "b.qcow2"), 1 << 20);
        string add = $"drive_add 0 if=none,id=b,file={Folder}/b.qcow2,format=qcow2";
        string[] answers = Human(add, "device_add virtio-blk-pci,drive=b,id=db", "drive_del b", "device_del db", "device_del db", "drive_del b", add, "drive_del b", "drive_add 0 if=ide,id=c");
        Assert.Equal("OK\n", answers[0]);
        Assert.Contains("db has drive 'b'", answers[2], StringComparison.Ordinal);
        Assert.Contains("not known", answers[5], StringComparison.Ordinal);
        Assert.Equal("OK\n", answers[6]);
        Assert.Equal("", answers[7]);
        Assert.Contains("Can't hot-add", answers[8], StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_objects_and_character_back_ends_come_and_go_by_qmp()
    {
        Suite.Devices.Block.BlockImage.CreateQcow2(Path.Combine(Folder, "n.qcow2"), 1 << 20);
        JsonElement[] got = Qmp(
            """{"execute": "blockdev-add", "arguments": {"driver": "qcow2", "node-name": "n", "file": {"driver": "file", "filename": "FOLDER/n.qcow2"}}}""",
            """{"execute": "device_add", "arguments": {"driver": "virtio-blk-pci", "drive": "n", "id": "dn"}}""", """{"execute": "blockdev-del", "arguments": {"node-name": "n"}}""",
            """{"execute": "device_del", "arguments": {"id": "dn"}}""", """{"execute": "device_del", "arguments": {"id": "dn"}}""", """{"execute": "blockdev-del", "arguments": {"node-name": "n"}}""",
            """{"execute": "object-add", "arguments": {"qom-type": "rng-random", "id": "r", "filename": "/dev/urandom"}}""", """{"execute": "device_add", "arguments": {"driver": "virtio-rng-pci", "rng": "r"}}""",
            """{"execute": "object-del", "arguments": {"id": "r"}}""", """{"execute": "object-del", "arguments": {"id": "r"}}""",
            """{"execute": "chardev-add", "arguments": {"id": "c", "backend": {"type": "file", "data": {"out": "FOLDER/out"}}}}""",
            """{"execute": "chardev-add", "arguments": {"id": "s", "backend": {"type": "socket", "data": {"addr": {"type": "unix", "data": {"path": "FOLDER/s"}}, "server": true, "wait": false}}}}""",
            """{"execute": "query-chardev"}""", """{"execute": "chardev-remove", "arguments": {"id": "c"}}""", """{"execute": "chardev-remove", "arguments": {"id": "c"}}""",
            """{"execute": "netdev_add", "arguments": {"type": "user", "id": "u", "hostfwd": [{"str": "tcp:127.0.0.1:0-:22"}]}}""");
        Assert.All(new[] { 0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 13, 15 }, i => Assert.Equal("", Error(got[i])));
        Assert.Contains("busy", Error(got[2]), StringComparison.Ordinal);
        Assert.Contains("not known", Error(got[9]), StringComparison.Ordinal);
        Assert.Contains(got[12].GetProperty("return").EnumerateArray(), c => c.GetProperty("label").GetString() == "s");
        Assert.Contains("not known", Error(got[14]), StringComparison.Ordinal);
    }

    // The manual had both, the monitor neither.
    [Fact]
    public void Ports_are_forwarded_and_closed_while_the_machine_runs()
    {
        int port = FreePort();
        string[] answers = Human("hostfwd_add tcp::1-:22", "netdev_add user,id=n", $"hostfwd_add tcp:127.0.0.1:{port}-:22", "info usernet", $"hostfwd_add n tcp:127.0.0.1:{port}-:23", $"hostfwd_remove n tcp:127.0.0.1:{port}", $"hostfwd_remove tcp:127.0.0.1:{port}", "hostfwd_add nonsense");
        Assert.Contains("no user-mode network", answers[0], StringComparison.Ordinal);
        Assert.Contains($"HOST_FORWARD] 127.0.0.1:{port}", answers[3], StringComparison.Ordinal);
        Assert.Contains("cannot listen", answers[4], StringComparison.Ordinal);
        Assert.Contains("removed", answers[5], StringComparison.Ordinal);
        Assert.Contains("not found", answers[6], StringComparison.Ordinal);
        Assert.Contains("write [tcp|udp]", answers[7], StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_the_monitor_are_expressions_of_registers()
    {
        string[] answers = Human("print 1+2*3", "print/x 0x10+(2|4)", "print/x $cs.base + $eip - $pc", "xp/2xb 0xf0000 + 0xfff0", "xp /1xb 0xffff0", "print $nix", "print 010", "print ~0", "print 7/0", "print 1 2", "x/s 0", "sum 0xf0000 2", "gva2gpa 0xf0000");
        Assert.Equal("7\n", answers[0]);
        Assert.Equal("0x16\n", answers[1]);
        Assert.Equal("0x0\n", answers[2]);
        Assert.Contains("0xea 0x00", answers[3], StringComparison.Ordinal);
        Assert.Contains("0xea", answers[4], StringComparison.Ordinal);
        Assert.Contains("unknown register", answers[5], StringComparison.Ordinal);
        Assert.Equal("8\n", answers[6]);
        Assert.Equal("-1\n", answers[7]);
        Assert.Contains("division", answers[8], StringComparison.Ordinal);
        Assert.Contains("does not belong", answers[9], StringComparison.Ordinal);
        Assert.Contains("neither a format", answers[10], StringComparison.Ordinal);
        Assert.Equal($"{(0xEB >> 1 | (0xEB & 1) << 15) + 0xFE:d5}\n", answers[11]);
        Assert.Equal("gpa: 0xf0000\n", answers[12]);
    }

    [Fact]
    public void An_image_grows_and_gets_another_over_it_while_its_device_goes_on()
    {
        JsonElement[] got = Qmp(
            """{"execute": "block_resize", "arguments": {"device": "disk", "size": 16777216}}""", """{"execute": "block_resize", "arguments": {"device": "disk", "size": 512}}""",
            """{"execute": "blockdev-snapshot-sync", "arguments": {"device": "disk", "snapshot-file": "FOLDER/over.qcow2"}}""", """{"execute": "query-block"}""",
            """{"execute": "blockdev-snapshot-internal-sync", "arguments": {"device": "disk", "name": "one"}}""", """{"execute": "blockdev-snapshot-internal-sync", "arguments": {"device": "disk", "name": "one"}}""",
            """{"execute": "blockdev-snapshot-delete-internal-sync", "arguments": {"device": "disk", "name": "one"}}""", """{"execute": "query-blockstats"}""", """{"execute": "query-named-block-nodes"}""",
            """{"execute": "block_resize", "arguments": {"device": "nix", "size": 512}}""");
        Assert.Equal("", Error(got[0]) + Error(got[2]) + Error(got[4]));
        Assert.Contains("smaller", Error(got[1]), StringComparison.Ordinal);
        JsonElement inserted = got[3].GetProperty("return").EnumerateArray().First(d => d.GetProperty("device").GetString() == "disk").GetProperty("inserted");
        Assert.Equal($"{Folder}/over.qcow2", inserted.GetProperty("file").GetString());
        Assert.Equal($"{Folder}/disk.qcow2", inserted.GetProperty("backing_file").GetString());
        Assert.Equal(16 << 20, inserted.GetProperty("image").GetProperty("virtual-size").GetInt64());
        Assert.Contains("already exists", Error(got[5]), StringComparison.Ordinal);
        Assert.Equal("one", got[6].GetProperty("return").GetProperty("name").GetString());
        Assert.True(got[7].GetProperty("return").GetArrayLength() >= 1);
        Assert.Contains("not found", Error(got[9]), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_question_of_qmp_is_answered()
    {
        string[] names = [.. QmpCommands.All.Select(c => c.Name).Where(n => n.StartsWith("query-", StringComparison.Ordinal))];
        JsonElement[] got = Qmp([.. names.Select(n => $$"""{"execute": "{{n}}"}""")]);
        for (int i = 0; i < names.Length; i++)
            Assert.True(got[i].TryGetProperty("return", out _) || names[i] == "query-balloon", $"{names[i]}: {got[i]}");
        Assert.True(names.Length > 30);
    }

    // They ended without a trace, and a failure was the command's.
    [Fact]
    public void Snapshot_jobs_are_listed_until_they_are_dismissed()
    {
        JsonElement[] got = Qmp(
            """{"execute": "snapshot-load", "arguments": {"job-id": "j", "tag": "nix", "vmstate": "disk", "devices": ["disk"]}}""", """{"execute": "query-jobs"}""",
            """{"execute": "job-dismiss", "arguments": {"id": "j"}}""", """{"execute": "query-jobs"}""", """{"execute": "job-dismiss", "arguments": {"id": "j"}}""");
        JsonElement job = Assert.Single(got[1].GetProperty("return").EnumerateArray());
        Assert.Equal("concluded", job.GetProperty("status").GetString());
        Assert.True(job.TryGetProperty("error", out _));
        Assert.Equal(0, got[3].GetProperty("return").GetArrayLength());
        Assert.NotEqual("", Error(got[4]));
    }

    public void Dispose() => _bench.Dispose();

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Error(JsonElement g) => MonitorBench.Error(g);

    private string[] Human(params string[] lines) => _bench.Human(lines);

    private JsonElement[] Qmp(params string[] messages) => _bench.Qmp(messages);
}
