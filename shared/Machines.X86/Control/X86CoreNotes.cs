using System.Buffers.Binary;
using Suite.Guest.X86.Machine;
using Suite.Machines.Control;

namespace Suite.Machines.X86.Control;

/// <summary>
/// An x86 processor in a core file: struct elf_prstatus of Linux (include/uapi/linux/elfcore.h) for gdb, and what QEMU adds for crash (struct QEMUCPUState of
/// QEMU's documentation of dump-guest-memory): segments, control registers, the kernel's gs base.
/// </summary>
internal static unsafe class X86CoreNotes
{
    private const ushort I386 = 3, X64 = 62; // EM_386, EM_X86_64
    private const uint PrStatus = 1;

    /// <summary>64 bits when the processor is in long mode.</summary>
    public static (ushort Machine, bool Is64) Format(X86Cpu* s) => s->IsLong ? (X64, true) : (I386, false);

    /// <summary>Its notes.</summary>
    public static IReadOnlyList<CoreNote> Of(X86Cpu* s, int cpu, bool is64) => [new("CORE", PrStatus, is64 ? Status64(s, cpu) : Status32(s, cpu)), new("QEMU", 0, Qemu(s))];

    private static byte[] Status64(X86Cpu* s, int cpu)
    {
        const int Bytes = 336, ProcessId = 32, Registers = 112;
        byte[] status = new byte[Bytes];
        BinaryPrimitives.WriteInt32LittleEndian(status.AsSpan(ProcessId), cpu + 1);
        ReadOnlySpan<ulong> values =
        [
            s->Gpr[15], s->Gpr[14], s->Gpr[13], s->Gpr[12], s->Gpr[5], s->Gpr[3], s->Gpr[11], s->Gpr[10], s->Gpr[9], s->Gpr[8], s->Gpr[0], s->Gpr[1], s->Gpr[2], s->Gpr[6], s->Gpr[7], 0,
            s->Rip, Selector(s, SegmentName.Cs), s->Rflags, s->Gpr[4], Selector(s, SegmentName.Ss), s->Seg(SegmentName.Fs).Base, s->Seg(SegmentName.Gs).Base,
            Selector(s, SegmentName.Ds), Selector(s, SegmentName.Es), Selector(s, SegmentName.Fs), Selector(s, SegmentName.Gs),
        ];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(status.AsSpan(Registers + i * sizeof(ulong)), values[i]);
        return status;
    }

    private static byte[] Status32(X86Cpu* s, int cpu)
    {
        const int Bytes = 144, ProcessId = 24, Registers = 72;
        byte[] status = new byte[Bytes];
        BinaryPrimitives.WriteInt32LittleEndian(status.AsSpan(ProcessId), cpu + 1);
        ReadOnlySpan<ulong> values =
        [
            s->Gpr[3], s->Gpr[1], s->Gpr[2], s->Gpr[6], s->Gpr[7], s->Gpr[5], s->Gpr[0], Selector(s, SegmentName.Ds), Selector(s, SegmentName.Es), Selector(s, SegmentName.Fs), Selector(s, SegmentName.Gs), 0,
            s->Rip, Selector(s, SegmentName.Cs), s->Rflags, s->Gpr[4], Selector(s, SegmentName.Ss),
        ];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(status.AsSpan(Registers + i * sizeof(uint)), (uint)values[i]);
        return status;
    }

    private static byte[] Qemu(X86Cpu* s)
    {
        const uint Version = 1;
        using MemoryStream stream = new();
        using BinaryWriter to = new(stream);
        to.Write(Version);
        to.Write(0u); // its length, below
        foreach (int register in (ReadOnlySpan<int>)[0, 3, 1, 2, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15])
            to.Write(s->Gpr[register]);
        to.Write(s->Rip);
        to.Write((ulong)s->Rflags);
        foreach (SegmentName name in (ReadOnlySpan<SegmentName>)[SegmentName.Cs, SegmentName.Ds, SegmentName.Es, SegmentName.Fs, SegmentName.Gs, SegmentName.Ss, SegmentName.Ldtr, SegmentName.Tr])
        {
            ref Segment segment = ref s->Seg(name);
            WriteSegment(to, segment.Selector, segment.Limit, (segment.Attributes & 0xF0FF) << 8, segment.Base); // flags as in a descriptor's upper half
        }

        WriteSegment(to, 0, s->Gdtr.Limit, 0, s->Gdtr.Base);
        WriteSegment(to, 0, s->Idtr.Limit, 0, s->Idtr.Base);
        foreach (ulong control in (ReadOnlySpan<ulong>)[s->Cr0, 0, s->Cr2, s->Cr3, s->Cr4, s->KernelGsBase])
            to.Write(control);
        byte[] bytes = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length);
        return bytes;
    }

    private static void WriteSegment(BinaryWriter to, uint selector, uint limit, uint flags, ulong start)
    {
        to.Write(selector);
        to.Write(limit);
        to.Write(flags);
        to.Write(0u);
        to.Write(start);
    }

    private static ulong Selector(X86Cpu* s, SegmentName name) => s->Seg(name).Selector;
}
