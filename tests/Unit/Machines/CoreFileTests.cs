using System.Buffers.Binary;
using Suite.Machines.Control;
using Suite.Machines.X86.Command;

namespace Suite.Tests.Machines;

/// <summary>Core files of a machine in long mode, whose page tables are a test's.</summary>
public sealed class CoreFileTests
{
    private const int HeadBytes = 64, SegmentBytes = 56;

    [Fact]
    public void Mapped_memory_has_its_virtual_addresses_and_all_memory_its_physical_ones()
    {
        byte[] core = Write([new MappedRange(0xFFFF_8000_0000_0000, 0x5000, 0x2000), new MappedRange(0x1000, 0xFD00_0000, 0x1000)]);
        int segments = BinaryPrimitives.ReadUInt16LittleEndian(core.AsSpan(56));
        Assert.Equal((byte)2, core[4]);
        ReadOnlySpan<byte> first = core.AsSpan(HeadBytes + SegmentBytes, SegmentBytes), second = core.AsSpan(HeadBytes + 2 * SegmentBytes, SegmentBytes);
        Assert.Equal((0xFFFF_8000_0000_0000, 0x5000UL, 0x2000UL), (Field(first, 2), Field(first, 3), Field(first, 4)));
        Assert.Equal(0UL, Field(second, 2)); // where nothing is, nothing is mapped; then comes what there is by its physical address
        Assert.Equal("in memory"u8.ToArray(), core[(int)Field(first, 1)..][..9]);
        Assert.InRange(segments, 3, 20);
    }

    // Linux maps 65536 pages to one, and the number of segments has 16 bits.
    [Fact]
    public void More_pieces_than_the_head_can_count_are_counted_in_a_section()
    {
        byte[] core = Write([.. Enumerable.Range(0, 70_000).Select(i => new MappedRange((ulong)i * 0x2000, 0x5000, 0x1000))]);
        Assert.Equal(0xFFFF, BinaryPrimitives.ReadUInt16LittleEndian(core.AsSpan(56)));
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(core.AsSpan(60)));
        int section = BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(40));
        int count = BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(section + 44));
        Assert.InRange(count, 70_001, 70_020);
        Assert.Equal(HeadBytes + count * SegmentBytes, section);
    }

    private static ulong Field(ReadOnlySpan<byte> segment, int number) => BinaryPrimitives.ReadUInt64LittleEndian(segment[(number * 8)..]);

    private static byte[] Write(IReadOnlyList<MappedRange> mappings)
    {
        using TinyPc pc = new("-accel translation -net none -vga none -m 1", 0xF4);
        pc.Machine.Spaces.Memory.TryWrite(0x5000, "in memory"u8);
        MachineControl control = new(pc.Board, new LongMode(mappings), X86Catalogue.Create(), pc.Board.Accelerator);
        using MemoryStream file = new();
        new CoreFile(control, withPaging: true, 0, ulong.MaxValue).Write(file);
        return file.ToArray();
    }

    private sealed class LongMode(IReadOnlyList<MappedRange> mappings) : ICpuInspector
    {
        public string Architecture => "x86_64";

        public (ushort Machine, bool Is64) CoreFormat => (62, true);

        public IReadOnlyList<CoreNote> CoreNotes(int cpu, bool is64) => [new("CORE", 1, new byte[336])];

        public IReadOnlyList<MappedRange> Mappings(int cpu) => mappings;

        public string Registers(int cpu) => throw new NotSupportedException();

        public ulong? Register(int cpu, string name) => throw new NotSupportedException();

        public ulong ProgramCounter(int cpu) => throw new NotSupportedException();

        public bool IsHalted(int cpu) => throw new NotSupportedException();

        public bool TryTranslate(int cpu, ulong address, out ulong physical) => throw new NotSupportedException();

        public string PageTable(int cpu) => throw new NotSupportedException();

        public string MappedRanges(int cpu) => throw new NotSupportedException();

        public string LocalApic(int cpu) => throw new NotSupportedException();

        public string InterruptControllers() => throw new NotSupportedException();

        public string Disassemble(int cpu, ulong address, int count, bool isPhysical) => throw new NotSupportedException();

        public void InjectNmi() => throw new NotSupportedException();
    }
}
