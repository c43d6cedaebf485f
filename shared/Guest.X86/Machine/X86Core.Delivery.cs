using Suite.Host.Diagnostics;

namespace Suite.Guest.X86.Machine;

/// <summary>Interrupts and exceptions: from a vector to its handler in every mode (Intel SDM volume 3, chapter 6; volume 2, INT n).</summary>
public sealed unsafe partial class X86Core
{
    private const uint IdtBit = 2;

    /// <summary>Why a vector is delivered.</summary>
    private enum Cause
    {
        /// <summary>The processor found something: faults and traps, int1.</summary>
        Exception,

        /// <summary>From outside: interrupts, NMI.</summary>
        External,

        /// <summary>int n.</summary>
        Software,

        /// <summary>int3 and into.</summary>
        SoftwareException,
    }

    // Set while a repeated string instruction is interrupted between iterations: RF is set in what is pushed then.
    private bool _inRepeat;
    private ulong _repeatRip;

    /// <summary>True when an interrupt may be taken now: IF set and no interrupt shadow.</summary>
    public bool CanInterrupt => (_cpu->Rflags & X86Cpu.FlagIf) != 0 && _cpu->InterruptShadow == 0;

    /// <summary>Delivers an exception raised by the instruction at Rip.</summary>
    public void RaiseFault(X86Fault fault) => RaiseFault(fault.Vector, fault.Error, fault.Address);

    /// <summary>Delivers an exception raised by the instruction at Rip, without an exception object.</summary>
    /// <param name="vector">Which.</param>
    /// <param name="error">Error code, for those that push one.</param>
    /// <param name="address">Page faults: becomes CR2.</param>
    public void RaiseFault(X86Vector vector, uint error = 0, ulong address = 0)
    {
        if (vector == X86Vector.X87Fault && (_cpu->Cr0 & X86Cpu.Cr0Ne) == 0)
        {
            WaitForFpuInterrupt();
            return;
        }

        // Debug exceptions push RF as it is; they are traps, or faults that the handler is to see once more if it does not act.
        bool resume = vector != X86Vector.Debug;
        _pendingDebug = 0; // what the instruction hit has not happened
        DeliverException(vector, error, address, resume);
    }

    /// <summary>Delivers an external interrupt before the instruction at Rip; wakes from hlt. The caller has looked at <see cref="CanInterrupt"/>.</summary>
    public void Interrupt(int vector) => DeliverOutside(vector);

    /// <summary>Delivers a non-maskable interrupt; the caller has looked at NmiBlocked.</summary>
    public void DeliverNmi()
    {
        _cpu->NmiBlocked = 1;
        DeliverOutside((int)X86Vector.Nmi);
    }

    private void DeliverOutside(int vector)
    {
        _cpu->Halted = 0;
        try
        {
            bool resume = _inRepeat && _repeatRip == _cpu->Rip;
            DeliverOnce(vector, null, Cause.External, _cpu->Rip, resume);
        }
        catch (X86Fault fault)
        {
            DeliverException(fault.Vector, fault.Error, fault.Address, resume: true);
        }
    }

    // Follows an exception to its handler, through the exceptions that this may raise.
    private void DeliverException(X86Vector vector, uint error, ulong address, bool resume)
    {
        _cpu->Halted = 0;
        while (!IsShutDown)
        {
            if (vector == X86Vector.PageFault)
                _cpu->Cr2 = address;
            try
            {
                DeliverOnce((int)vector, HasErrorCode(vector) ? error : null, Cause.Exception, _cpu->Rip, resume);
                return;
            }
            catch (X86Fault next)
            {
                (vector, error, address) = (Escalate(vector, next.Vector), next.Error, next.Address);
                resume = true;
                if (vector == X86Vector.DoubleFault)
                    error = 0;
            }
        }
    }

    // The exception that follows from one raised while another is delivered (Intel SDM volume 3, table 6-5).
    private X86Vector Escalate(X86Vector first, X86Vector second)
    {
        bool benign = !IsContributory(second) && second != X86Vector.PageFault;
        if (benign)
            return second;
        if (first == X86Vector.DoubleFault)
        {
            IsShutDown = true;
            if (Log is { } log && log.On(LogItems.Int | LogItems.CpuReset))
                log.Line($"Triple fault (CPU {_index})");
            return second;
        }

        bool serious = first == X86Vector.PageFault || (IsContributory(first) && IsContributory(second));
        return serious ? X86Vector.DoubleFault : second;
    }

    private static bool IsContributory(X86Vector vector) => vector is X86Vector.DivideError or X86Vector.InvalidTss or X86Vector.SegmentNotPresent
        or X86Vector.StackFault or X86Vector.GeneralProtection;

    private static bool HasErrorCode(X86Vector vector) => vector is X86Vector.DoubleFault or X86Vector.InvalidTss or X86Vector.SegmentNotPresent
        or X86Vector.StackFault or X86Vector.GeneralProtection or X86Vector.PageFault or X86Vector.AlignmentCheck;

    // One attempt. Whatever it throws, nothing has changed but accessed bits - or, behind a task gate, the task.
    private void DeliverOnce(int vector, uint? error, Cause cause, ulong returnRip, bool resume)
    {
        Log?.Interrupt(_cpu, vector, error ?? 0, cause is Cause.Software or Cause.SoftwareException, cause == Cause.External);
        ulong flags = _cpu->Rflags | (resume ? X86Cpu.FlagRf : 0);
        if (!_cpu->IsProtected)
            DeliverReal(vector, returnRip, flags);
        else if (_cpu->IsLong)
            DeliverLong(vector, error, cause, returnRip, flags);
        else
            DeliverProtected(vector, error, cause, returnRip, flags);
        _cpu->InterruptShadow = 0;
        _inRepeat = false;
        if (vector == (int)X86Vector.Debug && cause == Cause.Exception)
            _cpu->Dr[7] &= ~DrGeneralDetect;
    }

    // Through the vector table of 16-bit far pointers.
    private void DeliverReal(int vector, ulong returnRip, ulong flags)
    {
        if (vector * 4 + 3 > _cpu->Idtr.Limit)
            throw Protection((uint)vector * 8 + IdtBit);
        uint entry = (uint)ReadSystem(_cpu->Idtr.Base + (ulong)vector * 4, 4);
        int bits = StackBits;
        ulong sp = PushAll(_cpu->Seg(SegmentName.Ss), bits, StackPointer, 2, [(ushort)flags, _cpu->Seg(SegmentName.Cs).Selector, (ushort)returnRip], IsUser, 0, typed: false);
        SetStackPointer(sp, bits);
        LoadRealSegment(SegmentName.Cs, (ushort)(entry >> 16));
        _cpu->Rip = (ushort)entry;
        _cpu->Rflags &= ~(X86Cpu.FlagIf | X86Cpu.FlagTf | X86Cpu.FlagAc | X86Cpu.FlagRf);
    }

    private void DeliverProtected(int vector, uint? error, Cause cause, ulong returnRip, ulong flags)
    {
        uint external = cause is Cause.Exception or Cause.External ? 1u : 0;
        uint idtError = (uint)vector * 8 + IdtBit + external;
        if (vector * 8 + 7 > _cpu->Idtr.Limit)
            throw Protection(idtError);
        var gate = new Descriptor(ReadSystem(_cpu->Idtr.Base + (ulong)vector * 8, 8), 0);
        uint type = gate.Type;
        if (gate.IsCodeOrData || !((type & 7) is SystemInterruptGate16 or SystemTrapGate16 || type == SystemTaskGate))
            throw Protection(idtError);
        if (cause is Cause.Software or Cause.SoftwareException && gate.Dpl < _cpu->Cpl)
            throw Protection(idtError);
        if (!gate.IsPresent)
            throw NotPresent(idtError);
        if (type == SystemTaskGate)
        {
            DeliverThroughTask(gate.GateSelector, error, external, returnRip, flags);
            return;
        }

        ushort selector = gate.GateSelector;
        Descriptor code = CheckHandler(selector, external);
        int size = (type & 8) != 0 ? 4 : 2;
        bool vm = (flags & X86Cpu.FlagVm) != 0;
        bool inner = !code.IsConforming && code.Dpl < _cpu->Cpl;
        if (vm && (!inner || code.Dpl != 0))
            throw Protection((selector & SelectorMask) | external);
        ulong target = size == 4 ? gate.GateOffset : (ushort)gate.GateOffset;
        ref Segment cs = ref _cpu->Seg(SegmentName.Cs);
        ref Segment ss = ref _cpu->Seg(SegmentName.Ss);
        Span<ulong> values = stackalloc ulong[10];
        int count = 0;
        int cpl = inner ? code.Dpl : _cpu->Cpl;
        Segment stack = ss;
        ulong sp = _cpu->Gpr[Rsp];
        uint stackError = 0;
        if (inner)
        {
            InnerStack(code.Dpl, external, out stack, out sp);
            stackError = (stack.Selector & SelectorMask) | external;
            if (vm)
            {
                values[count++] = _cpu->Seg(SegmentName.Gs).Selector;
                values[count++] = _cpu->Seg(SegmentName.Fs).Selector;
                values[count++] = _cpu->Seg(SegmentName.Ds).Selector;
                values[count++] = _cpu->Seg(SegmentName.Es).Selector;
            }

            values[count++] = ss.Selector;
            values[count++] = _cpu->Gpr[Rsp];
        }

        values[count++] = flags;
        values[count++] = cs.Selector;
        values[count++] = returnRip;
        if (error is { } code0)
            values[count++] = code0;
        int bits = BitsOf(stack);
        CheckTarget(code, target, isLong: false, external);
        ulong pushed = PushAll(stack, bits, Cut(sp, bits), size, values[..count], cpl == 3, stackError, typed: true);

        MarkAccessed(ref code);
        if (inner)
        {
            _cpu->Seg(SegmentName.Ss) = stack;
            _cpu->Gpr[Rsp] = sp;
        }

        SetStackPointer(pushed, bits);
        if (vm)
        {
            // The handler finds null selectors: what they held is on the stack.
            foreach (SegmentName name in (ReadOnlySpan<SegmentName>)[SegmentName.Es, SegmentName.Ds, SegmentName.Fs, SegmentName.Gs])
                _cpu->Seg(name) = new Segment { Attributes = Segment.Unusable };
        }

        _cpu->Rflags &= ~(X86Cpu.FlagTf | X86Cpu.FlagNt | X86Cpu.FlagRf | X86Cpu.FlagVm | ((type & 1) == 0 ? X86Cpu.FlagIf : 0));
        SetCode(code, selector, cpl);
        _cpu->Rip = target;
    }

    // The code segment a gate of the IDT names.
    private Descriptor CheckHandler(ushort selector, uint external)
    {
        if (IsNull(selector))
            throw Protection(external);
        Descriptor code = ReadDescriptor(selector, X86Vector.GeneralProtection, external);
        uint error = (selector & SelectorMask) | external;
        if (!code.IsCode || code.Dpl > _cpu->Cpl)
            throw Protection(error);
        if (!code.IsPresent)
            throw NotPresent(error);
        return code;
    }

    private void DeliverThroughTask(ushort selector, uint? error, uint external, ulong returnRip, ulong flags)
    {
        Descriptor tss = CheckTaskOfGate(selector, external);
        SwitchTask(selector, tss, TaskSwitch.Nested, returnRip, flags, external);
        if (error is not { } code)
            return;
        int size = (tss.Type & 8) != 0 ? 4 : 2;
        ref Segment ss = ref _cpu->Seg(SegmentName.Ss);
        int bits = BitsOf(ss);
        SetStackPointer(PushAll(ss, bits, StackPointer, size, [code], IsUser, external, IsProtectedNotVm), bits);
    }

    // Stack of an inner level, from the task state.
    private void InnerStack(int level, uint external, out Segment stack, out ulong sp)
    {
        ref Segment tr = ref _cpu->Seg(SegmentName.Tr);
        ushort selector;
        if ((tr.Attributes & 8) != 0)
        {
            ulong at = (ulong)level * 8 + 4;
            if (at + 5 > tr.Limit)
                throw InvalidTss((tr.Selector & SelectorMask) | external);
            sp = ReadSystem(tr.Base + at, 4);
            selector = (ushort)ReadSystem(tr.Base + at + 4, 2);
        }
        else
        {
            ulong at = (ulong)level * 4 + 2;
            if (at + 3 > tr.Limit)
                throw InvalidTss((tr.Selector & SelectorMask) | external);
            sp = ReadSystem(tr.Base + at, 2);
            selector = (ushort)ReadSystem(tr.Base + at + 2, 2);
        }

        if (IsNull(selector))
            throw InvalidTss(external);
        Descriptor d = ReadDescriptor(selector, X86Vector.InvalidTss, external);
        CheckStackDescriptor(d, selector, level, X86Vector.InvalidTss, external);
        MarkAccessed(ref d);
        stack = d.ToSegment(selector);
    }

    private void DeliverLong(int vector, uint? error, Cause cause, ulong returnRip, ulong flags)
    {
        uint external = cause is Cause.Exception or Cause.External ? 1u : 0;
        uint idtError = (uint)vector * 8 + IdtBit + external;
        if (vector * 16 + 15 > _cpu->Idtr.Limit)
            throw Protection(idtError);
        ulong at = _cpu->Idtr.Base + (ulong)vector * 16;
        var gate = new Descriptor(ReadSystem(at, 8), 0);
        ulong high = ReadSystem(at + 8, 8);
        if (gate.IsCodeOrData || (gate.Type & ~1u) != (SystemInterruptGate16 | 8))
            throw Protection(idtError);
        if (cause is Cause.Software or Cause.SoftwareException && gate.Dpl < _cpu->Cpl)
            throw Protection(idtError);
        if (!gate.IsPresent)
            throw NotPresent(idtError);
        ushort selector = gate.GateSelector;
        Descriptor code = CheckHandler(selector, external);
        if (!code.IsLong || (code.Attributes & Segment.Big) != 0)
            throw Protection((selector & SelectorMask) | external);
        ulong target = gate.GateOffset | high << 32;
        int ist = (int)(gate.Raw >> 32 & 7);
        bool inner = !code.IsConforming && code.Dpl < _cpu->Cpl;
        int cpl = inner ? code.Dpl : _cpu->Cpl;
        ulong sp = ist != 0 ? LongStack(0x24 + (ist - 1) * 8, external) : inner ? LongStack(4 + code.Dpl * 8, external) : _cpu->Gpr[Rsp];
        Span<ulong> values = stackalloc ulong[6];
        values[0] = _cpu->Seg(SegmentName.Ss).Selector;
        values[1] = _cpu->Gpr[Rsp];
        values[2] = flags;
        values[3] = _cpu->Seg(SegmentName.Cs).Selector;
        values[4] = returnRip;
        values[5] = error.GetValueOrDefault();
        if (!IsCanonical(target))
            throw Protection(external);
        sp = PushAll(_cpu->Seg(SegmentName.Ss), 64, sp & ~15UL, 8, values[..(error.HasValue ? 6 : 5)], cpl == 3, external, typed: true);

        MarkAccessed(ref code);
        if (inner)
            _cpu->Seg(SegmentName.Ss) = NullStack((ushort)cpl, cpl);
        _cpu->Gpr[Rsp] = sp;
        _cpu->Rflags &= ~(X86Cpu.FlagTf | X86Cpu.FlagNt | X86Cpu.FlagRf | ((gate.Type & 1) == 0 ? X86Cpu.FlagIf : 0));
        SetCode(code, selector, cpl);
        _cpu->Rip = target;
    }

    private ulong LongStack(int offset, uint external)
    {
        ref Segment tr = ref _cpu->Seg(SegmentName.Tr);
        if ((uint)offset + 7 > tr.Limit)
            throw InvalidTss((tr.Selector & SelectorMask) | external);
        ulong sp = ReadSystem(tr.Base + (ulong)offset, 8);
        return IsCanonical(sp) ? sp : throw StackFault(external);
    }

    // int n, int3, into, int1: trap-like, the address pushed is that of the next instruction.
    private void SoftwareInterrupt(int vector, Cause cause, ulong next)
    {
        if (_cpu->IsVm86 && cause == Cause.Software && RedirectsToVm(vector, next))
            return;
        DeliverOnce(vector, null, cause, next, resume: false);
        _stepRule = StepRule.Never;
    }

    // vm86: int n by IOPL, and with VME by the redirection bits of the task state. True when the 8086 program's own handler was entered.
    private bool RedirectsToVm(int vector, ulong next)
    {
        bool privileged = (_cpu->Rflags & X86Cpu.FlagIopl) != X86Cpu.FlagIopl;
        if ((_cpu->Cr4 & X86Cpu.Cr4Vme) != 0)
        {
            ref Segment tr = ref _cpu->Seg(SegmentName.Tr);
            const ulong mapBase = 0x66, mapBytes = 32;
            if ((tr.Attributes & 8) == 0 || mapBase + 1 > tr.Limit)
                throw Protection(0);
            ulong at = ReadSystem(tr.Base + mapBase, 2) - mapBytes + (ulong)(vector >> 3);
            if (at > tr.Limit)
                throw Protection(0);
            if ((ReadSystem(tr.Base + at, 1) >> (vector & 7) & 1) == 0)
            {
                InterruptVm(vector, next, privileged);
                return true;
            }
        }

        return privileged ? throw Protection(0) : false;
    }

    private void InterruptVm(int vector, ulong next, bool privileged)
    {
        ulong flags = _cpu->Rflags;
        if (privileged)
            flags = (flags & ~X86Cpu.FlagIf) | X86Cpu.FlagIopl | ((flags & X86Cpu.FlagVif) != 0 ? X86Cpu.FlagIf : 0);
        uint entry = (uint)ReadLinear((ulong)vector * 4, 4, IsUser);
        ulong sp = PushAll(_cpu->Seg(SegmentName.Ss), 16, StackPointer, 2, [(ushort)flags, _cpu->Seg(SegmentName.Cs).Selector, (ushort)next], IsUser, 0, typed: false);
        SetStackPointer(sp, 16);
        LoadRealSegment(SegmentName.Cs, (ushort)(entry >> 16));
        _cpu->Rip = (ushort)entry;
        _cpu->Rflags &= ~(X86Cpu.FlagTf | X86Cpu.FlagNt | X86Cpu.FlagRf | (privileged ? X86Cpu.FlagVif : X86Cpu.FlagIf));
        _stepRule = StepRule.Never;
    }
}
