using System.Buffers.Binary;
using System.Text;
using Suite.Devices.Block;
using Suite.Devices.Core;
using Suite.Devices.Ide;
using Suite.Devices.Pci;

namespace Suite.Tests.Devices;

/// <summary>A PIIX3 IDE function with the driver of a small kernel: a disk as first, a CD drive as second unit of the first channel.</summary>
internal sealed class IdeBench
{
    public const int Port = 0x1F0, MasterPort = 0xC000, TableAt = 0x1000, DataAt = 0x2000;

    public IdeBench(IBlockDevice disk, IBlockDevice? cd)
    {
        PciBus bus = new(Bench.Io, new Bus("memory", 1UL << 36), Memory, (_, _) => { }, (_, _) => { });
        Controller = new Piix3Ide(Bench.Io, Bench.Wire("IRQ14"), Bench.Wire("IRQ15"));
        Cd = new AtapiCdRom(cd);
        Disk = new AtaDisk(disk, new AtaDiskInfo());
        Controller.Channels[0].Attach(0, Disk);
        Controller.Channels[0].Attach(1, Cd);
        bus.Add(Controller, 1, 1);
        Controller.Reset();
        Controller.WriteConfiguration(0x20, 4, MasterPort);
        Controller.WriteConfiguration(4, 2, 5);
    }

    public DeviceBench Bench { get; } = new();

    public BenchMemory Memory { get; } = new(1 << 20);

    public Piix3Ide Controller { get; }

    public AtaDisk Disk { get; }

    public AtapiCdRom Cd { get; }

    public byte Status => Bench.In(Port + 7);

    public byte Error => Bench.In(Port + 1);

    /// <summary>Gives a command with 28-bit addressing; returns the status.</summary>
    public byte Command(byte command, uint lba = 0, int count = 1, byte features = 0, int unit = 0)
    {
        Bench.Out(Port + 6, 0xE0 | unit << 4 | (int)(lba >> 24));
        Bench.Out(Port + 1, features);
        Bench.Out(Port + 2, count);
        Bench.Out(Port + 3, (byte)lba);
        Bench.Out(Port + 4, (byte)(lba >> 8));
        Bench.Out(Port + 5, (byte)(lba >> 16));
        Bench.Out(Port + 7, command);
        return Status;
    }

    /// <summary>Gives a command with 48-bit addressing.</summary>
    public byte ExtendedCommand(byte command, ulong lba, int count)
    {
        Bench.Out(Port + 6, 0xE0);
        foreach (int shift in new[] { 8, 0 })
        {
            Bench.Out(Port + 2, (byte)(count >> shift));
            Bench.Out(Port + 3, (byte)(lba >> (shift == 8 ? 24 : 0)));
            Bench.Out(Port + 4, (byte)(lba >> (shift == 8 ? 32 : 8)));
            Bench.Out(Port + 5, (byte)(lba >> (shift == 8 ? 40 : 16)));
        }

        Bench.Out(Port + 7, command);
        return Status;
    }

    public byte[] ReadData(int bytes)
    {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i += 2)
            BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(i), (ushort)Bench.Io.Read(Port, 2));
        return data;
    }

    public void WriteData(ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < data.Length; i += 4)
            Bench.Io.Write(Port, 4, BinaryPrimitives.ReadUInt32LittleEndian(data[i..]));
    }

    /// <summary>Describes where in memory data is: pairs of address and length.</summary>
    public void Describe(params (int Address, int Length)[] regions)
    {
        for (int i = 0; i < regions.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(Memory.At(TableAt + 8 * i, 4), regions[i].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(Memory.At(TableAt + 8 * i + 4, 4), (uint)(regions[i].Length & 0xFFFF) | (i == regions.Length - 1 ? 0x80000000u : 0));
        }

        Bench.Io.Write(MasterPort + 4, 4, TableAt);
    }

    /// <summary>Runs the bus master; returns its status, which is cleared then.</summary>
    public int RunMaster(bool toMemory)
    {
        Bench.Out(MasterPort, toMemory ? 9 : 1);
        int status = Bench.In(MasterPort + 2);
        Bench.Out(MasterPort, 0);
        Bench.Out(MasterPort + 2, 6);
        return status;
    }

    /// <summary>Sends a packet to the CD drive and takes the answer by PIO.</summary>
    public byte[] Packet(int room, params byte[] packet)
    {
        Command(0xA0, (uint)(room << 8), 0, 0, unit: 1);
        WriteData(packet.Concat(new byte[12 - packet.Length]).ToArray());
        List<byte> all = [];
        while ((Status & 8) != 0)
            all.AddRange(ReadData(Bench.In(Port + 4) | Bench.In(Port + 5) << 8));
        return [.. all];
    }

    public static string Text(ReadOnlySpan<byte> words)
    {
        StringBuilder text = new();
        for (int i = 0; i < words.Length; i++)
            text.Append((char)words[i ^ 1]);
        return text.ToString().TrimEnd();
    }
}

/// <summary>A medium in memory.</summary>
internal sealed class MemoryMedium(byte[] bytes, bool isReadOnly = false) : IBlockDevice
{
    public byte[] Bytes => bytes;

    public int Flushes { get; private set; }

    public bool Fails { get; set; }

    public List<(long Offset, long Length)> Discards { get; } = [];

    public long Length => bytes.Length;

    public bool IsReadOnly => isReadOnly;

    public (string File, string Format) Description => ("memory", "raw");

    public void Read(long offset, Span<byte> into)
    {
        Check();
        bytes.AsSpan((int)offset, into.Length).CopyTo(into);
    }

    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        Check();
        from.CopyTo(bytes.AsSpan((int)offset));
    }

    public void Flush() => Flushes++;

    public void Discard(long offset, long length) => Discards.Add((offset, length));

    public void WriteZeros(long offset, long length) => bytes.AsSpan((int)offset, (int)length).Clear();

    public void Dispose()
    {
    }

    private void Check()
    {
        if (Fails)
            throw new IOException("memory: broken");
    }
}
