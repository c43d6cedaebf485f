using System.Buffers.Binary;
using Suite.Devices.Block;
using Suite.Devices.Block.Qcow;
using Suite.Host;
using Xunit.Abstractions;

namespace Suite.Tests.Devices;

public sealed class Qcow2Tests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 3 << 20;

    private readonly BlockBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(3, 16, false, 1)]
    [InlineData(3, 9, true, 2)] // small clusters: tables grow
    [InlineData(2, 12, true, 3)]
    [InlineData(3, 12, true, 4)]
    public unsafe void What_is_written_is_read_and_the_tables_stay_sound(int version, int clusterBits, bool hasBacking, int seed)
    {
        Random random = new(seed);
        byte[] model = new byte[Size];
        string path = _bench["disk.qcow2"];
        IBlockDevice? backing = null;
        if (hasBacking)
        {
            random.NextBytes(model);
            File.WriteAllBytes(_bench["base.raw"], model[..(Size / 2)]);
            model.AsSpan(Size / 2).Clear(); // the backing file is shorter
            backing = Open("base.raw", "raw", readOnly: true);
        }

        Qcow2Image image = Qcow2Image.Create(HostFile.Create(path), Size, hasBacking ? "base.raw" : null, hasBacking ? "raw" : null, backing, clusterBits, version);
        for (int i = 0; i < 400; i++)
        {
            int length = Math.Min(512 * random.Next(1, i % 10 == 0 ? 600 : 20), Size), at = random.Next((Size - length) / 512 + 1) * 512;
            switch (random.Next(8))
            {
                case 0:
                    image.WriteZeros(at, length);
                    model.AsSpan(at, length).Clear();
                    break;
                case 1 when !hasBacking || version == 3:
                    DiscardWhole(image, model, at, length, 1 << clusterBits);
                    break;
                case 2:
                    image.Flush();
                    break;
                case 3:
                    byte[] read = new byte[length];
                    image.Read(at, read);
                    Assert.True(read.AsSpan().SequenceEqual(model.AsSpan(at, length)), $"step {i}");
                    break;
                case 4:
                    random.NextBytes(model.AsSpan(at, length));
                    fixed (byte* p = &model[at])
                        image.Write(at, Pieces(p, length));
                    break;
                case 5:
                    byte[] scattered = new byte[length];
                    fixed (byte* p = scattered)
                        image.Read(at, Pieces(p, length));
                    Assert.True(scattered.AsSpan().SequenceEqual(model.AsSpan(at, length)), $"step {i}");
                    break;
                default:
                    byte[] bytes = new byte[length];
                    random.NextBytes(bytes);
                    image.Write(at, bytes);
                    bytes.CopyTo(model, at);
                    break;
            }
        }

        image.Dispose();
        Compare(path, model);
        using IBlockDevice again = Open("disk.qcow2", null);
        byte[] all = new byte[Size];
        again.Read(0, all);
        Assert.True(all.AsSpan().SequenceEqual(model));
    }

    [Fact]
    public void Images_of_qemu_img_are_read_and_written_in_every_shape()
    {
        if (!Available())
            return;
        byte[] model = Pattern(Size, 7);
        File.WriteAllBytes(_bench["model.raw"], model);
        string[] shapes = ["compat=0.10", "cluster_size=512", "cluster_size=2M", "refcount_bits=1", "refcount_bits=2", "refcount_bits=8", "refcount_bits=64", "lazy_refcounts=on", "preallocation=metadata"];
        for (int i = 0; i < shapes.Length; i++)
        {
            string name = $"{i}.qcow2";
            Assert.Equal((0, ""), BlockBench.Img("convert", "-O", "qcow2", "-o", shapes[i], _bench["model.raw"], _bench[name]));
            byte[] expected = [.. model];
            using (IBlockDevice image = Open(name, "qcow2"))
            {
                byte[] all = new byte[Size];
                image.Read(0, all);
                Assert.True(all.AsSpan().SequenceEqual(expected), shapes[i]);
                byte[] bytes = Pattern(200_704, 8);
                image.Write(1 << 19, bytes);
                bytes.CopyTo(expected, 1 << 19);
                image.WriteZeros(1 << 20, 1 << 19);
                expected.AsSpan(1 << 20, 1 << 19).Clear();
            }

            Compare(_bench[name], expected);
        }
    }

    [Theory]
    [InlineData("zlib")]
    [InlineData("zstd")]
    public void Compressed_clusters_are_read_and_replaced_when_written(string method)
    {
        if (!Available())
            return;
        byte[] model = new byte[Size];
        for (int i = 0; i < Size; i++)
            model[i] = (byte)(i / 700 * 31 + i % 7);
        File.WriteAllBytes(_bench["model.raw"], model);
        Assert.Equal((0, ""), BlockBench.Img("convert", "-c", "-O", "qcow2", "-o", $"compression_type={method}", _bench["model.raw"], _bench["c.qcow2"]));
        using (IBlockDevice image = Open("c.qcow2", null))
        {
            byte[] part = new byte[100_000 / 512 * 512];
            image.Read(512 * 300, part);
            Assert.True(part.AsSpan().SequenceEqual(model.AsSpan(512 * 300, part.Length)));
            image.Write(512 * 100, part);
            part.CopyTo(model, 512 * 100);
        }

        Compare(_bench["c.qcow2"], model);
    }

    [Fact]
    public void An_image_is_made_larger_and_another_is_put_over_it_while_it_is_used()
    {
        byte[] model = new byte[Size * 2], part = Pattern(70_000 / 512 * 512, 5);
        BlockImage.CreateQcow2(_bench["g.qcow2"], Size);
        IBlockDevice image = Open("g.qcow2", null);
        image.Write(Size - part.Length, part);
        part.CopyTo(model, Size - part.Length);
        image.Resize(Size * 2L);
        Assert.Equal(Size * 2L, image.Length);
        image.Write(Size * 2L - part.Length, part);
        part.CopyTo(model, Size * 2 - part.Length);
        Assert.Throws<IOException>(() => image.Resize(Size));
        image.Flush();
        byte[] before = [.. model];
        using (IBlockDevice over = BlockImage.Overlay(_bench["o.qcow2"], exists: false, image, new BlockOptions(_bench["g.qcow2"])))
        {
            over.Write(4096, part);
            part.CopyTo(model, 4096);
        }

        Compare(_bench["g.qcow2"], before);
        Compare(_bench["o.qcow2"], model);
        File.WriteAllBytes(_bench["bad.qcow2"], new byte[65536]);
        using IBlockDevice again = Open("g.qcow2", null);
        Assert.Throws<IOException>(() => BlockImage.Overlay(_bench["bad.qcow2"], exists: true, again, new BlockOptions(_bench["g.qcow2"])));
        again.Read(0, part); // it is still open
    }

    // What the image below has behind the old end showed through; sizes the tables cannot hold were taken.
    [Fact]
    public void What_an_image_is_made_larger_by_reads_as_zeros_and_sizes_have_a_limit()
    {
        BlockImage.CreateQcow2(_bench["below.qcow2"], Size * 2);
        using (IBlockDevice below = Open("below.qcow2", null))
            below.Write(Size, Pattern(4096, 3));
        BlockImage.CreateQcow2(_bench["over.qcow2"], Size, _bench["below.qcow2"], "qcow2");
        using IBlockDevice over = Open("over.qcow2", null);
        over.Resize(Size * 2L);
        byte[] read = Pattern(4096, 4);
        over.Read(Size, read);
        Assert.All(read, b => Assert.Equal(0, b));
        Assert.Throws<IOException>(() => over.Resize(1L << 62));
        Assert.Equal(Size * 2L, over.Length);
    }

    // Any image was taken that could be opened: the guest's disk was another one then.
    [Fact]
    public void An_image_is_put_over_a_disk_only_when_it_stands_on_one_of_that_size()
    {
        BlockImage.CreateQcow2(_bench["disk.qcow2"], Size);
        BlockImage.CreateQcow2(_bench["alone.qcow2"], Size);
        BlockImage.CreateQcow2(_bench["other.qcow2"], Size * 2, _bench["disk.qcow2"], "qcow2");
        using IBlockDevice disk = Open("disk.qcow2", null);
        foreach ((string file, string cause) in new[] { ("alone.qcow2", "names no backing file"), ("other.qcow2", "bytes, not") })
            Assert.Contains(cause, Assert.Throws<IOException>(() => BlockImage.Overlay(_bench[file], exists: true, disk, new BlockOptions(_bench["disk.qcow2"]))).Message, StringComparison.Ordinal);
        disk.Read(0, new byte[512]); // it is still open
    }

    [Fact]
    public void Snapshots_of_qemu_img_stay_intact_while_the_disk_is_written()
    {
        if (!Available())
            return;
        byte[] before = Pattern(Size, 1), after = [.. before];
        File.WriteAllBytes(_bench["before.raw"], before);
        BlockBench.Img("convert", "-O", "qcow2", _bench["before.raw"], _bench["s.qcow2"]);
        BlockBench.Img("snapshot", "-c", "one", _bench["s.qcow2"]);
        using (IBlockDevice image = Open("s.qcow2", null))
        {
            byte[] bytes = Pattern(Size / 2, 2);
            image.Write(4096, bytes);
            bytes.CopyTo(after, 4096);
            image.Flush();
            image.WriteZeros(Size - (1 << 17), 1 << 17);
            after.AsSpan(Size - (1 << 17)).Clear();
            Assert.Equal("one", Assert.Single(((ISnapshotStore)image).Snapshots).Name);
        }

        Compare(_bench["s.qcow2"], after);
        BlockBench.Img("snapshot", "-a", "one", _bench["s.qcow2"]);
        Compare(_bench["s.qcow2"], before);
    }

    [Fact]
    public void Snapshots_with_the_state_of_a_machine_are_made_loaded_and_deleted()
    {
        byte[] first = Pattern(Size, 1), second = Pattern(Size, 2), machine = Pattern(5 << 20, 3);
        using (Qcow2Image image = Qcow2Image.Create(HostFile.Create(_bench["m.qcow2"]), Size, clusterBits: 12))
        {
            image.Write(0, first);
            image.CreateSnapshot("boot", new DateTime(2009, 6, 1), 123, stream => stream.Write(machine));
            image.Write(0, second);
            image.CreateSnapshot("disk alone", new DateTime(2009, 6, 2), 456, null);
            image.Write(8192, first.AsSpan(0, 65536));
        }

        BlockBench.AssertSound(_bench["m.qcow2"]);
        using (Qcow2Image image = (Qcow2Image)Open("m.qcow2", null))
        {
            ImageSnapshot boot = image.Snapshots[0];
            Assert.Equal(("1", "boot", 5L << 20), (boot.Id, boot.Name, boot.MachineLength));
            byte[] state = new byte[machine.Length];
            image.OpenMachine(boot).ReadExactly(state);
            Assert.True(state.AsSpan().SequenceEqual(machine));
            image.LoadSnapshot(boot);
            byte[] all = new byte[Size];
            image.Read(0, all);
            Assert.True(all.AsSpan().SequenceEqual(first));
            image.Write(0, second.AsSpan(0, 4096));
        }

        BlockBench.AssertSound(_bench["m.qcow2"]);
        if (BlockBench.HasTool)
            Assert.Contains("disk alone", BlockBench.Img("snapshot", "-l", _bench["m.qcow2"]).Output);
        using (Qcow2Image image = (Qcow2Image)Open("m.qcow2", null))
        {
            image.DeleteSnapshot(image.Snapshots[0]);
            image.LoadSnapshot(image.Snapshots[0]);
            image.DeleteSnapshot(image.Snapshots[0]);
            image.Write(0, second.AsSpan(0, 512));
        }

        Compare(_bench["m.qcow2"], second);
    }

    [Fact]
    public void An_image_that_was_not_closed_is_sound_and_has_what_was_flushed()
    {
        byte[] model = new byte[Size], lost = Pattern(300_032, 5);
        string path = _bench["crash.qcow2"], copy = _bench["copy.qcow2"];
        using Qcow2Image image = Qcow2Image.Create(HostFile.Create(path), Size, clusterBits: 12);
        for (int i = 0; i < 20; i++)
        {
            byte[] bytes = Pattern(40_960, i);
            image.Write(i * 131_072, bytes);
            bytes.CopyTo(model, i * 131_072);
            if (i == 10)
                image.Discard(0, 20_480);
        }

        model.AsSpan(0, 20_480).Clear();
        image.Flush();
        image.Write(1 << 20, lost);
        image.Discard(131_072, 8192);
        File.Copy(path, copy); // what a killed process leaves
        BlockBench.AssertSound(copy, mayLeak: true);
        using IBlockDevice after = Open("copy.qcow2", null);
        byte[] all = new byte[1 << 20];
        after.Read(0, all);
        Assert.True(all.AsSpan().SequenceEqual(model.AsSpan(0, 1 << 20)));
    }

    [Fact]
    public void Reference_counts_that_were_left_for_later_are_made_up_for()
    {
        string path = _bench["dirty.qcow2"];
        using (Qcow2Image image = Qcow2Image.Create(HostFile.Create(path), Size))
            image.Write(0, Pattern(Size, 4));
        byte[] bytes = File.ReadAllBytes(path);
        int block = (int)BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(65536));
        bytes.AsSpan(block + 20, 60).Clear();
        bytes[79] |= 1; // dirty
        File.WriteAllBytes(path, bytes);
        Open("dirty.qcow2", null).Dispose();
        Compare(path, Pattern(Size, 4));
        Assert.Equal(0, File.ReadAllBytes(path)[79]);
    }

    [Fact]
    public void Hostile_images_are_refused_or_fail_but_never_harm()
    {
        string path = _bench["good.qcow2"];
        using (Qcow2Image image = Qcow2Image.Create(HostFile.Create(path), Size, clusterBits: 9))
        {
            image.Write(0, Pattern(200_704, 9));
            image.CreateSnapshot("s", DateTime.UnixEpoch, 0, stream => stream.Write(Pattern(4096, 1)));
            image.Write(0, Pattern(4096, 10));
        }

        byte[] good = File.ReadAllBytes(path);
        Random random = new(11);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bad = [.. good];
            int limit = round % 2 == 0 ? 112 : bad.Length;
            for (int i = 0; i < 1 + round % 4; i++)
                bad[random.Next(limit)] = (byte)random.Next(256);
            File.WriteAllBytes(_bench["bad.qcow2"], bad);
            try
            {
                Use((Qcow2Image)Open("bad.qcow2", "qcow2"));
            }
            catch (IOException e)
            {
                Assert.Contains("bad.qcow2", e.Message);
                refused++;
            }
        }

        output.WriteLine($"{refused} refused or failed");
        Assert.True(refused > 20, $"{refused}");
    }

    [Theory]
    [InlineData(20, 8u, "clusters of")]
    [InlineData(20, 30u, "clusters of")]
    [InlineData(32, 1u, "encrypted")]
    [InlineData(36, 0x7FFFFFFFu, "L1 table")]
    [InlineData(56, 0x7FFFFFFFu, "reference count table")]
    [InlineData(60, 0xFFFFFFFFu, "snapshots")]
    [InlineData(76, 4u, "another file")]
    [InlineData(76, 16u, "extended L2")]
    [InlineData(76, 2u, "corrupt")]
    [InlineData(72, 1u, "unknown incompatible")]
    [InlineData(96, 7u, "reference counts of")]
    [InlineData(100, 0xFFFFu, "header of")]
    public void A_wrong_header_is_refused_by_name(int offset, uint value, string expected)
    {
        string path = _bench["h.qcow2"];
        Qcow2Image.Create(HostFile.Create(path), Size, clusterBits: 12).Dispose();
        byte[] bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(offset), value);
        File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<IOException>(() => Open("h.qcow2", null)).Message);
    }

    // A process that is being started has the descriptors of this one until it executes its program; its copy kept the locks of an image that was closed here.
    [Fact]
    public void A_closed_image_is_free_even_while_a_copy_of_its_descriptor_is_open()
    {
        BlockImage.CreateQcow2(_bench["f.qcow2"], Size);
        HostFile file = HostFile.Open(new BlockOptions(_bench["f.qcow2"]));
        long copy = Sys.Call(Nr.dup, file.Descriptor);
        try
        {
            file.Dispose();
            Open("f.qcow2", null).Dispose();
        }
        finally
        {
            Sys.Call(Nr.close, copy);
        }
    }

    // As QEMU has it: snapshots of either image are no obstacle, and keep what they have.
    [Fact]
    public void Snapshots_of_both_images_survive_a_commit()
    {
        byte[] first = Pattern(Size, 1), second = Pattern(Size, 2), third = Pattern(Size, 3), read = new byte[Size];
        DateTime date = new(2009, 6, 1);
        using (Qcow2Image below = Qcow2Image.Create(HostFile.Create(_bench["below.qcow2"]), Size, clusterBits: 12))
        {
            below.Write(0, first);
            below.CreateSnapshot("below", date, 0, null);
        }

        BlockImage.CreateQcow2(_bench["over.qcow2"], Size, "below.qcow2", "qcow2");
        using (IBlockDevice over = Open("over.qcow2", "qcow2"))
        {
            over.Write(0, second);
            ((ISnapshotStore)over).CreateSnapshot("over", date, 0, null);
            over.Write(0, third.AsSpan(0, Size / 2));
            Assert.True(BlockImage.Commit(over, new BlockOptions(_bench["over.qcow2"]), _ => { }));
            over.Read(0, read);
            Assert.Equal([.. third[..(Size / 2)], .. second[(Size / 2)..]], read);
        }

        foreach ((string file, byte[] expected) in new[] { ("below.qcow2", first), ("over.qcow2", second) })
        {
            BlockBench.AssertSound(_bench[file]);
            using Qcow2Image image = (Qcow2Image)Open(file, "qcow2");
            image.LoadSnapshot(Assert.Single(image.Snapshots));
            image.Read(0, read);
            Assert.Equal(expected, read);
        }
    }

    [Fact]
    public void A_chain_of_images_that_form_a_circle_is_refused()
    {
        BlockImage.CreateQcow2(_bench["a.qcow2"], Size, "b.qcow2", "qcow2");
        BlockImage.CreateQcow2(_bench["b.qcow2"], Size, "a.qcow2", "qcow2");
        Assert.Contains("circle", Assert.Throws<IOException>(() => Open("a.qcow2", null, readOnly: true)).Message);
    }

    private static void Use(Qcow2Image image)
    {
        byte[] all = new byte[Math.Min(image.Length, Size)];
        try
        {
            foreach (int at in new[] { 0, 4096, 65536, 200_704 })
            {
                image.Read(Math.Min(at, all.Length - 512), all.AsSpan(0, 512));
                image.Write(Math.Min(at, all.Length - 512), all.AsSpan(0, 512));
            }

            image.Discard(0, all.Length);
            image.Flush();
            image.LoadSnapshot(image.Snapshots[0]);
        }
        finally
        {
            image.Dispose();
        }
    }

    // Cut into pieces of odd lengths.
    private static unsafe IoVector[] Pieces(byte* start, int length)
    {
        List<IoVector> pieces = [];
        for (int at = 0, size = 100; at < length; at += size, size = size * 3 % 5000 + 1)
            pieces.Add(new IoVector((nint)(start + at), Math.Min(size, length - at)));
        return [.. pieces];
    }

    // A discard only promises zeros for whole clusters.
    private static void DiscardWhole(Qcow2Image image, byte[] model, int at, int length, int cluster)
    {
        image.Discard(at, length);
        int start = (at + cluster - 1) / cluster * cluster, end = at + length == Size ? Size : (at + length) / cluster * cluster;
        if (end > start)
            model.AsSpan(start, end - start).Clear();
    }

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private bool Available()
    {
        if (!BlockBench.HasTool)
            output.WriteLine("skipped: qemu-img is not installed (apt-get install qemu-utils)");
        return BlockBench.HasTool;
    }

    private void Compare(string image, byte[] expected)
    {
        BlockBench.AssertSound(image);
        if (!BlockBench.HasTool)
            return;
        File.WriteAllBytes(_bench["expected.raw"], expected);
        (int status, string text) = BlockBench.Img("compare", "-F", "raw", image, _bench["expected.raw"]);
        Assert.True(status == 0, text);
    }

    private IBlockDevice Open(string name, string? format, bool readOnly = false) =>
        BlockImage.Open(new BlockOptions(_bench[name]) { Format = format, IsReadOnly = readOnly, IgnoresFlush = true, Discards = true }, output.WriteLine);
}
