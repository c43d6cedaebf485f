using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;
using Suite.Machines.Control;

namespace Suite.Machines.X86.Control;

/// <summary>A mapped page.</summary>
/// <param name="Linear">First linear address.</param>
/// <param name="Physical">Where it lies.</param>
/// <param name="Bytes">4 KiB to 1 GiB.</param>
/// <param name="Flags">Bits of the last entry, with the rights of all levels combined: 1 P, 2 W, 4 U, 10h PCD, 20h A, 40h D, 80h PS, 100h G.</param>
/// <param name="IsNoExecute">Code may not run there.</param>
internal readonly record struct MappedPage(ulong Linear, ulong Physical, ulong Bytes, uint Flags, bool IsNoExecute);

/// <summary>Reads a processor's page tables (Intel SDM volume 3, chapter 4) without any effect on them, whatever the rights.</summary>
internal static unsafe class PageWalk
{
    // They map 128 GiB by pages of 4 KiB.
    private const int MostTables = 1 << 16;

    private const ulong Present = 1, Large = 0x80, Rights = 6, NoExecute = 1UL << 63, AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Where a linear address lies; false when it is not mapped.</summary>
    public static bool TryTranslate(X86Cpu* cpu, PhysicalMemory memory, ulong linear, out ulong physical)
    {
        physical = linear;
        if ((cpu->Cr0 & X86Cpu.Cr0Pg) == 0)
        {
            physical &= uint.MaxValue;
            return true;
        }

        if (!cpu->IsLong)
            linear &= uint.MaxValue;
        (int levels, int bits, int entryBytes, ulong table) = Shape(cpu);
        for (int level = levels; ; level--)
        {
            int shift = Shift(level, bits);
            ulong index = linear >> shift & ((1UL << IndexBits(cpu, level, bits)) - 1);
            if (!TryEntry(memory, table + index * (ulong)entryBytes, entryBytes, out ulong entry) || (entry & Present) == 0)
                return false;
            if (level == 1 || IsLarge(cpu, level, entry))
            {
                ulong offset = (1UL << shift) - 1;
                physical = (Target(cpu, level, entry) & ~offset) | (linear & offset);
                return true;
            }

            table = entry & (entryBytes == 4 ? 0xFFFFF000 : AddressMask);
        }
    }

    /// <summary>Calls something for each mapped page, in order of addresses; it answers false to end.</summary>
    /// <exception cref="ControlException">There are more tables than any system has.</exception>
    public static void ForEach(X86Cpu* cpu, PhysicalMemory memory, Func<MappedPage, bool> visit)
    {
        if ((cpu->Cr0 & X86Cpu.Cr0Pg) == 0)
            return;
        (int levels, int bits, int entryBytes, ulong table) = Shape(cpu);
        int tables = 0;
        Walk(cpu, memory, table, levels, bits, entryBytes, 0, (uint)(Rights | Present), false, ref tables, visit);
    }

    // A guest's tables may lead back to themselves, at every level.
    private static bool Walk(
        X86Cpu* cpu, PhysicalMemory memory, ulong table, int level, int bits, int entryBytes, ulong linear, uint rights, bool noExecute, ref int tables, Func<MappedPage, bool> visit)
    {
        if (++tables > MostTables)
            throw new ControlException($"the guest's page tables have more than {MostTables} parts: they lead back to themselves");
        int shift = Shift(level, bits), count = 1 << IndexBits(cpu, level, bits);
        for (int i = 0; i < count; i++)
        {
            if (!TryEntry(memory, table + (ulong)(i * entryBytes), entryBytes, out ulong entry) || (entry & Present) == 0)
                continue;
            ulong at = linear | (ulong)i << shift;
            bool isPaePointer = level == 3 && !cpu->IsLong;
            uint combined = isPaePointer ? rights : rights & (uint)entry;
            bool isNoExecute = noExecute || (entryBytes == 8 && (entry & NoExecute) != 0);
            if (level == 1 || IsLarge(cpu, level, entry))
            {
                const uint Kept = 0x1F8;
                ulong canonical = cpu->IsLong && (at >> 47 & 1) != 0 && Levels(cpu) == 4 ? at | 0xFFFF_0000_0000_0000 : at;
                if (!visit(new MappedPage(canonical, Target(cpu, level, entry) & ~((1UL << shift) - 1), 1UL << shift, combined | ((uint)entry & Kept), isNoExecute)))
                    return false;
                continue;
            }

            if (!Walk(cpu, memory, entry & (entryBytes == 4 ? 0xFFFFF000 : AddressMask), level - 1, bits, entryBytes, at, combined, isNoExecute, ref tables, visit))
                return false;
        }

        return true;
    }

    private static int Levels(X86Cpu* cpu) => cpu->IsLong ? (cpu->Cr4 & X86Cpu.Cr4La57) != 0 ? 5 : 4 : (cpu->Cr4 & X86Cpu.Cr4Pae) != 0 ? 3 : 2;

    private static (int Levels, int Bits, int EntryBytes, ulong Table) Shape(X86Cpu* cpu)
    {
        const ulong PaeTable = 0xFFFFFFE0;
        return Levels(cpu) switch
        {
            2 => (2, 10, 4, cpu->Cr3 & 0xFFFFF000),
            3 => (3, 9, 8, cpu->Cr3 & PaeTable),
            var levels => (levels, 9, 8, cpu->Cr3 & AddressMask),
        };
    }

    private static int Shift(int level, int bits) => 12 + (level - 1) * bits;

    private static int IndexBits(X86Cpu* cpu, int level, int bits) => level == 3 && !cpu->IsLong ? 2 : bits;

    private static bool IsLarge(X86Cpu* cpu, int level, ulong entry) => (entry & Large) != 0 && Levels(cpu) switch
    {
        2 => level == 2 && (cpu->Cr4 & X86Cpu.Cr4Pse) != 0,
        3 => level == 2,
        _ => level is 2 or 3,
    };

    // A 4 MiB page of 32-bit tables has bits 32 to 39 of its address in bits 13 to 20 (PSE-36).
    private static ulong Target(X86Cpu* cpu, int level, ulong entry) =>
        Levels(cpu) == 2 ? level == 2 ? (entry & 0xFFC00000) | (entry >> 13 & 0xFF) << 32 : entry & 0xFFFFF000 : entry & AddressMask;

    private static bool TryEntry(PhysicalMemory memory, ulong address, int bytes, out ulong entry)
    {
        ulong value = 0;
        bool done = memory.TryRead(address, new Span<byte>(&value, bytes));
        entry = value;
        return done;
    }
}
