using Suite.Guest.X86.Machine;
using Suite.Host;

namespace Suite.Machines.X86.Kvm;

/// <summary>Between the kernel's state of a vCPU and the common form.</summary>
/// <param name="vcpu">The vCPU.</param>
/// <param name="msrs">MSRs the kernel knows as state.</param>
internal sealed unsafe class KvmStateTransfer(KvmDescriptor vcpu, uint[] msrs)
{
    private const int XsaveBytes = 4096, XsaveHeader = 512;
    private const int MtrrPairs = 32, FixedMtrrs = 11;
    private const uint MsrTsc = 0x10;

    // The order of the kernel's registers as numbers of the instruction encoding: rax rbx rcx rdx rsi rdi rsp rbp r8...
    private static ReadOnlySpan<byte> Order => [0, 3, 1, 2, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];

    private static ReadOnlySpan<uint> FixedMtrrNumbers => [0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F];

    /// <summary>An interrupt or exception that was on its way into the guest; the common form has no place for it.</summary>
    public KvmVcpuEvents Events;

    /// <summary>The time-stamp counter as last fetched.</summary>
    public ulong Tsc { get; private set; }

    /// <summary>State of the kernel's own: kvmclock and the like, by MSR.</summary>
    public Dictionary<uint, ulong> KernelMsrs { get; } = [];

    /// <summary>From the kernel.</summary>
    public void Fetch(X86Cpu* cpu)
    {
        KvmRegs regs = default;
        vcpu.Call(KvmApi.KVM_GET_REGS, ref regs, "KVM_GET_REGS");
        for (int i = 0; i < Order.Length; i++)
            cpu->Gpr[Order[i]] = regs.Gpr[i];
        (cpu->Rip, cpu->Rflags) = (regs.Rip, regs.Rflags);
        FetchSystem(cpu);
        FetchVectors(cpu);
        FetchDebug(cpu);
        Events = default;
        vcpu.Call(KvmApi.KVM_GET_VCPU_EVENTS, ref Events, "KVM_GET_VCPU_EVENTS");
        cpu->InterruptShadow = Events.InterruptShadow != 0 ? (byte)1 : (byte)0;
        cpu->NmiBlocked = Events.NmiMasked;
        FetchMsrs(cpu);
    }

    /// <summary>To the kernel.</summary>
    public void Store(X86Cpu* cpu, bool withTime, bool clearEvents)
    {
        StoreSystem(cpu);
        KvmRegs regs = default;
        for (int i = 0; i < Order.Length; i++)
            regs.Gpr[i] = cpu->Gpr[Order[i]];
        (regs.Rip, regs.Rflags) = (cpu->Rip, cpu->Rflags);
        vcpu.Call(KvmApi.KVM_SET_REGS, ref regs, "KVM_SET_REGS");
        StoreVectors(cpu);
        KvmDebugRegs debug = default;
        for (int i = 0; i < 4; i++)
            debug.Db[i] = cpu->Dr[i];
        (debug.Dr6, debug.Dr7) = (cpu->Dr[6], cpu->Dr[7]);
        vcpu.Try(KvmApi.KVM_SET_DEBUGREGS, ref debug);
        StoreMsrs(cpu, withTime);
        if (clearEvents)
            Events = default;
        const byte ShadowBySti = 2;
        Events.InterruptShadow = cpu->InterruptShadow != 0 ? ShadowBySti : (byte)0;
        Events.NmiMasked = cpu->NmiBlocked;
        Events.Flags = KvmApi.KVM_VCPUEVENT_VALID_NMI_PENDING | KvmApi.KVM_VCPUEVENT_VALID_SHADOW;
        vcpu.Call(KvmApi.KVM_SET_VCPU_EVENTS, ref Events, "KVM_SET_VCPU_EVENTS");
    }

    private void FetchSystem(X86Cpu* cpu)
    {
        KvmSregs s = default;
        vcpu.Call(KvmApi.KVM_GET_SREGS, ref s, "KVM_GET_SREGS");
        cpu->Seg(SegmentName.Es) = Take(s.Es);
        cpu->Seg(SegmentName.Cs) = Take(s.Cs);
        cpu->Seg(SegmentName.Ss) = Take(s.Ss);
        cpu->Seg(SegmentName.Ds) = Take(s.Ds);
        cpu->Seg(SegmentName.Fs) = Take(s.Fs);
        cpu->Seg(SegmentName.Gs) = Take(s.Gs);
        cpu->Seg(SegmentName.Ldtr) = Take(s.Ldt);
        cpu->Seg(SegmentName.Tr) = Take(s.Tr);
        cpu->Gdtr = new TableRegister { Base = s.Gdt.Base, Limit = s.Gdt.Limit };
        cpu->Idtr = new TableRegister { Base = s.Idt.Base, Limit = s.Idt.Limit };
        (cpu->Cr0, cpu->Cr2, cpu->Cr3, cpu->Cr4, cpu->Cr8) = (s.Cr0, s.Cr2, s.Cr3, s.Cr4, s.Cr8);
        (cpu->Efer, cpu->ApicBase) = (s.Efer, s.ApicBase);
        cpu->Cpl = !cpu->IsProtected ? (byte)0 : cpu->IsVm86 ? (byte)3 : (byte)cpu->Seg(SegmentName.Ss).Dpl;
    }

    private void StoreSystem(X86Cpu* cpu)
    {
        KvmSregs s = default;
        s.Es = Give(cpu->Seg(SegmentName.Es));
        s.Cs = Give(cpu->Seg(SegmentName.Cs));
        s.Ss = Give(cpu->Seg(SegmentName.Ss));
        s.Ds = Give(cpu->Seg(SegmentName.Ds));
        s.Fs = Give(cpu->Seg(SegmentName.Fs));
        s.Gs = Give(cpu->Seg(SegmentName.Gs));
        s.Ldt = Give(cpu->Seg(SegmentName.Ldtr));
        s.Tr = Give(cpu->Seg(SegmentName.Tr));
        s.Gdt = new KvmTable { Base = cpu->Gdtr.Base, Limit = cpu->Gdtr.Limit };
        s.Idt = new KvmTable { Base = cpu->Idtr.Base, Limit = cpu->Idtr.Limit };
        (s.Cr0, s.Cr2, s.Cr3, s.Cr4, s.Cr8, s.Efer, s.ApicBase) = (cpu->Cr0, cpu->Cr2, cpu->Cr3, cpu->Cr4, cpu->Cr8, cpu->Efer, cpu->ApicBase);
        vcpu.Call(KvmApi.KVM_SET_SREGS, ref s, "KVM_SET_SREGS");
    }

    private void FetchVectors(X86Cpu* cpu)
    {
        byte* image = stackalloc byte[XsaveBytes];
        vcpu.Call(KvmApi.KVM_GET_XSAVE, (long)image, "KVM_GET_XSAVE");
        new Span<byte>(image, Math.Min(XsaveBytes, HostCpu.XsaveSize)).CopyTo(new Span<byte>(cpu->Vectors, HostCpu.XsaveSize));
        uint* xcrs = stackalloc uint[98];
        cpu->Xcr0 = vcpu.Try(KvmApi.KVM_GET_XCRS, (long)xcrs) >= 0 && *xcrs > 0 ? *(ulong*)(xcrs + 4) : 1;
    }

    private void StoreVectors(X86Cpu* cpu)
    {
        uint* xcrs = stackalloc uint[98];
        new Span<uint>(xcrs, 98).Clear();
        *xcrs = 1;
        *(ulong*)(xcrs + 4) = cpu->Xcr0;
        vcpu.Try(KvmApi.KVM_SET_XCRS, (long)xcrs);
        byte* image = stackalloc byte[XsaveBytes];
        new Span<byte>(image, XsaveBytes).Clear();
        new Span<byte>(cpu->Vectors, Math.Min(XsaveBytes, HostCpu.XsaveSize)).CopyTo(new Span<byte>(image, XsaveBytes));
        *(ulong*)(image + XsaveHeader) |= 3; // a component that the header calls initial would not be loaded from the image
        vcpu.Call(KvmApi.KVM_SET_XSAVE, (long)image, "KVM_SET_XSAVE");
    }

    private void FetchDebug(X86Cpu* cpu)
    {
        KvmDebugRegs debug = default;
        vcpu.Try(KvmApi.KVM_GET_DEBUGREGS, ref debug);
        for (int i = 0; i < 4; i++)
            cpu->Dr[i] = debug.Db[i];
        (cpu->Dr[6], cpu->Dr[7]) = (debug.Dr6, debug.Dr7);
    }

    private void FetchMsrs(X86Cpu* cpu)
    {
        foreach (uint msr in msrs)
            if (Field(cpu, msr) == null && TryGet(msr, out ulong value))
                if (msr == MsrTsc)
                    Tsc = value;
                else
                    KernelMsrs[msr] = value;
        foreach (uint msr in Common)
            if (TryGet(msr, out ulong value))
                *Field(cpu, msr) = value;
        for (int i = 0; i < MtrrPairs && TryGet((uint)(0x200 + i), out ulong value); i++)
            cpu->Mtrrs[i] = value;
        for (int i = 0; i < FixedMtrrs && TryGet(FixedMtrrNumbers[i], out ulong value); i++)
            cpu->Mtrrs[MtrrPairs + i] = value;
    }

    private void StoreMsrs(X86Cpu* cpu, bool withTime)
    {
        foreach (uint msr in Common)
            TrySet(msr, *Field(cpu, msr));
        for (int i = 0; i < MtrrPairs && TrySet((uint)(0x200 + i), cpu->Mtrrs[i]); i++)
            ;
        for (int i = 0; i < FixedMtrrs && TrySet(FixedMtrrNumbers[i], cpu->Mtrrs[MtrrPairs + i]); i++)
            ;
        if (!withTime)
            return;
        TrySet(MsrTsc, Tsc);
        foreach ((uint msr, ulong value) in KernelMsrs)
            TrySet(msr, value);
    }

    /// <summary>The counter and the kernel's MSRs as after power-on.</summary>
    public void ResetKernelState()
    {
        Tsc = 0;
        foreach (uint msr in msrs)
            if (msr >> 16 == 0x4B56)
                KernelMsrs[msr] = 0;
            else
                KernelMsrs.Remove(msr);
    }

    /// <summary>Sets the counter for the next <see cref="Store"/> with time.</summary>
    public void SetTsc(ulong value) => Tsc = value;

    private static ReadOnlySpan<uint> Common =>
    [
        0xC0000081, 0xC0000082, 0xC0000083, 0xC0000084, 0xC0000102, 0x174, 0x175, 0x176, 0xC0000103, 0x277, 0x1A0, 0x2FF, 0x1D9, 0x48, 0xDA0,
    ];

    private static ulong* Field(X86Cpu* cpu, uint msr) => msr switch
    {
        0xC0000081 => &cpu->Star,
        0xC0000082 => &cpu->Lstar,
        0xC0000083 => &cpu->Cstar,
        0xC0000084 => &cpu->Sfmask,
        0xC0000102 => &cpu->KernelGsBase,
        0x174 => &cpu->SysenterCs,
        0x175 => &cpu->SysenterEsp,
        0x176 => &cpu->SysenterEip,
        0xC0000103 => &cpu->TscAux,
        0x277 => &cpu->Pat,
        0x1A0 => &cpu->MiscEnable,
        0x2FF => &cpu->MtrrDefType,
        0x1D9 => &cpu->DebugCtl,
        0x48 => &cpu->SpecCtrl,
        0xDA0 => &cpu->Xss,
        _ => null,
    };

    /// <summary>Reads an MSR; false for one the kernel does not know.</summary>
    public bool TryGet(uint msr, out ulong value) => Transfer(KvmApi.KVM_GET_MSRS, msr, 0, out value);

    /// <summary>Writes an MSR; false when the kernel refuses.</summary>
    public bool TrySet(uint msr, ulong value) => Transfer(KvmApi.KVM_SET_MSRS, msr, value, out _);

    // One at a time: the kernel stops at the first it does not know.
    private bool Transfer(uint request, uint msr, ulong given, out ulong value)
    {
        byte* list = stackalloc byte[8 + sizeof(KvmMsr)];
        *(ulong*)list = 1;
        *(KvmMsr*)(list + 8) = new KvmMsr { Index = msr, Value = given };
        long done = vcpu.Try(request, (long)list);
        value = ((KvmMsr*)(list + 8))->Value;
        return done == 1;
    }

    private static Segment Take(in KvmSegment s) => new()
    {
        Base = s.Base,
        Limit = s.Limit,
        Selector = s.Selector,
        Attributes = s.Type | (uint)s.S << 4 | (uint)s.Dpl << Segment.DplShift | (uint)s.Present << 7 | (uint)s.Avl << 12 | (uint)s.L << 13 | (uint)s.Db << 14
            | (uint)s.G << 15 | (uint)s.Unusable << 16,
    };

    private static KvmSegment Give(in Segment s) => new()
    {
        Base = s.Base,
        Limit = s.Limit,
        Selector = s.Selector,
        Type = (byte)(s.Attributes & Segment.TypeMask),
        S = Bit(s, 4),
        Dpl = (byte)s.Dpl,
        Present = Bit(s, 7),
        Avl = Bit(s, 12),
        L = Bit(s, 13),
        Db = Bit(s, 14),
        G = Bit(s, 15),
        Unusable = Bit(s, 16),
    };

    private static byte Bit(in Segment s, int bit) => (byte)(s.Attributes >> bit & 1);
}
