using Suite.Guest.X86.Cpu;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// What cpuid answers in a whole machine: the model's features, less what needs system support that is not there, plus what the machine adds
/// (local APIC, hypervisor bit), and the machine's own topology. One object serves one vCPU; answers that do not depend on its state are kept.
/// </summary>
public sealed class SystemCpuid
{
    // Features that work here, per register (Intel SDM volume 2A CPUID; AMD APM volume 3 appendix E).
    private const uint Offered1Ecx = 0xF7FA_3203, Offered1Edx = 0x1F8B_FBFF, Offered7Ebx = 0xFDBF_07AB, Offered7Ecx = 0x0A40_5F46, Offered7Edx = 0x2080_451C,
        Offered71Eax = 0x0080_1CB7, Offered71Edx = 0x0000_4430, OfferedD1Eax = 0xF, OfferedX1Ecx = 0x0063_09F3, OfferedX1Edx = 0xEFD3_FBFF, OfferedX8Ebx = 0x2400_0204,
        OfferedX7Edx = 1 << 8, OfferedX21Eax = 0x2000_0145, MonitorBit = 1 << 3;

    private const uint X2apic = 1 << 21, TscDeadline = 1 << 24, OsXsave = 1 << 27, Hypervisor = 1u << 31, Apic = 1 << 9, HyperThreads = 1 << 28, Xsave = 1 << 26, Pcid = 1 << 17;

    private const uint LongMode = 1 << 29, SyscallBit = 1 << 11, ArchCapabilitiesBit = 1 << 29, SpecControlBit = 1 << 26, TopologyExtensions = 1 << 22;

    // Software takes these for "not affected": code that runs translated sees none of the host's registers that the attacks are about.
    private const uint BranchTypeConfusionNo = 1 << 29, StoreBypassNo = 1 << 26, LfenceSerializes = 1 << 2, NullClearsBase = 1 << 6, AutoIbrs = 1 << 8, ReturnOverflowNo = 1 << 29, SchedulerAttacksNo = 3 << 1;

    private const uint ExtendedBase = 0x8000_0000, HypervisorBase = 0x4000_0000, LastBasic = 0x1F, LastExtendedAmd = 0x8000_0021, LastExtendedIntel = 0x8000_0008;

    private const int StateParts = 8;

    private readonly Dictionary<ulong, CpuidLeaf> _answers = [];
    private readonly StatePart[] _parts = new StatePart[StateParts];
    private readonly CpuModel _model;
    private readonly CpuTopology _topology;
    private readonly int _index;
    private readonly bool _longMode;
    private readonly uint _lastBasic, _lastExtended;

    /// <summary>The answers for one vCPU.</summary>
    /// <param name="model">The processor chosen with -cpu.</param>
    /// <param name="index">Number of the vCPU.</param>
    /// <param name="topology">Of the machine.</param>
    public SystemCpuid(CpuModel model, int index, CpuTopology topology)
    {
        (_model, _index, _topology) = (model, index, topology);
        // The models of qemu-system-i386 have none.
        _longMode = (model.Query(ExtendedBase + 1, 0).Edx & LongMode) != 0;
        CpuidLeaf vendor = model.Query(0, 0);
        const uint authEbx = 0x6874_7541, hygonEbx = 0x6F67_7948;
        IsAmd = vendor.Ebx is authEbx or hygonEbx;
        // Asking the host costs microseconds where it is a guest itself.
        _lastBasic = Math.Min(vendor.Eax, LastBasic);
        _lastExtended = model.Query(ExtendedBase, 0).Eax;
        if (model.IsHost)
            _lastExtended = IsAmd ? LastExtendedAmd : Math.Max(_lastExtended, LastExtendedIntel);
        CpuidLeaf one = Query(1, 0), seven = Query(7, 0), extended = Query(0x8000_0001, 0), state = Query(0xD, 1);
        HasSmap = Has(seven.Ebx, 20);
        HasXgetbv1 = Has(state.Eax, 2);
        HasXsavec = Has(state.Eax, 1);
        HasXsaves = Has(state.Eax, 3);
        HasSpecCtrl = Has(seven.Edx, 26);
        HasArchCapabilities = Has(seven.Edx, 29);
        HasSyscall = Has(extended.Edx, 11);
        HasNx = Has(extended.Edx, 20);
        HasFastFxsave = Has(extended.Edx, 25);
        HasHugePages = Has(extended.Edx, 26);
        HasLongMode = Has(extended.Edx, 29);
        HasPse36 = Has(one.Edx, 17);
        HasAutoIbrs = IsAmd && (Query(0x8000_0021, 0).Eax & AutoIbrs) != 0;
        Xcr0 = Has(one.Ecx, 26) ? model.Xcr0 & 0xE7 : 1;
        int width = Query(ExtendedBase, 0).Eax >= LastExtendedIntel ? (int)(Query(LastExtendedIntel, 0).Eax & 0xFF) : HasPse36 ? 36 : 32;
        AboveWidth = ((1UL << 52) - 1) & ~((1UL << Math.Clamp(width, 32, 52)) - 1);
        Cr4Allowed = MakeCr4(one, seven);
        for (int i = 2; i < StateParts; i++)
            if ((Xcr0 >> i & 1) != 0)
            {
                CpuidLeaf part = Query(0xD, (uint)i);
                _parts[i] = new StatePart((int)part.Ebx, (int)part.Eax, (part.Ecx & 2) != 0);
            }
    }

    /// <summary>AMD's or Hygon's: system calls and their returns differ from Intel's in rare cases.</summary>
    public bool IsAmd { get; }

    /// <summary>Bits that CR4 takes.</summary>
    public ulong Cr4Allowed { get; }

    /// <summary>State components that xsetbv may enable.</summary>
    public ulong Xcr0 { get; }

    /// <summary>Bits 0 to 51 of page-table entries that lie above the model's physical addresses.</summary>
    public ulong AboveWidth { get; }

    internal bool HasSmap { get; }

    internal bool HasXgetbv1 { get; }

    internal bool HasXsavec { get; }

    internal bool HasXsaves { get; }

    internal bool HasSpecCtrl { get; }

    internal bool HasArchCapabilities { get; }

    internal bool HasSyscall { get; }

    internal bool HasNx { get; }

    internal bool HasFastFxsave { get; }

    internal bool HasHugePages { get; }

    internal bool HasLongMode { get; }

    internal bool HasPse36 { get; }

    internal bool HasAutoIbrs { get; }

    /// <summary>IA32_ARCH_CAPABILITIES: not affected by what guests would otherwise work around at the price of speed.</summary>
    internal const ulong ArchCapabilities = 0xD10E17B;

    /// <summary>What cpuid answers, but for OSXSAVE and the size of the enabled state, which depend on the vCPU's registers.</summary>
    public CpuidLeaf Query(uint leaf, uint subleaf)
    {
        if (!CpuidLeaf.HasParts(leaf))
            subleaf = 0;
        ulong key = (ulong)leaf << 32 | subleaf;
        if (_answers.TryGetValue(key, out CpuidLeaf answer))
            return answer;
        answer = Make(leaf, subleaf);
        // A guest chooses the numbers; it must not fill our memory with them.
        const int most = 1024;
        if (_answers.Count < most)
            _answers.Add(key, answer);
        return answer;
    }

    /// <summary>What cpuid answers a processor whose CR4 and XCR0 are these.</summary>
    public CpuidLeaf Query(uint leaf, uint subleaf, ulong cr4, ulong xcr0)
    {
        CpuidLeaf answer = Query(leaf, subleaf);
        if (leaf == 1)
            return (cr4 & X86Cpu.Cr4Osxsave) != 0 ? answer with { Ecx = answer.Ecx | OsXsave } : answer;
        return leaf == 0xD && subleaf <= 1 ? answer with { Ebx = StateSize(xcr0, compacted: subleaf == 1) } : answer;
    }

    /// <summary>Bytes of an xsave area with these components.</summary>
    internal uint StateSize(ulong components, bool compacted)
    {
        const int legacyAndHeader = 576;
        int size = legacyAndHeader;
        for (int i = 2; i < StateParts; i++)
        {
            if ((components >> i & 1) == 0)
                continue;
            StatePart part = _parts[i];
            if (compacted)
                size = (part.IsAligned ? (size + 63) & ~63 : size) + part.Bytes;
            else
                size = Math.Max(size, part.Offset + part.Bytes);
        }

        return (uint)size;
    }

    /// <summary>Where a component of XCR0, from 2 to 7, lies in a standard xsave area.</summary>
    internal StatePart Part(int component) => _parts[component];

    private static bool Has(uint word, int bit) => (word >> bit & 1) != 0;

    private CpuidLeaf Make(uint leaf, uint subleaf)
    {
        if (leaf is >= HypervisorBase and < HypervisorBase + 0x100)
            return MakeHypervisor(leaf);
        if (leaf >= ExtendedBase)
            return leaf == ExtendedBase ? _model.Query(leaf, 0) with { Eax = _lastExtended } : leaf <= _lastExtended ? MakeExtended(leaf, subleaf) : default;
        if (leaf > _lastBasic)
            return IsAmd ? default : MakeBasic(_lastBasic, subleaf);
        return MakeBasic(leaf, subleaf);
    }

    private CpuidLeaf MakeBasic(uint leaf, uint subleaf)
    {
        CpuidLeaf model = _model.Query(leaf, subleaf);
        switch (leaf)
        {
            case 0:
                return model with { Eax = _lastBasic };
            case 1:
                return MakeFirst(model);
            case 2 or 0x15 or 0x16:
                return model;
            case 4:
                return (model.Eax & 0x1F) == 0 ? default : model with { Eax = SharedCache(model.Eax) };
            case 6:
                const uint alwaysRunningTimer = 1 << 2;
                return new CpuidLeaf(alwaysRunningTimer, 0, 0, 0);
            case 7 when subleaf == 0:
                uint capabilities = _model.IsHost && !IsAmd ? ArchCapabilitiesBit | SpecControlBit : 0;
                return new CpuidLeaf(Math.Min(model.Eax, 1), model.Ebx & Offered7Ebx, model.Ecx & Offered7Ecx, (model.Edx & Offered7Edx) | capabilities);
            case 7 when subleaf == 1:
                return new CpuidLeaf(model.Eax & Offered71Eax, 0, 0, model.Edx & Offered71Edx);
            case 0xB or 0x1F:
                return MakeTopology(subleaf);
            case 0xD:
                return MakeState(model, subleaf);
            default:
                return default;
        }
    }

    private CpuidLeaf MakeFirst(in CpuidLeaf model)
    {
        const uint flushLine = 8 << 8;
        uint count = (uint)Math.Min(_topology.PerSocket, 255);
        uint ecx = model.Ecx & (Offered1Ecx | (_model.IsHost ? 0 : MonitorBit)) & ~OsXsave;
        ecx |= Hypervisor | (_model.IsHost ? X2apic | TscDeadline | Pcid : 0);
        if (!_longMode)
            ecx &= ~Pcid;
        uint edx = (model.Edx & Offered1Edx & ~HyperThreads) | Apic | (count > 1 ? HyperThreads : 0);
        return new CpuidLeaf(model.Eax, _topology.ApicId(_index) << 24 | count << 16 | flushLine, ecx, edx);
    }

    private uint SharedCache(uint eax)
    {
        uint level = eax >> 5 & 7;
        uint sharing = (uint)(level >= 3 ? 1 << _topology.SocketBits : 1 << _topology.ThreadBits) - 1;
        return (eax & 0x3FFF) | sharing << 14 | (uint)((1 << (_topology.SocketBits - _topology.ThreadBits)) - 1) << 26;
    }

    private CpuidLeaf MakeTopology(uint subleaf)
    {
        const uint threads = 1, cores = 2;
        uint id = _topology.ApicId(_index);
        return subleaf switch
        {
            0 => new((uint)_topology.ThreadBits, (uint)_topology.Threads, threads << 8, id),
            1 => new((uint)_topology.SocketBits, (uint)_topology.PerSocket, cores << 8 | 1, id),
            _ => new(0, 0, subleaf & 0xFF, id),
        };
    }

    private CpuidLeaf MakeState(in CpuidLeaf model, uint subleaf)
    {
        const ulong known = 0xE7;
        ulong components = _model.Xcr0 & known;
        if ((Query(1, 0).Ecx & Xsave) == 0)
            return default;
        if (subleaf >= 2)
            return subleaf < 63 && (components >> (int)subleaf & 1) != 0 ? model : default;
        if (subleaf == 1)
            return new CpuidLeaf(model.Eax & OfferedD1Eax, 0, 0, 0);
        uint size = 576;
        for (uint i = 2; i < StateParts; i++)
            if ((components >> (int)i & 1) != 0)
                size = Math.Max(size, Query(0xD, i).Ebx + Query(0xD, i).Eax);
        return new CpuidLeaf((uint)components, size, size, 0);
    }

    private CpuidLeaf MakeExtended(uint leaf, uint subleaf)
    {
        CpuidLeaf model = _model.Query(leaf, subleaf);
        uint count = (uint)_topology.PerSocket;
        switch (leaf - ExtendedBase)
        {
            case 1:
                uint edx = model.Edx & OfferedX1Edx & (_longMode ? uint.MaxValue : ~(LongMode | SyscallBit));
                return new CpuidLeaf(model.Eax, model.Ebx, model.Ecx & OfferedX1Ecx & (count > 1 ? uint.MaxValue : ~2u), edx);
            case 2 or 3 or 4 or 5 or 6 or 0x19 or 0x1A:
                return model;
            case 7:
                return new CpuidLeaf(0, 0, 0, model.Edx & OfferedX7Edx);
            case 8:
                const uint linear = 48 << 8, physical = 40; // as many as QEMU's emulation has: firmware makes page tables for all of them
                uint no = _model.IsHost && IsAmd ? BranchTypeConfusionNo | StoreBypassNo : 0;
                uint cores = IsAmd ? (uint)_topology.SocketBits << 12 | (count - 1) & 0xFF : 0;
                return new CpuidLeaf(_longMode ? linear | physical : model.Eax & 0xFFFF, (model.Ebx & OfferedX8Ebx) | no, cores, 0);
            case 0x1D when HasTopologyExtensions():
                return (model.Eax & 0x1F) == 0 ? default : model with { Eax = (model.Eax & 0x3FFF) | (SharedCache(model.Eax) & 0x03FF_C000) };
            case 0x1E when HasTopologyExtensions():
                uint id = _topology.ApicId(_index);
                return new CpuidLeaf(id, (uint)(_topology.Threads - 1) << 8 | id >> _topology.ThreadBits & 0xFF, id >> _topology.SocketBits & 0xFF, 0);
            case 0x21:
                uint safe = _model.IsHost ? LfenceSerializes | NullClearsBase | AutoIbrs | ReturnOverflowNo : 0;
                return new CpuidLeaf((model.Eax & OfferedX21Eax) | safe, 0, _model.IsHost ? SchedulerAttacksNo : 0, 0);
            default:
                return default;
        }
    }

    private bool HasTopologyExtensions() => (Query(0x8000_0001, 0).Ecx & TopologyExtensions) != 0;

    // The signature by which guests' tools know an emulated QEMU machine.
    private static CpuidLeaf MakeHypervisor(uint leaf) => leaf switch
    {
        HypervisorBase => new(HypervisorBase + 1, 0x5447_4354, 0x4354_4743, 0x4743_5447),
        _ => default,
    };

    private ulong MakeCr4(in CpuidLeaf one, in CpuidLeaf seven)
    {
        ulong allowed = X86Cpu.Cr4Tsd | X86Cpu.Cr4Pce;
        Allow(one.Edx, 1, X86Cpu.Cr4Vme | X86Cpu.Cr4Pvi);
        Allow(one.Edx, 2, X86Cpu.Cr4De);
        Allow(one.Edx, 3, X86Cpu.Cr4Pse);
        Allow(one.Edx, 6, X86Cpu.Cr4Pae);
        Allow(one.Edx, 7, X86Cpu.Cr4Mce);
        Allow(one.Edx, 13, X86Cpu.Cr4Pge);
        Allow(one.Edx, 24, X86Cpu.Cr4Osfxsr);
        Allow(one.Edx, 25, X86Cpu.Cr4Osxmmexcpt);
        Allow(one.Ecx, 17, X86Cpu.Cr4Pcide);
        Allow(one.Ecx, 26, X86Cpu.Cr4Osxsave);
        Allow(seven.Ebx, 0, X86Cpu.Cr4Fsgsbase);
        Allow(seven.Ebx, 7, X86Cpu.Cr4Smep);
        Allow(seven.Ebx, 20, X86Cpu.Cr4Smap);
        Allow(seven.Ecx, 2, X86Cpu.Cr4Umip);
        return allowed;

        void Allow(uint word, int bit, ulong bits) => allowed |= Has(word, bit) ? bits : 0;
    }
}

/// <summary>Place of a component in an xsave area of standard format, and whether it is aligned in the compacted one.</summary>
internal readonly record struct StatePart(int Offset, int Bytes, bool IsAligned);
