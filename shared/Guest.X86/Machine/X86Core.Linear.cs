using System.Runtime.CompilerServices;
using Suite.Host.Diagnostics;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// Accesses by linear address and through segments. A small cache of translations of its own keeps page walks away from pushes, descriptor loads and interrupts.
/// </summary>
public sealed unsafe partial class X86Core
{
    private const int CacheBits = 6, CacheSize = 1 << CacheBits;

    private const ulong CacheValid = 1 << 11;

    // A number in each tag: all entries are dropped by counting it up.
    private const ulong GenerationStep = 1 << 3, GenerationMask = 0xFF << 3;

    private ulong _generation;

    // Half for reads, half for writes.
    private readonly CacheEntry[] _cache = new CacheEntry[2 * CacheSize];

    // The largest piece of plain memory, found again when the map changes.
    private ulong _ramStart, _ramLength;
    private byte* _ramHost;
    private volatile bool _mapChanged = true;

    /// <summary>Reads 1 to 8 bytes.</summary>
    /// <exception cref="X86Fault">#PF.</exception>
    public ulong ReadLinear(ulong linear, int size, bool user)
    {
        if ((linear & PageOffset) + (ulong)size > PageBytes)
            return ReadAcross(linear, size, user);
        byte* p = Find(linear, MemoryAccess.Read, user, out ulong physical, out _);
        return p != null ? Scalar.Load(p, size) : ReadDevice(physical, size);
    }

    /// <summary>Writes 1 to 8 bytes; both pages are checked before anything is written.</summary>
    /// <exception cref="X86Fault">#PF.</exception>
    public void WriteLinear(ulong linear, int size, ulong value, bool user)
    {
        if ((linear & PageOffset) + (ulong)size > PageBytes)
        {
            WriteAcross(linear, size, value, user);
            return;
        }

        byte* p = Find(linear, MemoryAccess.Write, user, out ulong physical, out bool code);
        if (p == null)
        {
            WriteDevice(physical, size, value);
            return;
        }

        Scalar.Store(p, size, value);
        if (code)
            _memory.Written(physical, size);
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes of physical memory or a device; the A20 gate applies.</summary>
    public ulong ReadPhysical(ulong address, int size) => _memory.Read(address & _cpu->A20Mask, size);

    /// <summary>Writes 1, 2, 4 or 8 bytes of physical memory or a device; the A20 gate applies.</summary>
    public void WritePhysical(ulong address, int size, ulong value) => _memory.Write(address & _cpu->A20Mask, size, value);

    /// <summary>The linear address of an operand, after all segment checks.</summary>
    /// <param name="seg">Segment register.</param>
    /// <param name="offset">Effective address, already cut to the address size.</param>
    /// <param name="size">Bytes, at least 1.</param>
    /// <param name="access">What for.</param>
    /// <exception cref="X86Fault">#GP, or #SS for the stack segment.</exception>
    public ulong LinearAddress(SegmentName seg, ulong offset, int size, MemoryAccess access)
    {
        ref Segment s = ref _cpu->Seg(seg);
        ulong linear;
        if (_cpu->Is64)
        {
            linear = seg >= SegmentName.Fs ? s.Base + offset : offset;
            if (!IsCanonical(linear) || !IsCanonical(linear + (ulong)size - 1))
                throw seg == SegmentName.Ss ? StackFault(0) : Protection(0);
        }
        else
        {
            if (!Allows(s, offset, size, access, IsProtectedNotVm))
                throw seg == SegmentName.Ss ? StackFault(0) : Protection(0);
            linear = (uint)(s.Base + offset);
        }

        if (_cpu->Cpl == 3 && (linear & (ulong)(size - 1)) != 0 && ChecksAlignment && size is 2 or 4 or 8)
            throw new X86Fault(X86Vector.AlignmentCheck);
        if (WatchesData)
            CheckDataBreakpoint(linear, size, access == MemoryAccess.Write);
        return linear;
    }

    /// <summary>Opens or closes the A20 gate.</summary>
    public void SetA20(bool open)
    {
        ulong mask = open ? ulong.MaxValue : ~(1UL << 20);
        if (mask == _cpu->A20Mask)
            return;
        _cpu->A20Mask = mask;
        if (Log is { } log && log.On(LogItems.Mmu))
            log.Line($"A20 update: a20={(open ? 1 : 0)}");
        FlushTlb(withGlobal: true);
    }

    // Outside 64-bit mode: limit, and type where there are descriptors.
    private static bool Allows(in Segment s, ulong offset, int size, MemoryAccess access, bool typed)
    {
        uint attributes = s.Attributes;
        if (typed)
        {
            if ((attributes & Segment.Unusable) != 0)
                return false;
            bool code = (attributes & Segment.Code) != 0, second = (attributes & Segment.Writable) != 0;
            if (access == MemoryAccess.Write ? code || !second : code && !second && access == MemoryAccess.Read)
                return false;
            if (!code && (attributes & Segment.ExpandDown) != 0)
                return offset > s.Limit && offset + (ulong)size - 1 <= ((attributes & Segment.Big) != 0 ? uint.MaxValue : 0xFFFF);
        }

        return offset + (ulong)size - 1 <= s.Limit;
    }

    private bool IsProtectedNotVm => (_cpu->Cr0 & X86Cpu.Cr0Pe) != 0 && (_cpu->Rflags & X86Cpu.FlagVm) == 0;

    private bool ChecksAlignment => (_cpu->Cr0 & X86Cpu.Cr0Am) != 0 && (_cpu->Rflags & X86Cpu.FlagAc) != 0;

    private bool IsUser => _cpu->Cpl == 3;

    private static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;

    // Descriptor tables, task state and other things the processor reads by itself.
    private ulong ReadSystem(ulong linear, int size) => ReadLinear(SystemAddress(linear), size, user: false);

    private void WriteSystem(ulong linear, int size, ulong value) => WriteLinear(SystemAddress(linear), size, value, user: false);

    private ulong SystemAddress(ulong linear) => _cpu->IsLong ? linear : (uint)linear;

    // Host address of a byte, or null and the physical address of a device's.
    private byte* Find(ulong linear, MemoryAccess access, bool user, out ulong physical, out bool code)
    {
        if (_mapChanged)
            MapChanged();
        bool write = access == MemoryAccess.Write;
        ulong tag = (linear & ~PageOffset) | CacheValid | _generation | (user ? 1u : 0) | ((_cpu->Rflags & X86Cpu.FlagAc) >> 17) | (_cpu->Cpl == 3 ? 4u : 0);
        ref CacheEntry entry = ref _cache[(int)(linear >> 12 & (CacheSize - 1)) + (write ? CacheSize : 0)];
        if (entry.Tag != tag)
        {
            if (!TryTranslate(linear, access, user, out physical, out _, out uint error))
                throw new X86Fault(X86Vector.PageFault, error, linear);
            byte* host = write ? _memory.WritePointer(physical, out _) : _memory.ReadPointer(physical, out _);
            code = false;
            if (host == null)
            {
                (entry.Tag, entry.Physical) = (tag, physical & ~PageOffset);
                entry.Host = null;
                return null;
            }

            // Another processor may change the map just now; then it is a device for once.
            if (write && !TryFindCodeFlag(physical, out entry.Codes, out entry.CodeIndex))
                return null;
            entry.Tag = tag;
            entry.Physical = physical & ~PageOffset;
            entry.Host = host - (physical & PageOffset);
            code = write && entry.Codes![entry.CodeIndex] != 0;
            return host;
        }

        physical = entry.Physical | (linear & PageOffset);
        if (entry.Host == null)
        {
            code = false;
            return null;
        }

        code = write && entry.Codes![entry.CodeIndex] != 0;
        return entry.Host + (linear & PageOffset);
    }

    /// <summary>Plain memory that holds all bytes of an operand to be written, in one page; false for devices, ROM and operands across pages.</summary>
    /// <exception cref="X86Fault">#PF.</exception>
    internal bool TryFindMemory(ulong linear, int size, out byte* host, out ulong physical)
    {
        host = null;
        physical = 0;
        if ((linear & PageOffset) + (ulong)size > PageBytes)
            return false;
        host = Find(linear, MemoryAccess.Write, IsUser, out physical, out _);
        return host != null && _memory.ReadPointer(physical, out _) == host;
    }

    private bool TryFindCodeFlag(ulong physical, out uint[]? codes, out int index)
    {
        ref readonly MemorySlot slot = ref _memory.At(physical);
        codes = slot.Writes?.HasCode;
        index = slot.WritePage(physical);
        return codes is not null;
    }

    private ulong NextPage(ulong linear) => SystemAddress((linear | PageOffset) + 1);

    private ulong ReadAcross(ulong linear, int size, bool user)
    {
        int first = (int)(PageBytes - (linear & PageOffset));
        byte* low = Find(linear, MemoryAccess.Read, user, out ulong lowPhysical, out _), high = Find(NextPage(linear), MemoryAccess.Read, user, out ulong highPhysical, out _);
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            bool isLow = i < first;
            byte* p = isLow ? low : high;
            int at = isLow ? i : i - first;
            value |= (p != null ? p[at] : _memory.Read((isLow ? lowPhysical : highPhysical) + (ulong)at, 1) & 0xFF) << (8 * i);
        }

        return value;
    }

    private void WriteAcross(ulong linear, int size, ulong value, bool user)
    {
        int first = (int)(PageBytes - (linear & PageOffset));
        byte* low = Find(linear, MemoryAccess.Write, user, out ulong lowPhysical, out bool lowCode);
        byte* high = Find(NextPage(linear), MemoryAccess.Write, user, out ulong highPhysical, out bool highCode);
        for (int i = 0; i < size; i++)
        {
            bool isLow = i < first;
            byte* p = isLow ? low : high;
            int at = isLow ? i : i - first;
            byte b = (byte)(value >> (8 * i));
            if (p != null)
                p[at] = b;
            else
                _memory.Write((isLow ? lowPhysical : highPhysical) + (ulong)at, 1, b);
        }

        if (lowCode)
            _memory.Written(lowPhysical, first);
        if (highCode)
            _memory.Written(highPhysical, size - first);
    }

    // Devices know sizes of 1, 2, 4 and 8 only.
    private ulong ReadDevice(ulong physical, int size)
    {
        if ((size & (size - 1)) == 0)
            return _memory.Read(physical, size);
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (_memory.Read(physical + (ulong)i, 1) & 0xFF) << (8 * i);
        return value;
    }

    private void WriteDevice(ulong physical, int size, ulong value)
    {
        if ((size & (size - 1)) == 0)
        {
            _memory.Write(physical, size, value);
            return;
        }

        for (int i = 0; i < size; i++)
            _memory.Write(physical + (ulong)i, 1, value >> (8 * i) & 0xFF);
    }

    // Memory at a physical address, quickly for the bulk of it; null for devices.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* RamPointer(ulong physical)
    {
        if (_mapChanged)
            MapChanged();
        ulong offset = physical - _ramStart;
        return offset < _ramLength ? _ramHost + offset : _memory.ReadPointer(physical, out _);
    }

    private void MapChanged()
    {
        _mapChanged = false;
        Thread.MemoryBarrier();
        DropCache();
        _ramLength = 0;
        foreach (MemorySlot slot in _memory.Slots)
            if (slot.Reads is { } block && ReferenceEquals(block, slot.Writes) && slot.ReadOffset == slot.WriteOffset && slot.Length > _ramLength)
            {
                (_ramStart, _ramLength) = (slot.Start, slot.Length);
                _ramHost = block.Host + slot.ReadOffset;
            }
    }

    private void DropCache()
    {
        _generation = (_generation + GenerationStep) & GenerationMask;
        if (_generation == 0)
            Array.Clear(_cache);
    }

    private void FlushTlb(bool withGlobal)
    {
        DropCache();
        Events?.TlbFlush(withGlobal);
    }

    private void FlushTlbPage(ulong linear)
    {
        // The page may be a large one.
        DropCache();
        Events?.TlbFlushPage(linear);
    }

    private struct CacheEntry
    {
        public ulong Tag, Physical;
        public byte* Host;
        public uint[]? Codes;
        public int CodeIndex;
    }
}
