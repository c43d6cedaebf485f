using System.Diagnostics;
using System.Runtime.InteropServices;
using Suite.Devices.Block;
using Xunit.Abstractions;

namespace Suite.Tests.Devices;

public sealed class BlockImageTests(ITestOutputHelper output) : IDisposable
{
    private readonly BlockBench _bench = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_raw_image_is_its_bytes_and_an_odd_end_reads_as_zeros()
    {
        File.WriteAllBytes(_bench["odd.img"], [.. Enumerable.Range(0, 1000).Select(i => (byte)i)]);
        using (IBlockDevice image = Open("odd.img", "raw"))
        {
            Assert.Equal((1024L, "raw"), (image.Length, image.Description.Format));
            byte[] sector = new byte[512];
            image.Read(512, sector);
            Assert.Equal(((byte)(999 & 255), (byte)0), (sector[487], sector[488]));
            image.Write(0, new byte[] { 9, 8, 7 });
            image.WriteZeros(4, 4);
            image.Flush();
        }

        Assert.Equal([9, 8, 7, 3, 0, 0, 0, 0, 8], File.ReadAllBytes(_bench["odd.img"])[..9]);
        Assert.Empty(_warnings);
    }

    [Fact]
    public unsafe void Pieces_of_memory_are_one_transfer()
    {
        File.WriteAllBytes(_bench["v.img"], new byte[8192]);
        using IBlockDevice image = Open("v.img", "raw");
        byte[] a = GC.AllocateArray<byte>(700, pinned: true), b = GC.AllocateArray<byte>(836, pinned: true);
        Array.Fill(a, (byte)1);
        Array.Fill(b, (byte)2);
        IoVector[] pieces = [new(Marshal.UnsafeAddrOfPinnedArrayElement(a, 0), a.Length), new(Marshal.UnsafeAddrOfPinnedArrayElement(b, 0), b.Length)];
        image.Write(512, pieces);
        byte[] all = new byte[8192];
        image.Read(0, all);
        Assert.Equal((0, 1, 2, 0), (all[511], all[512 + 699], all[512 + 700], all[2048]));
        image.Read(0, pieces);
        Assert.Equal((0, 1, 1, 2), (a[511], a[512], b[0], b[512]));
        image.Read(8192 - 512, pieces.AsSpan(0, 1)); // over the end: zeros
        Assert.Equal(0, a[699]);
    }

    [Fact]
    public void A_guessed_raw_image_cannot_become_another_format()
    {
        File.WriteAllBytes(_bench["guess.img"], new byte[65536]);
        byte[] header = new byte[512];
        "QFI\u00fb"u8[..3].CopyTo(header);
        (header[3], header[7]) = (0xFB, 3);
        using (IBlockDevice image = Open("guess.img", null))
        {
            Assert.Contains("format=raw", Assert.Single(_warnings));
            Assert.Contains("qcow2", Assert.Throws<IOException>(() => image.Write(0, header)).Message);
            image.Write(512, header);
            header[3] = 0;
            image.Write(0, header);
            Assert.Throws<IOException>(() => image.Write(3, new byte[] { 0xFB })); // nor in two steps
        }

        using IBlockDevice told = Open("guess.img", "raw");
        header[3] = 0xFB;
        told.Write(0, header);
    }

    [Fact]
    public void A_snapshot_overlay_leaves_the_image_alone()
    {
        byte[] contents = new byte[1 << 20];
        new Random(1).NextBytes(contents);
        File.WriteAllBytes(_bench["base.img"], contents);
        using (IBlockDevice image = BlockImage.Open(new BlockOptions(_bench["base.img"]) { Format = "raw", IsSnapshot = true }, _warnings.Add))
        {
            Assert.False(image.IsReadOnly);
            image.Write(4096, new byte[8192]);
            byte[] read = new byte[16384];
            image.Read(0, read);
            Assert.Equal(contents[..4096], read[..4096]);
            Assert.All(read[4096..12288], b => Assert.Equal(0, b));
            Assert.Equal(contents[12288..16384], read[12288..]);
            image.Flush();
            Assert.Single(Directory.GetFiles(_bench.Folder)); // nothing is left behind
        }

        Assert.Equal(contents, File.ReadAllBytes(_bench["base.img"]));
    }

    [Fact]
    public void Two_writers_are_kept_apart_and_the_message_names_the_other()
    {
        File.WriteAllBytes(_bench["lock.img"], new byte[512]);
        using IBlockDevice first = Open("lock.img", "raw");
        IOException error = Assert.Throws<IOException>(() => Open("lock.img", "raw"));
        Assert.Contains($"process {Environment.ProcessId}", error.Message);
        Assert.Contains("readonly=on", error.Message);
        Assert.Throws<IOException>(() => Open("lock.img", "raw", readOnly: true));
        first.Dispose();
        using IBlockDevice reader = Open("lock.img", "raw", readOnly: true), other = Open("lock.img", "raw", readOnly: true);
        Assert.Throws<IOException>(() => Open("lock.img", "raw"));
        using IBlockDevice unlocked = BlockImage.Open(new BlockOptions(_bench["lock.img"]) { Format = "raw", Locks = false }, _warnings.Add);
    }

    [Fact]
    public void The_locks_are_those_of_QEMU()
    {
        if (!BlockBench.HasTool)
        {
            output.WriteLine("skipped: qemu-img is not installed (apt-get install qemu-utils)");
            return;
        }

        BlockImage.CreateQcow2(_bench["q.qcow2"], 1 << 20);
        using (Open("q.qcow2", null))
            Assert.Contains("lock", BlockBench.Img("check", "-r", "all", _bench["q.qcow2"]).Output);
        ProcessStartInfo start = new("/usr/bin/qemu-img", ["bench", "-w", "-c", "100000000", "-t", "unsafe", _bench["q.qcow2"]]) { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => HoldsLock(holder.Id), TimeSpan.FromSeconds(20)));
            IOException error = Assert.Throws<IOException>(() => Open("q.qcow2", null));
            Assert.Contains($"qemu-img (process {holder.Id})", error.Message);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }
    }

    [Fact]
    public void Errors_name_the_file_and_the_cause()
    {
        Assert.Contains("No such file", Assert.Throws<IOException>(() => Open("none.img", null)).Message);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => Open(".", null, readOnly: true)).Message);
        byte[] vmdk = new byte[1024];
        "KDMV"u8.CopyTo(vmdk);
        File.WriteAllBytes(_bench["x.vmdk"], vmdk);
        Assert.Contains("format vmdk is not supported", Assert.Throws<IOException>(() => Open("x.vmdk", null)).Message);
        BlockImage.CreateQcow2(_bench["top.qcow2"], 1 << 20, "missing.raw", "raw");
        string message = Assert.Throws<IOException>(() => Open("top.qcow2", null)).Message;
        Assert.Contains("top.qcow2: its backing file:", message);
        Assert.Contains("missing.raw: No such file", message);
    }

    private static bool HoldsLock(int process)
    {
        try
        {
            return Directory.GetFiles($"/proc/{process}/fdinfo").Any(f => File.ReadAllText(f).Contains("OFDLCK"));
        }
        catch (IOException)
        {
            return false; // a descriptor that was closed meanwhile
        }
    }

    private IBlockDevice Open(string name, string? format, bool readOnly = false) =>
        BlockImage.Open(new BlockOptions(_bench[name]) { Format = format, IsReadOnly = readOnly }, _warnings.Add);
}
