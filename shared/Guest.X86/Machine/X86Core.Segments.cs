using System.Runtime.CompilerServices;

namespace Suite.Guest.X86.Machine;

/// <summary>Descriptors and the loading of segment registers (Intel SDM volume 3, chapters 3 and 5).</summary>
public sealed unsafe partial class X86Core
{
    private const uint SelectorMask = 0xFFFC, LocalTable = 4;

    private const uint SystemLdt = 2, SystemTss16 = 1, SystemTss32 = 9, SystemTssBusy = 2, SystemCallGate16 = 4, SystemTaskGate = 5, SystemCallGate32 = 12,
        SystemInterruptGate16 = 6, SystemTrapGate16 = 7;

    // Attributes as they are for code and data that the processor sets up by itself; what real and vm86 mode load.
    private const uint RealData = 0x93, RealCode = 0x9B, VmSegment = 0xF3;

    private static X86Fault Protection(uint error) => new(X86Vector.GeneralProtection, error);

    private static X86Fault StackFault(uint error) => new(X86Vector.StackFault, error);

    private static X86Fault NotPresent(uint error) => new(X86Vector.SegmentNotPresent, error);

    private static X86Fault InvalidTss(uint error) => new(X86Vector.InvalidTss, error);

    private static X86Fault Undefined() => new(X86Vector.InvalidOpcode);

    private static bool IsNull(uint selector) => (selector & SelectorMask) == 0;

    // Linear address of the descriptor a selector names; false when the table does not reach so far.
    private bool TryFindDescriptor(uint selector, int size, out ulong address)
    {
        ulong index = selector & 0xFFF8;
        if ((selector & LocalTable) != 0)
        {
            ref Segment ldt = ref _cpu->Seg(SegmentName.Ldtr);
            address = ldt.Base + index;
            return (ldt.Attributes & Segment.Unusable) == 0 && index + (ulong)size - 1 <= ldt.Limit;
        }

        address = _cpu->Gdtr.Base + index;
        return index + (ulong)size - 1 <= _cpu->Gdtr.Limit;
    }

    // Reads a descriptor; beyond the table's limit is a fault that names the selector.
    private Descriptor ReadDescriptor(uint selector, X86Vector fault, uint external = 0)
    {
        if (!TryFindDescriptor(selector, 8, out ulong address))
            throw new X86Fault(fault, (selector & SelectorMask) | external);
        return new Descriptor(ReadSystem(address, 8), address);
    }

    // The upper half of a system descriptor in long mode: base or offset bits 32 to 63.
    private ulong ReadDescriptorHigh(uint selector, in Descriptor descriptor, X86Vector fault, uint external = 0)
    {
        if (!TryFindDescriptor(selector, 16, out _))
            throw new X86Fault(fault, (selector & SelectorMask) | external);
        ulong high = ReadSystem(descriptor.Address + 8, 8);
        if ((high >> 40 & 0x1F) != 0)
            throw new X86Fault(fault, (selector & SelectorMask) | external);
        return high << 32;
    }

    private void MarkAccessed(ref Descriptor descriptor)
    {
        if ((descriptor.Attributes & Segment.Accessed) != 0)
            return;
        WriteSystem(descriptor.Address + 5, 1, (descriptor.Raw >> 40 & 0xFF) | Segment.Accessed);
        descriptor.Raw |= (ulong)Segment.Accessed << 40;
    }

    private void SetBusy(ulong address, bool busy)
    {
        ulong type = ReadSystem(address + 5, 1);
        WriteSystem(address + 5, 1, busy ? type | SystemTssBusy : type & ~(ulong)SystemTssBusy);
    }

    // Real and vm86 mode: no descriptor.
    private void LoadRealSegment(SegmentName name, ushort selector)
    {
        ref Segment s = ref _cpu->Seg(name);
        s.Selector = selector;
        s.Base = (ulong)selector << 4;
        if ((_cpu->Rflags & X86Cpu.FlagVm) != 0)
            (s.Limit, s.Attributes) = (0xFFFF, VmSegment);
    }

    // mov, pop and lds with a data segment register.
    private void LoadSegment(SegmentName name, ushort selector)
    {
        if (!IsProtectedNotVm)
        {
            LoadRealSegment(name, selector);
            return;
        }

        _cpu->Seg(name) = name == SegmentName.Ss ? CheckStackSegment(selector) : CheckDataSegment(selector);
    }

    // What a data segment register takes from a selector.
    private Segment CheckDataSegment(ushort selector)
    {
        if (IsNull(selector))
            return new Segment { Selector = selector, Attributes = Segment.Unusable };
        Descriptor d = ReadDescriptor(selector, X86Vector.GeneralProtection);
        uint error = selector & SelectorMask;
        if (!d.IsCodeOrData || (d.IsCode && (d.Attributes & Segment.Readable) == 0))
            throw Protection(error);
        if (!d.IsConforming && (_cpu->Cpl > d.Dpl || (selector & 3) > d.Dpl))
            throw Protection(error);
        if (!d.IsPresent)
            throw NotPresent(error);
        MarkAccessed(ref d);
        return d.ToSegment(selector);
    }

    private Segment CheckStackSegment(ushort selector)
    {
        int cpl = _cpu->Cpl;
        if (IsNull(selector))
        {
            if (!_cpu->Is64 || cpl == 3 || (selector & 3) != cpl)
                throw Protection(0);
            return NullStack(selector, cpl);
        }

        Descriptor d = ReadDescriptor(selector, X86Vector.GeneralProtection);
        CheckStackDescriptor(d, selector, cpl, X86Vector.GeneralProtection, 0);
        MarkAccessed(ref d);
        return d.ToSegment(selector);
    }

    // Writable data of exactly this privilege, present.
    private static void CheckStackDescriptor(in Descriptor d, uint selector, int cpl, X86Vector fault, uint external)
    {
        uint error = (selector & SelectorMask) | external;
        if ((selector & 3) != cpl || !d.IsCodeOrData || d.IsCode || (d.Attributes & Segment.Writable) == 0 || d.Dpl != cpl)
            throw new X86Fault(fault, error);
        if (!d.IsPresent)
            throw StackFault(error);
    }

    private static Segment NullStack(ushort selector, int cpl) => new() { Selector = selector, Attributes = Segment.Unusable | (uint)cpl << Segment.DplShift };

    // The data segments a return to less privilege leaves behind: those that the new level could not have loaded become null.
    private void DropPrivilegedSegments()
    {
        Drop(ref _cpu->Seg(SegmentName.Es));
        Drop(ref _cpu->Seg(SegmentName.Ds));
        Drop(ref _cpu->Seg(SegmentName.Fs));
        Drop(ref _cpu->Seg(SegmentName.Gs));

        void Drop(ref Segment s)
        {
            bool conforming = (s.Attributes & (Segment.Code | Segment.Conforming)) == (Segment.Code | Segment.Conforming);
            if ((s.Attributes & Segment.Unusable) == 0 && (s.Attributes & Segment.CodeOrData) != 0 && !conforming && s.Dpl < _cpu->Cpl)
                s = new Segment { Attributes = Segment.Unusable };
        }
    }

    // Code that a far jump, call or return goes to: offset within the limit, or canonical.
    private static void CheckTarget(in Descriptor code, ulong offset, bool isLong, uint external = 0)
    {
        if (isLong && code.IsLong ? !IsCanonical(offset) : offset > code.Limit)
            throw Protection(external);
    }

    // Code segment with L and D at once, in long mode.
    private bool IsBadLong(in Descriptor d) => _cpu->IsLong && d.IsLong && (d.Attributes & Segment.Big) != 0;

    private void SetCode(in Descriptor d, ushort selector, int cpl)
    {
        Segment s = d.ToSegment((ushort)((selector & SelectorMask) | (uint)cpl));
        _cpu->Seg(SegmentName.Cs) = s;
        _cpu->Cpl = (byte)cpl;
    }

    private void LoadLdt(ushort selector)
    {
        ref Segment ldt = ref _cpu->Seg(SegmentName.Ldtr);
        if (IsNull(selector))
        {
            ldt = new Segment { Selector = selector, Attributes = Segment.Unusable };
            return;
        }

        ldt = CheckLdt(selector, X86Vector.GeneralProtection, X86Vector.SegmentNotPresent, 0);
    }

    private Segment CheckLdt(ushort selector, X86Vector fault, X86Vector absent, uint external)
    {
        uint error = (selector & SelectorMask) | external;
        if ((selector & LocalTable) != 0)
            throw new X86Fault(fault, error);
        Descriptor d = ReadDescriptor(selector, fault, external);
        if (d.IsCodeOrData || d.Type != SystemLdt)
            throw new X86Fault(fault, error);
        if (!d.IsPresent)
            throw new X86Fault(absent, error);
        Segment s = d.ToSegment(selector);
        if (_cpu->IsLong)
            s.Base |= ReadDescriptorHigh(selector, d, fault, external);
        return s;
    }

    private void LoadTask(ushort selector)
    {
        uint error = selector & SelectorMask;
        if (IsNull(selector))
            throw Protection(0);
        if ((selector & LocalTable) != 0)
            throw Protection(error);
        Descriptor d = ReadDescriptor(selector, X86Vector.GeneralProtection);
        if (d.IsCodeOrData || !(d.Type == SystemTss32 || (d.Type == SystemTss16 && !_cpu->IsLong)))
            throw Protection(error);
        if (!d.IsPresent)
            throw NotPresent(error);
        Segment s = d.ToSegment(selector);
        if (_cpu->IsLong)
        {
            s.Base |= ReadDescriptorHigh(selector, d, X86Vector.GeneralProtection);
            if (!IsCanonical(s.Base))
                throw Protection(error);
        }

        SetBusy(d.Address, true);
        s.Attributes |= SystemTssBusy;
        _cpu->Seg(SegmentName.Tr) = s;
    }

    // A descriptor as it stands in its table.
    private struct Descriptor(ulong raw, ulong address)
    {
        public ulong Raw = raw;
        public readonly ulong Address = address;

        public readonly uint Attributes => (uint)(Raw >> 40) & 0xF0FF;

        public readonly uint Type => Attributes & Segment.TypeMask;

        public readonly bool IsCodeOrData => (Attributes & Segment.CodeOrData) != 0;

        public readonly bool IsCode => (Attributes & (Segment.CodeOrData | Segment.Code)) == (Segment.CodeOrData | Segment.Code);

        public readonly bool IsConforming => (Attributes & (Segment.CodeOrData | Segment.Code | Segment.Conforming)) == (Segment.CodeOrData | Segment.Code | Segment.Conforming);

        public readonly bool IsPresent => (Attributes & Segment.Present) != 0;

        public readonly bool IsLong => (Attributes & Segment.Long) != 0;

        public readonly int Dpl => (int)(Attributes >> Segment.DplShift & 3);

        public readonly uint Base => (uint)(Raw >> 16 & 0xFF_FFFF) | (uint)(Raw >> 56) << 24;

        public readonly uint Limit
        {
            get
            {
                uint limit = (uint)(Raw & 0xFFFF) | (uint)(Raw >> 32) & 0xF_0000;
                return (Attributes & Segment.Granular) != 0 ? limit << 12 | 0xFFF : limit;
            }
        }

        // Of a gate: where it leads.
        public readonly ushort GateSelector => (ushort)(Raw >> 16);

        public readonly uint GateOffset => (uint)(Raw & 0xFFFF) | (uint)(Raw >> 32) & 0xFFFF_0000;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Segment ToSegment(ushort selector) => new() { Base = Base, Limit = Limit, Attributes = Attributes, Selector = selector };
    }
}
