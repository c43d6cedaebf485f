using System.Buffers.Binary;

namespace Suite.Tests.Machines;

/// <summary>Leads a <see cref="TinyMachine"/> from its reset vector into 64-bit code at 2000h, with the first GiB and the local APIC's mapped one to one.</summary>
internal static class LongMode
{
    private const int Code = 0x2000, Gdt = 0x3000, Pml4 = 0x10000, Pdpt = 0x11000, Pd = 0x12000;

    public static void Load(TinyMachine m, ReadOnlySpan<byte> code)
    {
        m.Load(Code, code);
        Put(m, Gdt + 8, 0x00209A0000000000); // 64-bit code
        Put(m, Gdt + 16, 0x0000920000000000);
        m.Load(0x3100, 23, 0, 0x00, 0x30, 0, 0);
        Put(m, Pml4, Pdpt | 3);
        Put(m, Pdpt, Pd | 3);
        Put(m, Pdpt + 3 * 8, Pd + 0x1000 | 3);
        for (uint i = 0; i < 512; i++)
        {
            Put(m, (int)(Pd + i * 8), i << 21 | 0x83);
            Put(m, (int)(Pd + 0x1000 + i * 8), 0xC0000000 + (i << 21) | 0x83);
        }

        m.Load(
            TinyMachine.Start,
            0xFA, // cli
            0x66, 0xB8, 0x00, 0x00, 0x01, 0x00, 0x0F, 0x22, 0xD8, // mov eax, 10000h; mov cr3, eax
            0x66, 0xB8, 0x20, 0x00, 0x00, 0x00, 0x0F, 0x22, 0xE0, // mov eax, 20h; mov cr4, eax
            0x66, 0xB9, 0x80, 0x00, 0x00, 0xC0, 0x0F, 0x32, // mov ecx, C0000080h; rdmsr
            0x66, 0x0D, 0x00, 0x01, 0x00, 0x00, 0x0F, 0x30, // or eax, 100h; wrmsr
            0x0F, 0x01, 0x16, 0x00, 0x31, // lgdt [3100h]
            0x66, 0xB8, 0x01, 0x00, 0x00, 0x80, 0x0F, 0x22, 0xC0, // mov eax, 80000001h; mov cr0, eax
            0x66, 0xEA, 0x00, 0x20, 0x00, 0x00, 0x08, 0x00); // jmp 8:2000h
    }

    private static void Put(TinyMachine m, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(m.Ram[at..], value);
}
