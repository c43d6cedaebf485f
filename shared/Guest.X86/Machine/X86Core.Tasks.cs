namespace Suite.Guest.X86.Machine;

/// <summary>Hardware task switches by 16- and 32-bit task state segments (Intel SDM volume 3, chapter 7).</summary>
public sealed unsafe partial class X86Core
{
    // Offsets in a 32-bit task state segment.
    private const ulong TssLink = 0, TssCr3 = 0x1C, TssEip = 0x20, TssFlags = 0x24, TssRegisters = 0x28, TssSelectors = 0x48, TssLdt = 0x60, TssTrap = 0x64, TssPorts = 0x66;

    // The same in a 16-bit one.
    private const ulong Tss16Ip = 0x0E, Tss16Flags = 0x10, Tss16Registers = 0x12, Tss16Selectors = 0x22, Tss16Ldt = 0x2A;

    private const uint Tss16Limit = 0x2B, Tss32Limit = 0x67;

    private enum TaskSwitch
    {
        /// <summary>jmp: the old task ends.</summary>
        Jump,

        /// <summary>call, interrupt: the old task stays busy, the new one links back to it.</summary>
        Nested,

        /// <summary>iret with NT: back along the link.</summary>
        Return,
    }

    // The task state a task gate names, checked.
    private Descriptor CheckTaskOfGate(ushort selector, uint external)
    {
        uint error = (selector & SelectorMask) | external;
        if ((selector & LocalTable) != 0)
            throw Protection(error);
        Descriptor tss = ReadDescriptor(selector, X86Vector.GeneralProtection, external);
        if (tss.IsCodeOrData || tss.Type is not (SystemTss16 or SystemTss32))
            throw Protection(error);
        return tss.IsPresent ? tss : throw NotPresent(error);
    }

    // rip: where the old task goes on. Faults found before the new state is loaded leave everything as it was; later ones belong to the new task.
    private void SwitchTask(ushort selector, Descriptor tss, TaskSwitch kind, ulong rip, ulong flags, uint external)
    {
        bool wide = (tss.Type & 8) != 0;
        uint error = (selector & SelectorMask) | external;
        if (tss.Limit < (wide ? Tss32Limit : Tss16Limit))
            throw InvalidTss(error);
        var next = default(TaskState);
        ReadTask(ref next, tss.Base, wide);
        ref Segment tr = ref _cpu->Seg(SegmentName.Tr);
        ushort oldSelector = tr.Selector;
        bool oldWide = (tr.Attributes & 8) != 0;
        ProbeTask(tr.Base, oldWide);
        if (kind == TaskSwitch.Nested)
            Find(SystemAddress(tss.Base), MemoryAccess.Write, user: false, out _, out _);
        if (!TryFindDescriptor((ushort)(oldSelector & ~LocalTable), 8, out ulong oldDescriptor))
            throw InvalidTss((oldSelector & SelectorMask) | external);
        Find(SystemAddress(tss.Address), MemoryAccess.Write, user: false, out _, out _);
        Find(SystemAddress(oldDescriptor), MemoryAccess.Write, user: false, out _, out _);

        if (kind != TaskSwitch.Nested)
            SetBusy(oldDescriptor, false);
        if (kind == TaskSwitch.Return)
            flags &= ~X86Cpu.FlagNt;
        WriteTask(tr.Base, oldWide, rip, flags);
        if (kind == TaskSwitch.Nested)
        {
            WriteSystem(tss.Base + TssLink, 2, oldSelector);
            next.Flags |= X86Cpu.FlagNt;
        }

        if (kind != TaskSwitch.Return)
            SetBusy(tss.Address, true);

        tr = tss.ToSegment(selector);
        tr.Attributes |= SystemTssBusy;
        _cpu->Cr0 |= X86Cpu.Cr0Ts;
        _cpu->Dr[7] &= ~DrLocal;
        if (wide && (_cpu->Cr0 & X86Cpu.Cr0Pg) != 0 && next.Cr3 != _cpu->Cr3)
        {
            _cpu->Cr3 = next.Cr3;
            FlushTlb(withGlobal: false);
        }

        LoadTaskState(next, wide, external);
        if ((next.Trap & 1) != 0)
            _pendingDebug |= DrTaskSwitch;
    }

    private void LoadTaskState(in TaskState next, bool wide, uint external)
    {
        _cpu->Rip = next.Ip;
        _cpu->Rflags = (next.Flags & (wide ? AllFlags : 0x7FD5UL)) | FlagFixed;
        for (int i = 0; i < 8; i++)
            _cpu->Gpr[i] = wide ? next.Registers[i] : Merge(_cpu->Gpr[i], next.Registers[i], 16);
        bool vm = wide && (next.Flags & X86Cpu.FlagVm) != 0;
        // Until they are checked the segments are unusable: a fault from here on happens in the new task.
        for (int i = 0; i < 6; i++)
            _cpu->Seg(i) = new Segment { Selector = next.Selectors[i], Attributes = Segment.Unusable };
        ref Segment ldt = ref _cpu->Seg(SegmentName.Ldtr);
        ldt = new Segment { Selector = next.Ldt, Attributes = Segment.Unusable };
        _cpu->Cpl = (byte)(vm ? 3 : next.Selectors[(int)SegmentName.Cs] & 3);
        if (vm)
            for (int i = 0; i < 6; i++)
                LoadRealSegment((SegmentName)i, next.Selectors[i]);
        if (!IsNull(next.Ldt))
            ldt = CheckLdt(next.Ldt, X86Vector.InvalidTss, X86Vector.InvalidTss, external);
        if (!vm)
            LoadTaskSegments(next, external);
        if (next.Ip > _cpu->Seg(SegmentName.Cs).Limit)
            throw Protection(external);
    }

    private void LoadTaskSegments(in TaskState next, uint external)
    {
        int cpl = _cpu->Cpl;
        ushort cs = next.Selectors[(int)SegmentName.Cs], ss = next.Selectors[(int)SegmentName.Ss];
        uint error = (cs & SelectorMask) | external;
        if (IsNull(cs))
            throw InvalidTss(error);
        Descriptor code = ReadDescriptor(cs, X86Vector.InvalidTss, external);
        if (!code.IsCode || (code.IsConforming ? code.Dpl > cpl : code.Dpl != cpl))
            throw InvalidTss(error);
        if (!code.IsPresent)
            throw NotPresent(error);
        MarkAccessed(ref code);
        _cpu->Seg(SegmentName.Cs) = code.ToSegment(cs);

        if (IsNull(ss))
            throw InvalidTss((ss & SelectorMask) | external);
        Descriptor stack = ReadDescriptor(ss, X86Vector.InvalidTss, external);
        CheckStackDescriptor(stack, ss, cpl, X86Vector.InvalidTss, external);
        MarkAccessed(ref stack);
        _cpu->Seg(SegmentName.Ss) = stack.ToSegment(ss);

        foreach (SegmentName name in (ReadOnlySpan<SegmentName>)[SegmentName.Es, SegmentName.Ds, SegmentName.Fs, SegmentName.Gs])
        {
            ushort selector = next.Selectors[(int)name];
            if (IsNull(selector))
                continue;
            uint dataError = (selector & SelectorMask) | external;
            Descriptor d = ReadDescriptor(selector, X86Vector.InvalidTss, external);
            if (!d.IsCodeOrData || (d.IsCode && (d.Attributes & Segment.Readable) == 0) || (!d.IsConforming && (d.Dpl < cpl || d.Dpl < (selector & 3))))
                throw InvalidTss(dataError);
            if (!d.IsPresent)
                throw NotPresent(dataError);
            MarkAccessed(ref d);
            _cpu->Seg(name) = d.ToSegment(selector);
        }
    }

    private void ReadTask(ref TaskState task, ulong at, bool wide)
    {
        int size = wide ? 4 : 2;
        task.Cr3 = wide ? ReadSystem(at + TssCr3, 4) : 0;
        task.Ip = ReadSystem(at + (wide ? TssEip : Tss16Ip), size);
        task.Flags = ReadSystem(at + (wide ? TssFlags : Tss16Flags), size);
        for (int i = 0; i < 8; i++)
            task.Registers[i] = ReadSystem(at + (wide ? TssRegisters : Tss16Registers) + (ulong)(i * size), size);
        for (int i = 0; i < (wide ? 6 : 4); i++)
            task.Selectors[i] = (ushort)ReadSystem(at + (wide ? TssSelectors : Tss16Selectors) + (ulong)(i * size), 2);
        task.Ldt = (ushort)ReadSystem(at + (wide ? TssLdt : Tss16Ldt), 2);
        task.Trap = wide ? (ushort)ReadSystem(at + TssTrap, 2) : (ushort)0;
    }

    private void WriteTask(ulong at, bool wide, ulong rip, ulong flags)
    {
        int size = wide ? 4 : 2;
        WriteSystem(at + (wide ? TssEip : Tss16Ip), size, rip);
        WriteSystem(at + (wide ? TssFlags : Tss16Flags), size, flags);
        for (int i = 0; i < 8; i++)
            WriteSystem(at + (wide ? TssRegisters : Tss16Registers) + (ulong)(i * size), size, _cpu->Gpr[i]);
        for (int i = 0; i < (wide ? 6 : 4); i++)
            WriteSystem(at + (wide ? TssSelectors : Tss16Selectors) + (ulong)(i * size), 2, _cpu->Seg(i).Selector);
    }

    // Both ends of what WriteTask writes, so that it cannot fault half-way.
    private void ProbeTask(ulong at, bool wide)
    {
        Find(SystemAddress(at + (wide ? TssEip : Tss16Ip)), MemoryAccess.Write, user: false, out _, out _);
        Find(SystemAddress(at + (wide ? TssLdt : Tss16Ldt)), MemoryAccess.Write, user: false, out _, out _);
    }

    private struct TaskState
    {
        public ulong Cr3, Ip, Flags;
        public fixed ulong Registers[8];
        public fixed ushort Selectors[6];
        public ushort Ldt, Trap;
    }
}
