using Suite.Host.Diagnostics;

namespace Suite.Guest.X86.Machine;

/// <summary>Far jumps, calls and returns, gates, iret (Intel SDM volume 2 under these instructions, volume 3, 5.8 and 7.2).</summary>
public sealed unsafe partial class X86Core
{
    private const ulong FlagFixed = 2, AllFlags = 0x3F_7FD5, LowFlags = 0x7FD5;

    // Arithmetic flags, TF, DF, NT: what a return may always change.
    private const ulong CommonFlags = X86Cpu.FlagCf | X86Cpu.FlagPf | X86Cpu.FlagAf | X86Cpu.FlagZf | X86Cpu.FlagSf | X86Cpu.FlagTf | X86Cpu.FlagDf | X86Cpu.FlagOf | X86Cpu.FlagNt;

    // size: operand size in bytes.
    private void FarJump(ushort selector, ulong offset, int size, ulong next)
    {
        if (!IsProtectedNotVm)
        {
            JumpReal(selector, offset);
            return;
        }

        LogFar("ljmp", selector, offset, size);
        Descriptor d = ReadTarget(selector);
        if (d.IsCodeOrData)
        {
            CheckDirect(d, selector);
            CheckTarget(d, offset, _cpu->IsLong);
            EnterCode(ref d, selector, _cpu->Cpl, offset);
        }
        else if (d.Type is SystemCallGate16 or SystemCallGate32)
        {
            GateTarget gate = OpenGate(d, selector, call: false);
            EnterCode(ref gate.Code, gate.Selector, _cpu->Cpl, gate.Offset);
        }
        else
        {
            JumpToTask(d, selector, TaskSwitch.Jump, next);
        }
    }

    private void FarCall(ushort selector, ulong offset, int size, ulong next)
    {
        ref Segment cs = ref _cpu->Seg(SegmentName.Cs);
        ref Segment ss = ref _cpu->Seg(SegmentName.Ss);
        int bits = StackBits;
        if (!IsProtectedNotVm)
        {
            if (offset > cs.Limit)
                throw Protection(0);
            ulong sp = PushAll(ss, bits, StackPointer, size, [cs.Selector, next], IsUser, 0, typed: false);
            SetStackPointer(sp, bits);
            JumpReal(selector, offset);
            return;
        }

        LogFar("lcall", selector, offset, size);
        Descriptor d = ReadTarget(selector);
        if (d.IsCodeOrData)
        {
            CheckDirect(d, selector);
            CheckTarget(d, offset, _cpu->IsLong);
            ulong sp = PushAll(ss, bits, StackPointer, size, [cs.Selector, next], IsUser, 0, typed: true);
            EnterCode(ref d, selector, _cpu->Cpl, offset);
            SetStackPointer(sp, bits);
        }
        else if (d.Type is SystemCallGate16 or SystemCallGate32)
        {
            CallGate(d, selector, next);
        }
        else
        {
            JumpToTask(d, selector, TaskSwitch.Nested, next);
        }
    }

    // Before the checks: what is refused is worth seeing.
    private void LogFar(string what, ushort selector, ulong offset, int size)
    {
        if (Log is { } log && log.On(LogItems.ProtectedCall))
            log.Line($"{what} {selector:x4}:{offset:x16} s={size} at {_cpu->Seg(SegmentName.Cs).Selector:x4}:{_cpu->Rip:x16} cpl={_cpu->Cpl}");
    }

    private void JumpReal(ushort selector, ulong offset)
    {
        if (offset > _cpu->Seg(SegmentName.Cs).Limit)
            throw Protection(0);
        LoadRealSegment(SegmentName.Cs, selector);
        _cpu->Rip = offset;
    }

    private Descriptor ReadTarget(ushort selector) => IsNull(selector) ? throw Protection(0) : ReadDescriptor(selector, X86Vector.GeneralProtection);

    // A code segment that a jump or call names itself.
    private void CheckDirect(in Descriptor d, ushort selector)
    {
        int cpl = _cpu->Cpl;
        uint error = selector & SelectorMask;
        if (!d.IsCode || IsBadLong(d) || (d.IsConforming ? d.Dpl > cpl : (selector & 3) > cpl || d.Dpl != cpl))
            throw Protection(error);
        if (!d.IsPresent)
            throw NotPresent(error);
    }

    private void EnterCode(ref Descriptor d, ushort selector, int cpl, ulong offset)
    {
        MarkAccessed(ref d);
        SetCode(d, selector, cpl);
        _cpu->Rip = offset;
    }

    // A task gate, or a task state segment itself.
    private void JumpToTask(in Descriptor d, ushort selector, TaskSwitch kind, ulong next)
    {
        uint error = selector & SelectorMask;
        if (_cpu->IsLong || d.Type is not (SystemTaskGate or SystemTss16 or SystemTss32) || d.Dpl < _cpu->Cpl || d.Dpl < (selector & 3))
            throw Protection(error);
        if (!d.IsPresent)
            throw NotPresent(error);
        ushort task = d.Type == SystemTaskGate ? d.GateSelector : selector;
        SwitchTask(task, d.Type == SystemTaskGate ? CheckTaskOfGate(task, 0) : d, kind, next, _cpu->Rflags, 0);
    }

    // The code a call gate leads to, with all checks but those of the stack.
    private GateTarget OpenGate(in Descriptor gate, ushort selector, bool call)
    {
        int cpl = _cpu->Cpl;
        uint error = selector & SelectorMask;
        bool isLong = _cpu->IsLong;
        if ((isLong && gate.Type != SystemCallGate32) || gate.Dpl < cpl || gate.Dpl < (selector & 3))
            throw Protection(error);
        ulong high = isLong ? ReadDescriptorHigh(selector, gate, X86Vector.GeneralProtection) : 0;
        if (!gate.IsPresent)
            throw NotPresent(error);
        ushort target = gate.GateSelector;
        if (IsNull(target))
            throw Protection(0);
        Descriptor code = ReadDescriptor(target, X86Vector.GeneralProtection);
        uint codeError = target & SelectorMask;
        if (!code.IsCode || code.Dpl > cpl || (!call && !code.IsConforming && code.Dpl != cpl))
            throw Protection(codeError);
        if (isLong && (!code.IsLong || IsBadLong(code)))
            throw Protection(codeError);
        if (!code.IsPresent)
            throw NotPresent(codeError);
        ulong offset = gate.Type == SystemCallGate32 ? gate.GateOffset | high : (ushort)gate.GateOffset;
        CheckTarget(code, offset, isLong);
        return new GateTarget { Code = code, Selector = target, Offset = offset };
    }

    private void CallGate(in Descriptor gate, ushort selector, ulong next)
    {
        GateTarget target = OpenGate(gate, selector, call: true);
        ref Segment cs = ref _cpu->Seg(SegmentName.Cs);
        ref Segment ss = ref _cpu->Seg(SegmentName.Ss);
        int size = _cpu->IsLong ? 8 : gate.Type == SystemCallGate32 ? 4 : 2;
        int level = target.Code.Dpl;
        if (target.Code.IsConforming || level == _cpu->Cpl)
        {
            int same = _cpu->IsLong ? 64 : StackBits;
            ulong pointer = PushAll(ss, same, Cut(_cpu->Gpr[Rsp], same), size, [cs.Selector, next], IsUser, 0, typed: true);
            EnterCode(ref target.Code, target.Selector, _cpu->Cpl, target.Offset);
            SetStackPointer(pointer, same);
            return;
        }

        if (_cpu->IsLong)
        {
            ulong inner = LongStack(4 + level * 8, 0);
            ulong pushed = PushAll(ss, 64, inner, 8, [ss.Selector, _cpu->Gpr[Rsp], cs.Selector, next], user: false, 0, typed: true);
            EnterCode(ref target.Code, target.Selector, level, target.Offset);
            ss = NullStack((ushort)level, level);
            _cpu->Gpr[Rsp] = pushed;
            return;
        }

        InnerStack(level, 0, out Segment stack, out ulong sp);
        const int mostParameters = 31;
        Span<ulong> values = stackalloc ulong[4 + mostParameters];
        int parameters = (int)(gate.Raw >> 32 & mostParameters), count = 0;
        values[count++] = ss.Selector;
        values[count++] = StackPointer;
        for (int i = parameters - 1; i >= 0; i--)
            values[count++] = Peek(i, size);
        values[count++] = cs.Selector;
        values[count++] = next;
        int bits = BitsOf(stack);
        ulong top = PushAll(stack, bits, Cut(sp, bits), size, values[..count], user: false, stack.Selector & SelectorMask, typed: true);
        EnterCode(ref target.Code, target.Selector, level, target.Offset);
        ss = stack;
        _cpu->Gpr[Rsp] = sp;
        SetStackPointer(top, bits);
    }

    // retf: release is what it takes off the stack beyond the address.
    private void FarReturn(int size, int release)
    {
        ulong ip = Peek(0, size);
        ushort selector = (ushort)Peek(1, size);
        if (!IsProtectedNotVm)
        {
            JumpReal(selector, ip);
            Drop(2 * size + release);
            return;
        }

        LogFar("lret", selector, ip, size);
        Descriptor code = CheckReturn(selector, ip);
        int level = selector & 3;
        if (level == _cpu->Cpl)
        {
            EnterCode(ref code, selector, level, ip);
            Drop(2 * size + release);
            return;
        }

        ReadOuterStack(2 * size + release, size, code, level, out Segment stack, out ulong sp);
        EnterCode(ref code, selector, level, ip);
        LeaveTo(stack, sp + (ulong)release, code, outward: true);
    }

    // The code segment that a return goes to.
    private Descriptor CheckReturn(ushort selector, ulong ip)
    {
        if (IsNull(selector))
            throw Protection(0);
        Descriptor code = ReadDescriptor(selector, X86Vector.GeneralProtection);
        uint error = selector & SelectorMask;
        int level = selector & 3;
        if (level < _cpu->Cpl || !code.IsCode || (code.IsConforming ? code.Dpl > level : code.Dpl != level) || IsBadLong(code))
            throw Protection(error);
        if (!code.IsPresent)
            throw NotPresent(error);
        CheckTarget(code, ip, _cpu->IsLong);
        return code;
    }

    // The stack of the level returned to, which lies on the present stack this far from its top.
    private void ReadOuterStack(int distance, int size, in Descriptor code, int level, out Segment stack, out ulong sp)
    {
        int bits = StackBits;
        ulong top = _cpu->Gpr[Rsp] + (ulong)distance;
        sp = ReadLinear(LinearAddress(SegmentName.Ss, Cut(top, bits), size, MemoryAccess.Read), size, IsUser);
        ulong at = Cut(top + (ulong)size, bits);
        ushort selector = (ushort)ReadLinear(LinearAddress(SegmentName.Ss, at, size, MemoryAccess.Read), size, IsUser);
        if (IsNull(selector))
        {
            if (!_cpu->IsLong || !code.IsLong || level == 3 || (selector & 3) != level)
                throw Protection(0);
            stack = NullStack(selector, level);
            return;
        }

        Descriptor d = ReadDescriptor(selector, X86Vector.GeneralProtection);
        CheckStackDescriptor(d, selector, level, X86Vector.GeneralProtection, 0);
        MarkAccessed(ref d);
        stack = d.ToSegment(selector);
    }

    // Takes the stack of another level; a 16-bit one leaves the upper half of esp as it is.
    private void LeaveTo(in Segment stack, ulong sp, in Descriptor code, bool outward)
    {
        _cpu->Seg(SegmentName.Ss) = stack;
        SetStackPointer(sp, _cpu->IsLong && code.IsLong ? 64 : BitsOf(stack));
        if (outward)
            DropPrivilegedSegments();
    }

    private void InterruptReturn(int size)
    {
        if (!_cpu->IsProtected)
        {
            ReturnReal(size, size == 2 ? LowFlags : AllFlags & ~(X86Cpu.FlagVm | X86Cpu.FlagVif | X86Cpu.FlagVip));
        }
        else if (_cpu->IsVm86)
        {
            ReturnInVm(size);
        }
        else if ((_cpu->Rflags & X86Cpu.FlagNt) != 0)
        {
            if (_cpu->IsLong)
                throw Protection(0);
            ReturnFromTask();
        }
        else
        {
            ReturnProtected(size);
        }

        _cpu->NmiBlocked = 0;
        // RF is for the next instruction; where nothing asks for it, nobody would take it back.
        _resumeSet = (_cpu->Rflags & X86Cpu.FlagRf) != 0;
        if ((_cpu->Dr[7] & DrEnabled) == 0)
            _cpu->Rflags &= ~X86Cpu.FlagRf;
    }

    private void ReturnReal(int size, ulong mask)
    {
        ulong ip = Peek(0, size), selector = Peek(1, size), flags = Peek(2, size);
        JumpReal((ushort)selector, ip);
        Drop(3 * size);
        _cpu->Rflags = (_cpu->Rflags & ~mask) | (flags & mask) | FlagFixed;
    }

    private void ReturnInVm(int size)
    {
        ulong mask = (size == 2 ? LowFlags : AllFlags & ~(X86Cpu.FlagVm | X86Cpu.FlagVif | X86Cpu.FlagVip)) & ~X86Cpu.FlagIopl;
        if ((_cpu->Rflags & X86Cpu.FlagIopl) == X86Cpu.FlagIopl)
        {
            ReturnReal(size, mask);
            return;
        }

        if (size != 2 || (_cpu->Cr4 & X86Cpu.Cr4Vme) == 0)
            throw Protection(0);
        ulong flags = Peek(2, 2);
        if ((flags & X86Cpu.FlagTf) != 0 || ((flags & X86Cpu.FlagIf) != 0 && (_cpu->Rflags & X86Cpu.FlagVip) != 0))
            throw Protection(0);
        ReturnReal(size, mask & ~X86Cpu.FlagIf);
        SetVirtualInterruptFlag((flags & X86Cpu.FlagIf) != 0);
    }

    private void SetVirtualInterruptFlag(bool value) => _cpu->Rflags = (_cpu->Rflags & ~X86Cpu.FlagVif) | (value ? X86Cpu.FlagVif : 0);

    private void ReturnFromTask()
    {
        ushort selector = (ushort)ReadSystem(_cpu->Seg(SegmentName.Tr).Base + TssLink, 2);
        uint error = selector & SelectorMask;
        if ((selector & LocalTable) != 0)
            throw InvalidTss(error);
        Descriptor tss = ReadDescriptor(selector, X86Vector.InvalidTss);
        if (tss.IsCodeOrData || tss.Type is not ((SystemTss16 | SystemTssBusy) or (SystemTss32 | SystemTssBusy)))
            throw InvalidTss(error);
        if (!tss.IsPresent)
            throw NotPresent(error);
        SwitchTask(selector, tss, TaskSwitch.Return, NextRip, _cpu->Rflags, 0);
    }

    private void ReturnProtected(int size)
    {
        ulong ip = Peek(0, size), flags = Peek(2, size);
        ushort selector = (ushort)Peek(1, size);
        int cpl = _cpu->Cpl;
        LogFar("iret", selector, ip, size);
        if ((flags & X86Cpu.FlagVm) != 0 && cpl == 0 && size == 4 && !_cpu->IsLong)
        {
            ReturnToVm(ip, selector, flags);
            return;
        }

        ulong mask = CommonFlags | (size == 2 ? 0 : X86Cpu.FlagRf | X86Cpu.FlagAc | X86Cpu.FlagId);
        if (cpl <= (int)(_cpu->Rflags >> 12 & 3))
            mask |= X86Cpu.FlagIf;
        if (cpl == 0)
            mask |= X86Cpu.FlagIopl | (size == 2 ? 0 : X86Cpu.FlagVif | X86Cpu.FlagVip);
        Descriptor code = CheckReturn(selector, ip);
        int level = selector & 3;
        if (level == cpl && !_cpu->Is64)
        {
            EnterCode(ref code, selector, level, ip);
            Drop(3 * size);
        }
        else
        {
            ReadOuterStack(3 * size, size, code, level, out Segment stack, out ulong sp);
            EnterCode(ref code, selector, level, ip);
            LeaveTo(stack, sp, code, outward: level != cpl);
        }

        _cpu->Rflags = (_cpu->Rflags & ~mask) | (flags & mask) | FlagFixed;
    }

    private void ReturnToVm(ulong ip, ushort selector, ulong flags)
    {
        ulong sp = Peek(3, 4);
        Span<ushort> selectors = stackalloc ushort[5]; // ss es ds fs gs
        for (int i = 0; i < selectors.Length; i++)
            selectors[i] = (ushort)Peek(4 + i, 4);
        _cpu->Rflags = (flags & AllFlags) | FlagFixed;
        LoadRealSegment(SegmentName.Cs, selector);
        LoadRealSegment(SegmentName.Ss, selectors[0]);
        LoadRealSegment(SegmentName.Es, selectors[1]);
        LoadRealSegment(SegmentName.Ds, selectors[2]);
        LoadRealSegment(SegmentName.Fs, selectors[3]);
        LoadRealSegment(SegmentName.Gs, selectors[4]);
        _cpu->Cpl = 3;
        _cpu->Gpr[Rsp] = (uint)sp;
        _cpu->Rip = (ushort)ip;
    }

    private struct GateTarget
    {
        public Descriptor Code;
        public ushort Selector;
        public ulong Offset;
    }
}
