using Suite.Host.Diagnostics;

namespace Suite.Guest.X86.Machine;

/// <summary>Model-specific registers (Intel SDM volume 4, AMD APM volume 2 appendix A): those that Linux, BSDs and firmware touch. Others are #GP.</summary>
public sealed unsafe partial class X86Core
{
    private const uint MsrTsc = 0x10, MsrPlatformId = 0x17, MsrApicBase = 0x1B, MsrFeatureControl = 0x3A, MsrTscAdjust = 0x3B, MsrSpecCtrl = 0x48, MsrPredCmd = 0x49,
        MsrMicrocodeUpdate = 0x79, MsrMicrocode = 0x8B, MsrMtrrCap = 0xFE, MsrArchCapabilities = 0x10A, MsrFlushCmd = 0x10B, MsrSysenterCs = 0x174, MsrSysenterEsp = 0x175,
        MsrSysenterEip = 0x176, MsrMcgCap = 0x179, MsrMcgStatus = 0x17A, MsrMcgControl = 0x17B, MsrMiscEnable = 0x1A0, MsrDebugCtl = 0x1D9, MsrPat = 0x277, MsrMtrrDefType = 0x2FF,
        MsrTscDeadline = 0x6E0, MsrXss = 0xDA0, MsrX2apicFirst = 0x800, MsrX2apicLast = 0x8FF;

    private const uint MsrEfer = 0xC000_0080, MsrStar = 0xC000_0081, MsrLstar = 0xC000_0082, MsrCstar = 0xC000_0083, MsrSfmask = 0xC000_0084, MsrFsBase = 0xC000_0100,
        MsrGsBase = 0xC000_0101, MsrKernelGsBase = 0xC000_0102, MsrTscAux = 0xC000_0103;

    private const uint MtrrFirst = 0x200, MtrrVariable = 8, FixedMtrrs = 2 * 16;

    private const ulong EferAutoIbrs = 1 << 21;

    private void ReadMsr()
    {
        RequireKernel();
        uint msr = (uint)_cpu->Gpr[Rcx];
        bool isKnown = TryReadMsr(msr, out ulong value);
        LogMsr("rdmsr", msr, isKnown);
        SetPair(isKnown ? value : throw Protection(0));
    }

    private void WriteMsr()
    {
        RequireKernel();
        uint msr = (uint)_cpu->Gpr[Rcx];
        bool isTaken = TryWriteMsr(msr, Pair());
        LogMsr("wrmsr", msr, isTaken);
        if (!isTaken)
            throw Protection(0);
    }

    private void LogMsr(string what, uint msr, bool isTaken)
    {
        if (Log is not { } log)
            return;
        if (!isTaken && log.On(LogItems.GuestErrors))
            log.Line($"{what} 0x{msr:x} at {_cpu->Rip:x}: refused, #GP");
        else if (isTaken && log.On(LogItems.Unimp) && ReadsZero(msr))
            log.Line($"{what} 0x{msr:x} at {_cpu->Rip:x}: there is nothing behind this register, it reads 0");
    }

    /// <summary>The time-stamp counter as the guest sees it.</summary>
    public ulong Tsc => _platform.ReadTsc() + _cpu->TscOffset;

    /// <summary>Reads a model-specific register as rdmsr does at CPL 0; false for #GP. For debuggers and snapshots, too.</summary>
    public bool TryReadMsr(uint msr, out ulong value)
    {
        switch (msr)
        {
            case MsrTsc:
                value = Tsc;
                return true;
            case MsrApicBase or (>= MsrX2apicFirst and <= MsrX2apicLast):
                return _platform.TryReadMsr(_index, msr, out value);
            case MsrTscDeadline:
                bool ok = _platform.TryReadMsr(_index, msr, out value);
                value += value != 0 ? _cpu->TscOffset : 0;
                return ok;
            case MsrTscAdjust:
                value = _cpu->TscOffset;
                return true;
            case MsrFsBase:
                value = _cpu->Seg(SegmentName.Fs).Base;
                return true;
            case MsrGsBase:
                value = _cpu->Seg(SegmentName.Gs).Base;
                return true;
            case MsrKernelGsBase:
                value = _cpu->KernelGsBase;
                return true;
            case MsrEfer:
                value = _cpu->Efer;
                return true;
            case MsrStar:
                value = _cpu->Star;
                return true;
            case MsrLstar:
                value = _cpu->Lstar;
                return true;
            case MsrCstar:
                value = _cpu->Cstar;
                return true;
            case MsrSfmask:
                value = _cpu->Sfmask;
                return true;
            case MsrTscAux:
                value = _cpu->TscAux;
                return true;
            case MsrSysenterCs:
                value = _cpu->SysenterCs;
                return true;
            case MsrSysenterEsp:
                value = _cpu->SysenterEsp;
                return true;
            case MsrSysenterEip:
                value = _cpu->SysenterEip;
                return true;
            case MsrPat:
                value = _cpu->Pat;
                return true;
            case MsrMtrrCap:
                const ulong fixedRanges = 1 << 8, writeCombining = 1 << 10;
                value = MtrrVariable | fixedRanges | writeCombining;
                return true;
            case MsrMtrrDefType:
                value = _cpu->MtrrDefType;
                return true;
            case MsrMiscEnable:
                value = _cpu->MiscEnable;
                return true;
            case MsrDebugCtl:
                value = _cpu->DebugCtl;
                return true;
            case MsrXss when Cpuid.HasXsaves:
                value = _cpu->Xss;
                return true;
            case MsrSpecCtrl when Cpuid.HasSpecCtrl:
                value = _cpu->SpecCtrl;
                return true;
            case MsrArchCapabilities when Cpuid.HasArchCapabilities:
                value = SystemCpuid.ArchCapabilities;
                return true;
            case MsrMicrocode:
                const ulong revision = 0x100_0000;
                value = revision << 32;
                return true;
            case MsrFeatureControl:
                value = 1; // locked, nothing enabled
                return true;
            default:
                if (MtrrSlot(msr) is { } slot)
                {
                    value = _cpu->Mtrrs[slot];
                    return true;
                }

                value = 0;
                return ReadsZero(msr);
        }
    }

    /// <summary>Writes a model-specific register as wrmsr does at CPL 0; false for #GP.</summary>
    public bool TryWriteMsr(uint msr, ulong value)
    {
        switch (msr)
        {
            case MsrTsc:
                _cpu->TscOffset = value - _platform.ReadTsc();
                return true;
            case MsrTscAdjust:
                _cpu->TscOffset = value;
                return true;
            case MsrApicBase:
                if (!_platform.TryWriteMsr(_index, msr, value))
                    return false;
                _cpu->ApicBase = value;
                return true;
            case >= MsrX2apicFirst and <= MsrX2apicLast:
                return _platform.TryWriteMsr(_index, msr, value);
            case MsrTscDeadline:
                // The local APIC compares with the counter without the guest's offset; 0 disarms.
                ulong deadline = value - _cpu->TscOffset;
                return _platform.TryWriteMsr(_index, msr, value == 0 ? 0 : Math.Max(deadline, 1));
            case MsrFsBase:
                return SetCanonical(ref _cpu->Seg(SegmentName.Fs).Base, value);
            case MsrGsBase:
                return SetCanonical(ref _cpu->Seg(SegmentName.Gs).Base, value);
            case MsrKernelGsBase:
                return SetCanonical(ref _cpu->KernelGsBase, value);
            case MsrEfer:
                return WriteEfer(value);
            case MsrStar:
                _cpu->Star = value;
                return true;
            case MsrLstar:
                return SetCanonical(ref _cpu->Lstar, value);
            case MsrCstar:
                return SetCanonical(ref _cpu->Cstar, value);
            case MsrSfmask:
                _cpu->Sfmask = (uint)value;
                return true;
            case MsrTscAux:
                _cpu->TscAux = (uint)value;
                return true;
            case MsrSysenterCs:
                _cpu->SysenterCs = (uint)value;
                return true;
            case MsrSysenterEsp:
                return SetCanonical(ref _cpu->SysenterEsp, value);
            case MsrSysenterEip:
                return SetCanonical(ref _cpu->SysenterEip, value);
            case MsrPat:
                return IsMemoryTypes(value, withUncachedMinus: true) && Set(ref _cpu->Pat, value);
            case MsrMtrrDefType:
                return (value & ~0xCFFUL) == 0 && IsMemoryType(value & 0xFF) && Set(ref _cpu->MtrrDefType, value);
            case MsrMiscEnable:
                return Set(ref _cpu->MiscEnable, value);
            case MsrDebugCtl:
                // Branch records and their traps are not there; what is written to their bits is forgotten, as emulated processors do.
                return Set(ref _cpu->DebugCtl, value & 0);
            case MsrXss when Cpuid.HasXsaves:
                return value == 0;
            case MsrSpecCtrl when Cpuid.HasSpecCtrl:
                return (value & ~7UL) == 0 && Set(ref _cpu->SpecCtrl, value);
            case MsrPredCmd or MsrFlushCmd:
                return (value & ~1UL) == 0;
            case MsrMicrocode or MsrMicrocodeUpdate:
                return true;
            default:
                return MtrrSlot(msr) is { } slot ? WriteMtrr(slot, value) : ReadsZero(msr);
        }
    }

    private static bool Set(ref ulong register, ulong value)
    {
        register = value;
        return true;
    }

    private static bool SetCanonical(ref ulong register, ulong value) => IsCanonical(value) && Set(ref register, value);

    private bool WriteEfer(ulong value)
    {
        ulong allowed = (Cpuid.HasSyscall ? X86Cpu.EferSce : 0) | (Cpuid.HasNx ? X86Cpu.EferNxe : 0) | (Cpuid.HasLongMode ? X86Cpu.EferLme | X86Cpu.EferLma : 0)
            | (Cpuid.HasAutoIbrs ? EferAutoIbrs : 0) | (Cpuid.HasFastFxsave ? EferFastFxsave : 0);
        ulong old = _cpu->Efer;
        if ((value & ~allowed) != 0)
            return false;
        if (((old ^ value) & X86Cpu.EferLme) != 0 && (_cpu->Cr0 & X86Cpu.Cr0Pg) != 0)
            return false;
        _cpu->Efer = (value & ~X86Cpu.EferLma) | (old & X86Cpu.EferLma);
        if (((old ^ value) & X86Cpu.EferNxe) != 0)
            FlushTlb(withGlobal: true);
        return true;
    }

    // Place in the array of MTRRs: pairs of the variable ranges, then the fixed ones.
    private static int? MtrrSlot(uint msr) => msr switch
    {
        >= MtrrFirst and < MtrrFirst + 2 * MtrrVariable => (int)(msr - MtrrFirst),
        0x250 => (int)FixedMtrrs,
        0x258 => (int)FixedMtrrs + 1,
        0x259 => (int)FixedMtrrs + 2,
        >= 0x268 and <= 0x26F => (int)(FixedMtrrs + 3 + (msr - 0x268)),
        _ => null,
    };

    private bool WriteMtrr(int slot, ulong value)
    {
        const ulong maskValid = 1 << 11;
        bool valid = slot >= FixedMtrrs ? IsMemoryTypes(value, withUncachedMinus: false)
            : (value & Cpuid.AboveWidth) == 0 && ((slot & 1) == 0 ? (value & 0xF00) == 0 && IsMemoryType(value & 0xFF) : (value & PageOffset & ~maskValid) == 0);
        return valid && Set(ref _cpu->Mtrrs[slot], value);
    }

    private static bool IsMemoryType(ulong type) => type is 0 or 1 or 4 or 5 or 6;

    private static bool IsMemoryTypes(ulong types, bool withUncachedMinus)
    {
        const ulong uncachedMinus = 7;
        for (int i = 0; i < 8; i++, types >>= 8)
            if (!IsMemoryType(types & 0xFF) && !(withUncachedMinus && (types & 0xFF) == uncachedMinus))
                return false;
        return true;
    }

    // Registers of things that are not there but that software expects to find: counters, machine checks, power and thermal control, AMD's configuration.
    private bool ReadsZero(uint msr) => msr switch
    {
        MsrPlatformId or MsrMcgCap or MsrMcgStatus or MsrMcgControl => true,
        0x2A or 0x2C or 0xCD or 0xCE or 0xE2 or 0x11E or 0x199 or 0x19A or 0x19C or 0x198 or 0x1A2 or 0x1AD or 0x1B0 or 0x1FC or 0x611 or 0x606 or 0x639 => true, // bus, power, thermal
        >= 0xC1 and <= 0xC8 or >= 0x186 and <= 0x18D or >= 0x309 and <= 0x30B or 0x38D or 0x38E or 0x38F or 0x390 => !_isAmd, // counters
        >= 0x400 and <= 0x43F => true, // machine-check banks
        0xE7 or 0xE8 => true, // MPERF, APERF
        >= 0xC001_0000 and <= 0xC001_0007 => _isAmd, // counters
        0xC001_0010 or 0xC001_0015 or 0xC001_001A or 0xC001_001D or 0xC001_001F or 0xC001_0055 or 0xC001_0058 or 0xC001_0061 or 0xC001_0062 or 0xC001_0063 or 0xC001_0064 => _isAmd,
        >= 0xC001_0112 and <= 0xC001_0117 or 0xC001_0140 or 0xC001_0141 => _isAmd,
        >= 0xC001_1020 and <= 0xC001_102F => _isAmd, // load-store, instruction fetch, decode and bus unit configuration
        _ => false,
    };
}
