namespace Suite.Guest.X86.Machine;

/// <summary>syscall, sysret, sysenter, sysexit, swapgs (Intel SDM volume 2; AMD APM volume 3 where makers differ).</summary>
public sealed unsafe partial class X86Core
{
    internal const uint FlatCode64 = 0x9B | Segment.Long | Segment.Granular, FlatCode32 = 0x9B | Segment.Big | Segment.Granular, FlatData = 0x93 | Segment.Big | Segment.Granular;

    /// <summary>Flags that sysret takes from r11.</summary>
    internal const ulong FlagsOfReturn = 0x3C_7FD7;

    private void SystemCall(ulong next)
    {
        bool is64 = _cpu->Is64;
        if ((_cpu->Efer & X86Cpu.EferSce) == 0 || !_cpu->IsProtected || (!is64 && !_isAmd))
            throw Undefined();
        ushort selector = (ushort)(_cpu->Star >> 32 & SelectorMask);
        if (_cpu->IsLong)
        {
            _cpu->Gpr[Rcx] = next;
            _cpu->Gpr[11] = _cpu->Rflags & ~X86Cpu.FlagRf;
            _cpu->Rip = is64 ? _cpu->Lstar : _cpu->Cstar;
            _cpu->Rflags = (_cpu->Rflags & ~(_cpu->Sfmask | X86Cpu.FlagRf)) | FlagFixed;
            SetFlat(selector, (ushort)(selector + 8), 0, FlatCode64);
        }
        else
        {
            _cpu->Gpr[Rcx] = (uint)next;
            _cpu->Rip = (uint)_cpu->Star;
            _cpu->Rflags &= ~(X86Cpu.FlagIf | X86Cpu.FlagVm | X86Cpu.FlagRf);
            SetFlat(selector, (ushort)(selector + 8), 0, FlatCode32);
        }

        _stepRule = StepRule.After;
    }

    private void SystemReturn(int size)
    {
        if ((_cpu->Efer & X86Cpu.EferSce) == 0 || (!_cpu->Is64 && !_isAmd))
            throw Undefined();
        if (!IsProtectedNotVm || _cpu->Cpl != 0)
            throw Protection(0);
        uint selector = (uint)(_cpu->Star >> 48);
        ushort stack = (ushort)((selector + 8) | 3);
        ulong rip = _cpu->Gpr[Rcx];
        if (size == 8)
        {
            if (!IsCanonical(rip))
                throw Protection(0);
            SetFlat((ushort)((selector + 16) | 3), stack, 3, FlatCode64);
            _cpu->Rip = rip;
        }
        else
        {
            SetFlat((ushort)(selector | 3), stack, 3, FlatCode32);
            _cpu->Rip = (uint)rip;
        }

        _cpu->Rflags = _cpu->IsLong ? (_cpu->Gpr[11] & FlagsOfReturn) | FlagFixed : _cpu->Rflags | X86Cpu.FlagIf;
        _stepRule = StepRule.After;
    }

    private void SystemEnter()
    {
        if (_cpu->IsLong && _isAmd)
            throw Undefined();
        uint selector = (uint)(_cpu->SysenterCs & SelectorMask);
        if (!_cpu->IsProtected || selector == 0)
            throw Protection(0);
        bool isLong = _cpu->IsLong;
        _cpu->Rflags &= ~(X86Cpu.FlagVm | X86Cpu.FlagIf | X86Cpu.FlagRf);
        _cpu->Gpr[Rsp] = isLong ? _cpu->SysenterEsp : (uint)_cpu->SysenterEsp;
        _cpu->Rip = isLong ? _cpu->SysenterEip : (uint)_cpu->SysenterEip;
        SetFlat((ushort)selector, (ushort)(selector + 8), 0, isLong ? FlatCode64 : FlatCode32);
    }

    private void SystemExit(int size)
    {
        if (_cpu->IsLong && _isAmd)
            throw Undefined();
        uint selector = (uint)(_cpu->SysenterCs & SelectorMask);
        if (!IsProtectedNotVm || selector == 0 || _cpu->Cpl != 0)
            throw Protection(0);
        ulong rip = _cpu->Gpr[Rdx], rsp = _cpu->Gpr[Rcx];
        if (size == 8)
        {
            if (!IsCanonical(rip) || !IsCanonical(rsp))
                throw Protection(0);
            SetFlat((ushort)((selector + 32) | 3), (ushort)((selector + 40) | 3), 3, FlatCode64);
            (_cpu->Rip, _cpu->Gpr[Rsp]) = (rip, rsp);
        }
        else
        {
            SetFlat((ushort)((selector + 16) | 3), (ushort)((selector + 24) | 3), 3, FlatCode32);
            (_cpu->Rip, _cpu->Gpr[Rsp]) = ((uint)rip, (uint)rsp);
        }
    }

    // Code and stack as these instructions set them, without a look at any descriptor.
    private void SetFlat(ushort code, ushort stack, int cpl, uint attributes)
    {
        uint level = (uint)cpl << Segment.DplShift;
        _cpu->Seg(SegmentName.Cs) = new Segment { Limit = uint.MaxValue, Attributes = attributes | level, Selector = code };
        _cpu->Seg(SegmentName.Ss) = new Segment { Limit = uint.MaxValue, Attributes = FlatData | level, Selector = stack };
        _cpu->Cpl = (byte)cpl;
    }

    private void SwapGs()
    {
        if (!_cpu->Is64)
            throw Undefined();
        if (_cpu->Cpl != 0)
            throw Protection(0);
        ref Segment gs = ref _cpu->Seg(SegmentName.Gs);
        (gs.Base, _cpu->KernelGsBase) = (_cpu->KernelGsBase, gs.Base);
    }

    // rdfsbase and its kin.
    private void AccessBase(in Iced.Intel.Instruction insn, SegmentName name, bool write)
    {
        if (!_cpu->Is64 || (_cpu->Cr4 & X86Cpu.Cr4Fsgsbase) == 0)
            throw Undefined();
        int size = RegisterBytes(insn.Op0Register);
        if (!write)
        {
            SetRegister(insn.Op0Register, _cpu->Seg(name).Base);
            return;
        }

        ulong value = GetRegister(insn.Op0Register);
        if (size == 8 && !IsCanonical(value))
            throw Protection(0);
        _cpu->Seg(name).Base = value;
    }
}
