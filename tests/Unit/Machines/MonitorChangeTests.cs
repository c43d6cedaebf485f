using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Suite.Devices.Block;
using Suite.Machines.Control;

namespace Suite.Tests.Machines;

/// <summary>What monitors must not do by halves: commands that are refused, additions that fail, changes that belong together.</summary>
public sealed class MonitorChangeTests
{
    // An id was taken for a name, and a name for an id.
    [Fact]
    public void Snapshots_in_an_image_are_told_apart_by_name_and_id()
    {
        using MonitorBench bench = new();
        const string Make = """{"execute": "blockdev-snapshot-internal-sync", "arguments": {"device": "disk", "name": "NAME"}}""";
        static string Delete(string members) => $$$"""{"execute": "blockdev-snapshot-delete-internal-sync", "arguments": {"device": "disk"{{{members}}}}}""";
        JsonElement[] got = bench.Qmp(Make.Replace("NAME", "2"), Make.Replace("NAME", "b"), Delete(", \"name\": \"1\""), Delete(", \"id\": \"b\""), Delete(", \"id\": \"1\", \"name\": \"b\""), Delete(""),
            Delete(", \"id\": \"2\""), Delete(", \"id\": \"1\", \"name\": \"2\""), Make.Replace("NAME", ""), Make.Replace("NAME", new string('n', 256)), Make.Replace("NAME", new string('n', 255)));
        Assert.Equal("", MonitorBench.Error(got[0]) + MonitorBench.Error(got[1]) + MonitorBench.Error(got[6]) + MonitorBench.Error(got[7]) + MonitorBench.Error(got[10]));
        Assert.Contains("id 'null' and name '1' does not exist", MonitorBench.Error(got[2]), StringComparison.Ordinal);
        Assert.Contains("does not exist", MonitorBench.Error(got[3]), StringComparison.Ordinal);
        Assert.Contains("does not exist", MonitorBench.Error(got[4]), StringComparison.Ordinal);
        Assert.Contains("must be provided", MonitorBench.Error(got[5]), StringComparison.Ordinal);
        Assert.Equal("b", got[6].GetProperty("return").GetProperty("name").GetString());
        Assert.Equal("2", got[7].GetProperty("return").GetProperty("name").GetString());
        Assert.Equal("Name is empty", MonitorBench.Error(got[8]));
        Assert.Contains("256 bytes", MonitorBench.Error(got[9]), StringComparison.Ordinal);
    }

    // The error came when the thing was done.
    [Fact]
    public void A_command_with_an_unexpected_argument_does_nothing()
    {
        using MonitorBench bench = new("-object rng-builtin,id=r");
        JsonElement[] got = bench.Qmp("""{"execute": "block_resize", "arguments": {"device": "disk", "size": 16777216, "x": 1}}""", """{"execute": "object-del", "arguments": {"id": "r", "x": 1}}""",
            """{"execute": "set-action", "arguments": {"shutdown": "pause", "x": 1}}""", """{"execute": "blockdev-snapshot-sync", "arguments": {"device": "disk", "snapshot-file": "FOLDER/over.qcow2", "x": 1}}""",
            """{"execute": "stop", "arguments": {"x": 1}}""", """{"execute": "query-block"}""", """{"execute": "object-del", "arguments": {"id": "r"}}""", """{"execute": "query-status"}""");
        for (int i = 0; i < 5; i++)
            Assert.Equal("Parameter 'x' is unexpected", MonitorBench.Error(got[i]));
        Assert.Equal(8 << 20, got[5].GetProperty("return")[0].GetProperty("inserted").GetProperty("image").GetProperty("virtual-size").GetInt64());
        Assert.Equal("", MonitorBench.Error(got[6]));
        Assert.Equal("running", got[7].GetProperty("return").GetProperty("status").GetString());
        Assert.False(bench.Pc.Machine.StaysAfterShutdown);
        Assert.False(File.Exists(bench.Folder + "/over.qcow2"));
    }

    // What had been opened or taken by then stayed so, and the corrected command failed.
    [Fact]
    public void What_could_not_be_added_leaves_nothing_and_can_be_added_corrected()
    {
        using MonitorBench bench = new();
        BlockImage.CreateQcow2(bench.Folder + "/b.qcow2", 1 << 20);
        using TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int used = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port, free = used == 40000 ? 40001 : 40000;
        (string Wrong, string Right)[] pairs =
        [
            ("chardev-add file,id=f,path=FOLDER/f,nonsense=1", "chardev-add file,id=f,path=FOLDER/f"),
            ("chardev-add socket,id=s,path=FOLDER/s,server=on,nonsense=1", "chardev-add socket,id=s,path=FOLDER/s,server=on"),
            ($"netdev_add user,id=n,hostfwd=tcp:127.0.0.1:{free}-:1,nonsense=1", $"netdev_add user,id=n0,hostfwd=tcp:127.0.0.1:{free}-:1"),
            ($"netdev_add user,id=n,hostfwd=tcp:127.0.0.1:{free + 2}-:1,hostfwd=tcp:127.0.0.1:{used}-:1", $"netdev_add user,id=n,hostfwd=tcp:127.0.0.1:{free + 2}-:1"),
            ("device_add virtio-net-pci,netdev=n,mac=1", "device_add virtio-net-pci,netdev=n,id=net"),
            ("drive_add 0 if=none,id=b,file=FOLDER/b.qcow2,nonsense=1", "drive_add 0 if=none,id=b,file=FOLDER/b.qcow2"),
            ("device_add virtio-blk-pci,drive=b,queue-size=3", "drive_del b"),
            ("drive_add 0 if=none,id=b,file=FOLDER/nix", "drive_add 0 if=none,id=b,file=FOLDER/b.qcow2"),
            ("device_add virtio-blk-pci,drive=b,addr=1", "device_add virtio-blk-pci,drive=b,id=blk"),
            ("device_add virtio-serial-pci,chardev=f,addr=1", "device_add virtio-serial-pci,chardev=f,id=ser"),
            ("device_add virtio-serial-pci,chardev=nix", "device_del ser"),
            ("device_add ser", "device_del ser"), // asked twice: it is out now
            ("device_add virtio-serial-pci,chardev=nix", "chardev-remove f"), // and what it had is free
        ];
        string[] answers = bench.Human([.. pairs.SelectMany(p => new[] { p.Wrong, p.Right })]);
        for (int i = 0; i < pairs.Length; i++)
        {
            Assert.Contains("Error", answers[2 * i], StringComparison.Ordinal);
            Assert.True(answers[2 * i + 1] is "" or "OK\n", $"{pairs[i].Right}: {answers[2 * i + 1]}");
        }
    }

    [Fact]
    public void A_file_back_end_that_is_refused_does_not_empty_the_file()
    {
        using MonitorBench bench = new();
        File.WriteAllText(bench.Folder + "/kept", "kept");
        Assert.Contains("nonsense", bench.Human("chardev-add file,id=f,path=FOLDER/kept,nonsense=1")[0], StringComparison.Ordinal);
        Assert.Equal("kept", File.ReadAllText(bench.Folder + "/kept"));
    }

    // Drives were released by the device's id, which another drive may have as its own.
    [Fact]
    public void Unplugging_a_disk_leaves_the_drive_that_has_its_name()
    {
        using MonitorBench bench = new();
        BlockImage.CreateQcow2(bench.Folder + "/b.qcow2", 1 << 20);
        string[] answers = bench.Human("drive_add 0 if=none,id=d0,file=FOLDER/b.qcow2", "device_add virtio-blk-pci,drive=d0,id=disk", "device_del disk", "device_del disk", "info block");
        Assert.Equal("", answers[1] + answers[2] + answers[3]);
        Assert.Contains("disk.qcow2", answers[4], StringComparison.Ordinal);
        Assert.DoesNotContain("b.qcow2", answers[4], StringComparison.Ordinal);
    }

    // It was refused; QEMU's answer comes when the client has come, and the machine goes on meanwhile.
    [Fact]
    public void Adding_a_socket_that_waits_for_its_client_is_answered_when_that_has_come()
    {
        using MonitorBench bench = new();
        TinyPc.Collected first = new(), second = new();
        QmpSession session = new(bench.Control, first, isPretty: false), other = new(bench.Control, second, isPretty: false);
        string[] messages = ["""{"execute": "qmp_capabilities"}""", """{"execute": "chardev-add", "arguments": {"id": "s", "backend": {"type": "socket", "data": {"addr": {"type": "unix", "data": {"path": "FOLDER/s"}}, "server": true, "wait": true}}}}""", """{"execute": "query-status", "id": "after"}"""];
        Machine(bench, session, messages);
        Machine(bench, other, """{"execute": "qmp_capabilities"}""", """{"execute": "query-chardev", "id": "meanwhile"}""");
        bool wasWaiting = false;
        Thread client = new(() =>
        {
            while (!second.Text.Contains("meanwhile", StringComparison.Ordinal))
                Thread.Sleep(10);
            wasWaiting = MonitorBench.Answers(first).Length == 0;
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(bench.Folder + "/s"));
            while (!first.Text.Contains("after", StringComparison.Ordinal))
                Thread.Sleep(10);
            bench.Pc.Machine.Exit(9);
        });
        client.Start();
        Assert.Equal(9, bench.Pc.Run());
        client.Join();
        Assert.True(wasWaiting);
        JsonElement[] got = MonitorBench.Answers(first);
        Assert.Equal("", MonitorBench.Error(got[0]));
        Assert.Equal("after", got[1].GetProperty("id").GetString());
    }

    [Fact]
    public void A_transaction_is_done_as_a_whole_or_not_at_all()
    {
        using MonitorBench bench = new();
        const string Begin = """{"execute": "transaction", "arguments": {"actions": [""", Inside = """{"type": "blockdev-snapshot-internal-sync", "data": {"device": "disk", "name": "t"}}""", Over = """{"type": "blockdev-snapshot-sync", "data": {"device": "disk", "snapshot-file": "FOLDER/over.qcow2"}}""", Abort = """{"type": "abort", "data": {}}""", End = "]}}";
        JsonElement[] got = bench.Qmp($"{Begin}{Inside}, {Over}, {Abort}{End}", """{"execute": "query-block"}""", $"{Begin}{Over}, {Abort.Replace("abort", "nix", StringComparison.Ordinal)}{End}", $"{Begin}{Abort.Replace("{}", "{\"x\": 1}", StringComparison.Ordinal)}{End}",
            $"{Begin}{Inside}, {Over}{End}", """{"execute": "query-block"}""");
        Assert.Contains("aborted", MonitorBench.Error(got[0]), StringComparison.Ordinal);
        Assert.EndsWith("disk.qcow2", Inserted(got[1]).GetProperty("file").GetString(), StringComparison.Ordinal);
        Assert.Contains("does not accept value 'nix'", MonitorBench.Error(got[2]), StringComparison.Ordinal);
        Assert.Contains("'x' is unexpected", MonitorBench.Error(got[3]), StringComparison.Ordinal);
        Assert.Equal("", MonitorBench.Error(got[4])); // the snapshot of the first one is gone
        Assert.EndsWith("over.qcow2", Inserted(got[5]).GetProperty("file").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-snapshot")]
    public void Changes_are_committed_to_the_image_below(string option)
    {
        string expected = "committed";
        using MonitorBench bench = new(option);
        string[] answers = bench.Human(option.Length > 0 ? "info status" : "snapshot_blkdev disk FOLDER/over.qcow2", "info status");
        Assert.DoesNotContain("Error", answers[0], StringComparison.Ordinal);
        IBlockDevice medium = bench.Pc.Backends.Blocks.All.First(d => d.Id == "disk").Medium!;
        byte[] text = new byte[512];
        Encoding.ASCII.GetBytes(expected).CopyTo(text, 0);
        medium.Write(1 << 20, text);
        bench.Pc.Backends.Blocks.Commit("disk");
        using (IBlockDevice below = BlockImage.Open(new BlockOptions(bench.Folder + "/disk.qcow2") { Format = "qcow2", IsReadOnly = true }, _ => { }))
        {
            byte[] read = new byte[512];
            below.Read(1 << 20, read);
            Assert.Equal(text, read);
        }

        medium.Write(2 << 20, text); // it is still written over
        byte[] again = new byte[512];
        medium.Read(1 << 20, again);
        Assert.Equal(text, again);
    }

    // The image below was closed before it was opened anew: in between somebody else could take it, and when the opening failed the disk had lost it.
    [Fact]
    public void A_commit_that_fails_leaves_the_image_below_open_and_locked()
    {
        using MonitorBench bench = new("-snapshot");
        string below = bench.Folder + "/disk.qcow2";
        IBlockDevice medium = bench.Pc.Backends.Blocks.All.First(d => d.Id == "disk").Medium!;
        byte[] text = new byte[512], read = new byte[512];
        "kept"u8.CopyTo(text);
        medium.Write(1 << 20, text);
        BlockOptions reads = new(below) { Format = "qcow2", IsReadOnly = true };
        using (BlockImage.Open(reads, _ => { }))
            Assert.Contains("is in use", Assert.Throws<IOException>(() => bench.Pc.Backends.Blocks.Commit("disk")).Message, StringComparison.Ordinal);
        Assert.Contains("is in use", Assert.Throws<IOException>(() => BlockImage.Open(reads with { IsReadOnly = false }, _ => { })).Message, StringComparison.Ordinal);
        medium.Read(1 << 20, read);
        Assert.Equal(text, read);
        medium.Read(2 << 20, read); // of the image below
        bench.Pc.Backends.Blocks.Commit("disk");
        Assert.Contains("is in use", Assert.Throws<IOException>(() => BlockImage.Open(reads with { IsReadOnly = false }, _ => { })).Message, StringComparison.Ordinal);
        medium.Read(1 << 20, read);
        Assert.Equal(text, read);
    }

    // The guard of RawImage: what may not be written directly may not be written by way of an overlay either.
    [Fact]
    public void A_header_of_another_format_is_not_committed_to_an_image_whose_format_was_guessed()
    {
        using MonitorBench bench = new();
        string file = Path.Combine(bench.Folder, "guessed.img");
        File.WriteAllBytes(file, new byte[1 << 20]);
        BlockOptions options = new(file) { IsSnapshot = true };
        byte[] header = new byte[512];
        new byte[] { (byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 3 }.CopyTo(header, 0);
        using IBlockDevice disk = BlockImage.Open(options, _ => { });
        disk.Write(0, header);
        Assert.Contains("whose format was guessed", Assert.Throws<IOException>(() => BlockImage.Commit(disk, options, _ => { })).Message, StringComparison.Ordinal);
        Assert.All(File.ReadAllBytes(file), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Committing_a_disk_that_stands_on_none_is_refused()
    {
        using MonitorBench bench = new();
        string[] answers = bench.Human("commit disk", "commit all", "commit nix");
        Assert.Contains("stands on no other image", answers[0], StringComparison.Ordinal);
        Assert.Equal("", answers[1]);
        Assert.Contains("not found", answers[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_have_a_sign_when_they_are_divided()
    {
        using MonitorBench bench = new();
        string[] answers = bench.Human("print -7/2", "print -7%2", "print 7/-2", "print 1<<2", "print -9223372036854775808/-1", "info lapic $eax-$eax", "info lapic 5");
        Assert.Equal(["-3\n", "-1\n", "-3\n"], answers[..3]);
        Assert.Equal("-9223372036854775808\n", answers[4]); // as the processor's own division would trap
        Assert.Contains("CPU 0", answers[5], StringComparison.Ordinal); // the expression stops the processors itself
        Assert.Contains("no APIC 5", answers[6], StringComparison.Ordinal);
    }

    internal static JsonElement Inserted(JsonElement blocks) => blocks.GetProperty("return").EnumerateArray().First(d => d.GetProperty("device").GetString() == "disk").GetProperty("inserted");

    private static void Machine(MonitorBench bench, QmpSession session, params string[] messages) => bench.Pc.Machine.Post(() =>
    {
        foreach (string message in messages)
            lock (bench.Pc.Machine.Lock)
                session.Receive(Encoding.UTF8.GetBytes(message.Replace("FOLDER", bench.Folder, StringComparison.Ordinal)));
    });
}
