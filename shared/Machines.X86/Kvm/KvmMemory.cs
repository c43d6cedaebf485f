using Suite.Jit.Memory;

namespace Suite.Machines.X86.Kvm;

/// <summary>
/// Keeps the kernel's memory slots as the machine's memory map is. Memory that is read and written at different places (shadow memory of a
/// chipset) is given for reading; its writes come back as exits, and so do those to ROM.
/// </summary>
internal sealed unsafe class KvmMemory
{
    private readonly KvmDescriptor _vm;
    private readonly PhysicalMemory _memory;
    private readonly int _slots;
    private readonly bool _hasReadOnly;
    private readonly Dictionary<MemorySlot, uint> _mapped = [];
    private readonly Stack<uint> _free = [];
    private uint _next;

    /// <summary>Maps what is there, and follows changes.</summary>
    public KvmMemory(KvmSystem system, KvmDescriptor vm, PhysicalMemory memory)
    {
        (_vm, _memory) = (vm, memory);
        _slots = Math.Max(system.Capability(KvmApi.KVM_CAP_NR_MEMSLOTS), 32);
        _hasReadOnly = system.Has(KvmApi.KVM_CAP_READONLY_MEM);
        memory.Changed += Follow;
        Follow();
    }

    /// <summary>Which pages were written since the last call: sets bytes of the result, one for each 4096 bytes of the block. From the first call on the kernel notes them.</summary>
    public void TakeWritten(RamBlock block, Span<byte> pages)
    {
        TakeMarks(block, pages);
        ulong* request = stackalloc ulong[2];
        foreach ((MemorySlot slot, uint number) in _mapped)
        {
            if (slot.Reads != block)
                continue;
            int count = (int)(slot.Length >> 12), first = (int)(slot.ReadOffset >> 12);
            ulong[] bits = new ulong[(count + 63) / 64];
            fixed (ulong* p = bits)
            {
                (request[0], request[1]) = (number, (ulong)p);
                if (_vm.Try(KvmApi.KVM_GET_DIRTY_LOG, (long)request) < 0)
                    continue;
            }

            for (int i = 0; i < count && first + i < pages.Length; i++)
                if ((bits[i / 64] >> (i % 64) & 1) != 0)
                    pages[first + i] = 1;
        }
    }

    private void TakeMarks(RamBlock block, Span<byte> pages)
    {
        if (block.WriteMarks is not { } marks)
        {
            block.WriteMarks = new byte[block.Bytes >> 12];
            pages.Fill(1);
            foreach ((MemorySlot slot, uint number) in _mapped)
                if (slot.Reads == block)
                    Set(slot, number, slot.Length);
            return;
        }

        for (int i = marks.AsSpan().IndexOf((byte)1); i >= 0 && i < pages.Length; i++)
            (pages[i], marks[i]) = ((byte)(pages[i] | marks[i]), 0);
    }

    private void Follow()
    {
        HashSet<MemorySlot> wanted = [];
        foreach (MemorySlot slot in _memory.Slots)
            if (IsForKernel(slot))
                wanted.Add(slot);
        foreach (MemorySlot gone in _mapped.Keys.Where(slot => !wanted.Contains(slot)).ToArray())
        {
            gone.Reads!.WriteMarks?.AsSpan().Fill(1); // what the kernel noted goes with the slot
            Set(gone, _mapped[gone], 0);
            _free.Push(_mapped[gone]);
            _mapped.Remove(gone);
        }

        foreach (MemorySlot slot in wanted)
        {
            if (_mapped.ContainsKey(slot))
                continue;
            if (!_free.TryPop(out uint number))
                number = _next < _slots ? _next++ : throw new KvmException($"the kernel has only {_slots} memory slots");
            Set(slot, number, slot.Length);
            _mapped.Add(slot, number);
        }
    }

    private bool IsForKernel(in MemorySlot slot) => slot.Reads is not null && (_hasReadOnly || IsPlain(slot));

    private static bool IsPlain(in MemorySlot slot) => slot.Reads == slot.Writes && slot.ReadOffset == slot.WriteOffset;

    private void Set(in MemorySlot slot, uint number, ulong length)
    {
        KvmMemoryRegion region = new()
        {
            Slot = number,
            Flags = length == 0 ? 0 : (IsPlain(slot) ? 0 : KvmApi.KVM_MEM_READONLY) | (slot.Reads!.WriteMarks is not null ? KvmApi.KVM_MEM_LOG_DIRTY_PAGES : 0),
            GuestAddress = slot.Start,
            Size = length,
            HostAddress = (ulong)slot.Reads!.Host + slot.ReadOffset,
        };
        _vm.Call(KvmApi.KVM_SET_USER_MEMORY_REGION, ref region, "KVM_SET_USER_MEMORY_REGION");
    }
}
