using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Kvm;

/// <summary>What cpuid answers a guest of the kernel: the model's answers as far as the kernel supports them, and the machine's topology.</summary>
internal sealed class KvmCpuid
{
    private const uint Hypervisor = 0x4000_0000, Extended = 0x8000_0000;
    private const uint X2Apic = 1 << 21, TscDeadline = 1 << 24, HypervisorBit = 1u << 31, Htt = 1 << 28, OsXsave = 1 << 27, Monitor = 1 << 3, OsPke = 1 << 4;

    private readonly List<KvmCpuidEntry> _entries = [];

    /// <summary>Answers for one vCPU.</summary>
    public KvmCpuid(KvmCpuidEntry[] supported, CpuModel model, int index, CpuTopology topology, bool hasApic, bool hasTscDeadline)
    {
        HashSet<(uint, uint)> seen = [];
        foreach (KvmCpuidEntry entry in supported)
        {
            KvmCpuidEntry answer = entry;
            if (entry.Function is < Hypervisor or >= Extended)
                Restrict(ref answer, model);
            SetTopology(ref answer, (uint)index, topology);
            if (entry.Function == 1)
                answer.Ecx = (answer.Ecx & ~X2Apic) | HypervisorBit | (hasApic && KnowsX2Apic(model) ? X2Apic | (hasTscDeadline ? TscDeadline : 0) : 0);
            if (seen.Add((entry.Function, entry.Index)))
                _entries.Add(answer);
        }
    }

    /// <summary>For KVM_SET_CPUID2.</summary>
    public IReadOnlyList<KvmCpuidEntry> Entries => _entries;

    /// <summary>What cpuid answers.</summary>
    public CpuidLeaf Query(uint leaf, uint subleaf)
    {
        foreach (KvmCpuidEntry e in _entries)
            if (e.Function == leaf && ((e.Flags & KvmCpuidEntry.SignificantIndex) == 0 || e.Index == subleaf))
                return new CpuidLeaf(e.Eax, e.Ebx, e.Ecx, e.Edx);
        return default;
    }

    private static bool KnowsX2Apic(CpuModel model) => model.IsHost || (model.Query(1, 0).Ecx & X2Apic) != 0 || model.Query(0, 0).Eax >= 0xB;

    // Feature words: what both have. Identity: the model's. Sizes and the like: the kernel's.
    private static void Restrict(ref KvmCpuidEntry e, CpuModel model)
    {
        CpuidLeaf wanted = model.Query(e.Function, e.Index);
        switch (e.Function)
        {
            case 0 or Extended:
                if (!model.IsHost)
                    (e.Eax, e.Ebx, e.Ecx, e.Edx) = (Math.Min(wanted.Eax, e.Eax), wanted.Ebx, wanted.Ecx, wanted.Edx);
                break;
            case 1:
                e.Eax = wanted.Eax;
                if (!model.IsHost)
                    (e.Ecx, e.Edx) = (e.Ecx & ((wanted.Ecx & ~OsXsave) | X2Apic), e.Edx & wanted.Edx);
                e.Ecx &= ~(OsXsave | Monitor);
                break;
            case 7 when !model.IsHost:
                if (e.Index == 0)
                    (e.Ebx, e.Ecx, e.Edx) = (e.Ebx & wanted.Ebx, e.Ecx & wanted.Ecx & ~OsPke, e.Edx & wanted.Edx);
                else
                    (e.Eax, e.Edx) = (e.Eax & wanted.Eax, e.Edx & wanted.Edx);
                break;
            case 0xD when !model.IsHost:
                if (model.Xcr0 == 0)
                    (e.Eax, e.Ebx, e.Ecx, e.Edx) = (0, 0, 0, 0);
                else if (e.Index == 0)
                    e.Eax &= (uint)model.Xcr0;
                break;
            case Extended + 1 when !model.IsHost:
                (e.Ecx, e.Edx) = (e.Ecx & wanted.Ecx, e.Edx & wanted.Edx);
                break;
            case >= Extended + 2 and <= Extended + 4:
                (e.Eax, e.Ebx, e.Ecx, e.Edx) = (wanted.Eax, wanted.Ebx, wanted.Ecx, wanted.Edx);
                break;
        }
    }

    private static void SetTopology(ref KvmCpuidEntry e, uint index, CpuTopology topology)
    {
        const uint ThreadLevel = 1 << 8, CoreLevel = 2 << 8;
        uint count = (uint)topology.PerSocket, bits = (uint)topology.SocketBits, threads = (uint)topology.Threads, threadBits = (uint)topology.ThreadBits;
        switch (e.Function)
        {
            case 1:
                e.Ebx = (e.Ebx & 0xFFFF) | index << 24 | Math.Min(count, 255) << 16;
                e.Edx = count > 1 ? e.Edx | Htt : e.Edx & ~Htt;
                break;
            case 4 when (e.Eax & 0x1F) != 0:
                e.Eax = (e.Eax & 0x3FFF) | (threads - 1) << 14 | ((1u << (int)(bits - threadBits)) - 1) << 26;
                break;
            case 0xB or 0x1F:
                (e.Eax, e.Ebx, e.Ecx, e.Edx) = e.Index switch
                {
                    0 => (threadBits, threads, ThreadLevel, index),
                    1 => (bits, count, CoreLevel | 1, index),
                    _ => (0u, 0u, e.Index, index),
                };
                break;
            case Extended + 8:
                e.Ecx = (e.Ecx & ~0xF0FFu) | (count > 1 ? (count - 1) | bits << 12 : 0);
                break;
            case Extended + 0x1D when (e.Eax & 0x1F) != 0:
                e.Eax = (e.Eax & 0x3FFF) | (threads - 1) << 14;
                break;
            case Extended + 0x1E:
                (e.Eax, e.Ebx, e.Ecx) = (index, (threads - 1) << 8 | index >> (int)threadBits & 0xFF, 0);
                break;
        }
    }
}
