using Iced.Intel;
using Suite.Host.Diagnostics;

namespace Suite.Guest.X86.Machine;

/// <summary>Control registers, descriptor table registers, interrupt flag, halting, and flushing of translations.</summary>
public sealed unsafe partial class X86Core
{
    private const ulong Cr0Defined = X86Cpu.Cr0Pe | X86Cpu.Cr0Mp | X86Cpu.Cr0Em | X86Cpu.Cr0Ts | X86Cpu.Cr0Et | X86Cpu.Cr0Ne | X86Cpu.Cr0Wp | X86Cpu.Cr0Am
        | X86Cpu.Cr0Nw | X86Cpu.Cr0Cd | X86Cpu.Cr0Pg;

    // What privileged instructions raise outside CPL 0; vm86 has CPL 3.
    private void RequireKernel()
    {
        if (_cpu->Cpl != 0)
            throw Protection(0);
    }

    private void RequireProtected()
    {
        if (!IsProtectedNotVm)
            throw Undefined();
    }

    // sgdt, sidt, sldt, str, smsw under CR4.UMIP.
    private void RequireUmip()
    {
        if (_cpu->Cpl != 0 && (_cpu->Cr4 & X86Cpu.Cr4Umip) != 0)
            throw Protection(0);
    }

    private void MoveFromControl(in Instruction insn)
    {
        RequireKernel();
        ulong value = insn.Op1Register switch
        {
            Register.CR0 => _cpu->Cr0,
            Register.CR2 => _cpu->Cr2,
            Register.CR3 => _cpu->Cr3,
            Register.CR4 => _cpu->Cr4,
            Register.CR8 => _platform.ReadTaskPriority(_index),
            _ => throw Undefined(),
        };
        SetRegister(insn.Op0Register, value);
    }

    private void MoveToControl(in Instruction insn)
    {
        RequireKernel();
        ulong value = GetRegister(insn.Op1Register);
        switch (insn.Op0Register)
        {
            case Register.CR0:
                WriteCr0(value);
                break;
            case Register.CR2:
                _cpu->Cr2 = value;
                break;
            case Register.CR3:
                WriteCr3(value);
                break;
            case Register.CR4:
                WriteCr4(value);
                break;
            case Register.CR8:
                if (value > 15)
                    throw Protection(0);
                _cpu->Cr8 = value;
                _platform.WriteTaskPriority(_index, value);
                break;
            default:
                throw Undefined();
        }
    }

    private void WriteCr0(ulong value)
    {
        if (value >> 32 != 0)
            throw Protection(0);
        value = (value & Cr0Defined) | X86Cpu.Cr0Et;
        ulong old = _cpu->Cr0;
        bool paging = (value & X86Cpu.Cr0Pg) != 0, wasPaging = (old & X86Cpu.Cr0Pg) != 0;
        if ((paging && (value & X86Cpu.Cr0Pe) == 0) || (value & (X86Cpu.Cr0Nw | X86Cpu.Cr0Cd)) == X86Cpu.Cr0Nw)
            throw Protection(0);
        bool codeIsLong = _cpu->Seg(SegmentName.Cs).Has(Segment.Long);
        if (paging && !wasPaging)
        {
            bool pae = (_cpu->Cr4 & X86Cpu.Cr4Pae) != 0;
            if ((_cpu->Efer & X86Cpu.EferLme) != 0)
            {
                if (!pae || codeIsLong || (_cpu->Seg(SegmentName.Tr).Attributes & 8) == 0)
                    throw Protection(0);
                _cpu->Efer |= X86Cpu.EferLma;
            }
            else if (pae)
            {
                CheckTopEntries(_cpu->Cr3);
            }
        }
        else if (!paging && wasPaging)
        {
            if ((_cpu->IsLong && codeIsLong) || (_cpu->Cr4 & X86Cpu.Cr4Pcide) != 0)
                throw Protection(0);
            _cpu->Efer &= ~X86Cpu.EferLma;
        }

        _cpu->Cr0 = value;
        LogControl("CR0", value);
        if (((old ^ value) & (X86Cpu.Cr0Pg | X86Cpu.Cr0Wp | X86Cpu.Cr0Pe)) != 0)
            FlushTlb(withGlobal: true);
    }

    private void WriteCr3(ulong value)
    {
        const ulong keepEntries = 1UL << 63;
        if (_cpu->IsLong)
        {
            if ((_cpu->Cr4 & X86Cpu.Cr4Pcide) != 0)
                value &= ~keepEntries;
            if ((value & (_aboveWidth | 0xFFF0_0000_0000_0000)) != 0)
                throw Protection(0);
        }
        else
        {
            value = (uint)value;
            if ((_cpu->Cr4 & X86Cpu.Cr4Pae) != 0 && (_cpu->Cr0 & X86Cpu.Cr0Pg) != 0)
                CheckTopEntries(value);
        }

        _cpu->Cr3 = value;
        LogControl("CR3", value);
        // Entries are not kept apart by PCID, so that all but global ones go, whatever the instruction asked to keep.
        FlushTlb(withGlobal: false);
    }

    private void WriteCr4(ulong value)
    {
        ulong old = _cpu->Cr4;
        if ((value & ~Cpuid.Cr4Allowed) != 0 || (_cpu->IsLong && (value & X86Cpu.Cr4Pae) == 0))
            throw Protection(0);
        if ((value & ~old & X86Cpu.Cr4Pcide) != 0 && (!_cpu->IsLong || (_cpu->Cr3 & PageOffset) != 0))
            throw Protection(0);
        const ulong paging = X86Cpu.Cr4Pge | X86Cpu.Cr4Pae | X86Cpu.Cr4Pse | X86Cpu.Cr4Pcide | X86Cpu.Cr4Smep | X86Cpu.Cr4Smap;
        if (((old ^ value) & (X86Cpu.Cr4Pae | X86Cpu.Cr4Pse | X86Cpu.Cr4Pge)) != 0 && (value & X86Cpu.Cr4Pae) != 0 && !_cpu->IsLong && (_cpu->Cr0 & X86Cpu.Cr0Pg) != 0)
            CheckTopEntries(_cpu->Cr3);
        _cpu->Cr4 = value;
        LogControl("CR4", value);
        if (((old ^ value) & paging) != 0)
            FlushTlb(withGlobal: true);
    }

    private void LogControl(string register, ulong value)
    {
        if (Log is { } log && log.On(LogItems.Mmu))
            log.Line($"{register} update: {register}=0x{value:x8}");
    }

    // PAE without long mode: entries of the top level are looked at when they are loaded.
    private void CheckTopEntries(ulong cr3)
    {
        const ulong reserved = 0xFFF0_0000_0000_01E6;
        for (ulong i = 0; i < 4; i++)
        {
            ulong entry = ReadTable((cr3 & 0xFFFF_FFE0) + i * 8, false);
            if ((entry & PagePresent) != 0 && (entry & (reserved | _aboveWidth)) != 0)
                throw Protection(0);
        }
    }

    private void LoadMachineStatus(in Instruction insn)
    {
        RequireKernel();
        const ulong low = X86Cpu.Cr0Pe | X86Cpu.Cr0Mp | X86Cpu.Cr0Em | X86Cpu.Cr0Ts;
        ulong value = ReadOperand(insn, 0, 2) & low;
        WriteCr0((_cpu->Cr0 & ~(low & ~X86Cpu.Cr0Pe)) | value);
    }

    private void StoreMachineStatus(in Instruction insn)
    {
        RequireUmip();
        WriteOperand(insn, 0, 2, _cpu->Cr0);
    }

    private void ClearTaskSwitched()
    {
        RequireKernel();
        _cpu->Cr0 &= ~X86Cpu.Cr0Ts;
    }

    private void LoadTable(in Instruction insn, ref TableRegister table)
    {
        RequireKernel();
        ushort limit = (ushort)ReadMemory(insn, 0, 2);
        ulong address = ReadMemory(insn, 2, _cpu->Is64 ? 8 : 4);
        if (insn.Code is Code.Lgdt_m1632_16 or Code.Lidt_m1632_16)
            address &= 0xFF_FFFF;
        if (!IsCanonical(address))
            throw Protection(0);
        (table.Base, table.Limit) = (address, limit);
    }

    private void StoreTable(in Instruction insn, in TableRegister table)
    {
        RequireUmip();
        int size = _cpu->Is64 ? 8 : 4;
        ulong offset = EffectiveAddress(insn);
        int bits = AddressBits(insn);
        ulong first = LinearAddress(SegmentOf(insn), offset, 2, MemoryAccess.Write);
        ulong second = LinearAddress(SegmentOf(insn), Cut(offset + 2, bits), size, MemoryAccess.Write);
        Probe(second, size, MemoryAccess.Write);
        WriteLinear(first, 2, table.Limit, IsUser);
        WriteLinear(second, size, table.Base, IsUser);
    }

    private void StoreSelector(in Instruction insn, SegmentName name)
    {
        RequireProtected();
        RequireUmip();
        WriteOperand(insn, 0, 2, _cpu->Seg(name).Selector);
    }

    private void LoadSystemSegment(in Instruction insn, bool task)
    {
        RequireProtected();
        RequireKernel();
        ushort selector = (ushort)ReadOperand(insn, 0, 2);
        if (task)
            LoadTask(selector);
        else
            LoadLdt(selector);
    }

    private void InvalidatePage(in Instruction insn)
    {
        RequireKernel();
        ulong offset = EffectiveAddress(insn);
        SegmentName name = SegmentOf(insn);
        ulong linear = _cpu->Is64 ? (name >= SegmentName.Fs ? _cpu->Seg(name).Base : 0) + offset : (uint)(_cpu->Seg(name).Base + offset);
        if (IsCanonical(linear))
            FlushTlbPage(linear);
    }

    private void InvalidateByPcid(in Instruction insn)
    {
        const ulong oneAddress = 0, onePcid = 1, everything = 2, allButGlobal = 3;
        RequireKernel();
        ulong type = GetRegister(insn.Op0Register);
        ulong pcid = ReadMemory(insn, 0, 8), linear = ReadMemory(insn, 8, 8);
        if (type > allButGlobal || (type <= onePcid && (pcid >> 12 != 0 || (pcid != 0 && (_cpu->Cr4 & X86Cpu.Cr4Pcide) == 0))))
            throw Protection(0);
        if (type == oneAddress)
        {
            if (!IsCanonical(linear))
                throw Protection(0);
            FlushTlbPage(linear);
            return;
        }

        FlushTlb(type == everything);
    }

    private void Halt()
    {
        RequireKernel();
        _cpu->Halted = 1;
    }

    private void ClearInterrupts()
    {
        if (MayChangeInterrupts())
            _cpu->Rflags &= ~X86Cpu.FlagIf;
        else if (HasVirtualInterrupts())
            _cpu->Rflags &= ~X86Cpu.FlagVif;
        else
            throw Protection(0);
    }

    private void SetInterrupts()
    {
        if (MayChangeInterrupts())
        {
            if ((_cpu->Rflags & X86Cpu.FlagIf) == 0)
                _shadow = ShadowOfSti;
            _cpu->Rflags |= X86Cpu.FlagIf;
        }
        else if (HasVirtualInterrupts() && (_cpu->Rflags & X86Cpu.FlagVip) == 0)
        {
            _cpu->Rflags |= X86Cpu.FlagVif;
        }
        else
        {
            throw Protection(0);
        }
    }

    private bool MayChangeInterrupts() => !_cpu->IsProtected || _cpu->Cpl <= (int)(_cpu->Rflags >> 12 & 3);

    // VME in vm86, PVI at CPL 3.
    private bool HasVirtualInterrupts() => _cpu->IsVm86 ? (_cpu->Cr4 & X86Cpu.Cr4Vme) != 0 : _cpu->Cpl == 3 && (_cpu->Cr4 & X86Cpu.Cr4Pvi) != 0;

    private void PushFlags(int size)
    {
        ulong flags = _cpu->Rflags & ~(X86Cpu.FlagVm | X86Cpu.FlagRf);
        if (_cpu->IsVm86 && (flags & X86Cpu.FlagIopl) != X86Cpu.FlagIopl)
        {
            if (size != 2 || (_cpu->Cr4 & X86Cpu.Cr4Vme) == 0)
                throw Protection(0);
            flags = (flags & ~X86Cpu.FlagIf) | X86Cpu.FlagIopl | ((flags & X86Cpu.FlagVif) != 0 ? X86Cpu.FlagIf : 0);
        }

        Push(flags, size);
    }

    private void PopFlags(int size)
    {
        ulong old = _cpu->Rflags;
        ulong mask = CommonFlags | (size == 2 ? 0 : X86Cpu.FlagAc | X86Cpu.FlagId);
        ulong value = Peek(0, size);
        if (_cpu->IsVm86 && (old & X86Cpu.FlagIopl) != X86Cpu.FlagIopl)
        {
            bool enable = (value & X86Cpu.FlagIf) != 0;
            if (size != 2 || (_cpu->Cr4 & X86Cpu.Cr4Vme) == 0 || (value & X86Cpu.FlagTf) != 0 || (enable && (old & X86Cpu.FlagVip) != 0))
                throw Protection(0);
            old = (old & ~X86Cpu.FlagVif) | (enable ? X86Cpu.FlagVif : 0);
        }
        else
        {
            mask |= MayChangeInterrupts() ? X86Cpu.FlagIf : 0;
            mask |= _cpu->Cpl == 0 ? X86Cpu.FlagIopl : 0;
        }

        Drop(size);
        _cpu->Rflags = ((old & ~mask) | (value & mask) | FlagFixed) & ~X86Cpu.FlagRf;
    }

    private void SetAlignmentFlag(bool value)
    {
        if ((_cpu->Cr4 & X86Cpu.Cr4Smap) == 0 && !Cpuid.HasSmap)
            throw Undefined();
        if (_cpu->Cpl != 0)
            throw Undefined();
        SetFlag(X86Cpu.FlagAc, value);
    }

    private void GetExtendedControl()
    {
        if ((_cpu->Cr4 & X86Cpu.Cr4Osxsave) == 0)
            throw Undefined();
        uint number = (uint)_cpu->Gpr[Rcx];
        ulong value = number switch
        {
            0 => _cpu->Xcr0,
            1 when Cpuid.HasXgetbv1 => _cpu->Xcr0 & InUse(),
            _ => throw Protection(0),
        };
        SetPair(value);
    }

    private void SetExtendedControl()
    {
        if ((_cpu->Cr4 & X86Cpu.Cr4Osxsave) == 0)
            throw Undefined();
        RequireKernel();
        const ulong x87 = 1, sse = 2, avx = 4, avx512 = 0xE0;
        ulong value = Pair();
        ulong wide = value & avx512;
        bool valid = (uint)_cpu->Gpr[Rcx] == 0 && (value & x87) != 0 && (value & ~Cpuid.Xcr0) == 0 && ((value & avx) == 0 || (value & sse) != 0)
            && (wide == 0 || (wide == avx512 && (value & avx) != 0));
        if (!valid)
            throw Protection(0);
        _cpu->Xcr0 = value;
    }

    // edx:eax.
    private ulong Pair() => (_cpu->Gpr[Rdx] << 32) | (uint)_cpu->Gpr[Rax];

    private void SetPair(ulong value)
    {
        _cpu->Gpr[Rax] = (uint)value;
        _cpu->Gpr[Rdx] = value >> 32;
    }

    private void Monitor(in Instruction insn)
    {
        if (_cpu->Cpl != 0)
            throw Undefined();
        if ((uint)_cpu->Gpr[Rcx] != 0)
            throw Protection(0);
        ulong offset = Cut(_cpu->Gpr[Rax], insn.Code switch { Code.Monitorw => 16, Code.Monitord => 32, _ => 64 });
        SegmentName name = insn.SegmentPrefix == Register.None ? SegmentName.Ds : (SegmentName)(insn.SegmentPrefix - Register.ES);
        ReadLinear(LinearAddress(name, offset, 1, MemoryAccess.Read), 1, IsUser);
    }

    // Waking up at once is allowed, and what the waiter does then is look at its memory again.
    private void MonitorWait()
    {
        if (_cpu->Cpl != 0)
            throw Undefined();
        if ((uint)_cpu->Gpr[Rcx] > 1)
            throw Protection(0);
    }
}
