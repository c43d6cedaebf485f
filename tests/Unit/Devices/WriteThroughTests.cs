using Suite.Devices.Block;

namespace Suite.Tests.Devices;

public sealed class WriteThroughTests : IDisposable
{
    private readonly BlockBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void With_write_through_a_killed_process_loses_nothing_that_was_written()
    {
        BlockImage.CreateQcow2(_bench["w.qcow2"], 1 << 20);
        using IBlockDevice image = BlockImage.Open(new BlockOptions(_bench["w.qcow2"]) { WritesThrough = true }, _ => { });
        image.Write(4096, new byte[] { 1, 2, 3 });
        File.Copy(_bench["w.qcow2"], _bench["copy.qcow2"]);
        BlockBench.AssertSound(_bench["copy.qcow2"]);
        using IBlockDevice copy = BlockImage.Open(new BlockOptions(_bench["copy.qcow2"]), _ => { });
        byte[] read = new byte[3];
        copy.Read(4096, read);
        Assert.Equal([1, 2, 3], read);
    }
}
