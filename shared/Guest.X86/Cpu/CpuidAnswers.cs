using System.Buffers.Binary;
using System.Text;
using F = Suite.Guest.X86.Cpu.CpuFeature;
using W = Suite.Guest.X86.Cpu.CpuidWord;

namespace Suite.Guest.X86.Cpu;

/// <summary>
/// What cpuid answers on a named model (Intel SDM volume 2A, AMD APM volume 3 appendix E). Where a program asks about the machine rather than the
/// processor - which core it runs on, cache sizes, clock - the answer is the host's, in the model maker's format.
/// </summary>
internal static class CpuidAnswers
{
    private const uint OsXsave = 1u << 27, OsPke = 1u << 4;

    // Bits of leaf 1 edx that AMD repeats in leaf 0x80000001 edx: all up to pse36 except sep, mmx, fxsr.
    private const uint AmdRepeats = 0x0183_F3FF;

    private const uint Extended = 0x8000_0000, Hypervisor = 0x4000_0000, Centaur = 0xC000_0000;

    public static CpuidLeaf Query(NamedCpu cpu, uint leaf, uint subleaf)
    {
        // ecx is whatever a program left there, except for leaves that have parts.
        if (!CpuidLeaf.HasParts(leaf))
            subleaf = 0;
        if (cpu.FromHost)
            return Patch(cpu, leaf, subleaf);
        CpuIdentity identity = cpu.Identity;
        return leaf switch
        {
            0 => Vendor(identity.Level, identity.Vendor),
            < Hypervisor when leaf <= identity.Level => Basic(cpu, leaf, subleaf),
            Hypervisor when cpu.Has(F.Hypervisor) => Vendor(Hypervisor + 1, "TCGTCGTCGTCG", hypervisor: true),
            Hypervisor + 1 when cpu.Has(F.Hypervisor) => default,
            Extended when identity.IsAmd && identity.ExtendedLevel != 0 => Vendor(identity.ExtendedLevel, identity.Vendor),
            Extended when identity.ExtendedLevel != 0 => new(identity.ExtendedLevel, 0, 0, 0),
            >= Extended and < Centaur when leaf <= identity.ExtendedLevel => AboveBasic(cpu, leaf, subleaf),
            Centaur when cpu.Word(W.C1Edx) != 0 => new(Centaur + 1, 0, 0, 0),
            Centaur + 1 when cpu.Word(W.C1Edx) != 0 => new(0, 0, 0, cpu.Word(W.C1Edx)),
            // Beyond the end Intel answers as for the last basic leaf, AMD with zeros.
            _ => identity.IsAmd || identity.Level == 0 ? default : Basic(cpu, identity.Level, subleaf),
        };
    }

    private static CpuidLeaf Basic(NamedCpu cpu, uint leaf, uint subleaf)
    {
        IHostCpuid host = cpu.Host;
        switch (leaf)
        {
            case 1:
                return new(cpu.Identity.Signature, Topology(cpu), EnabledEcx1(cpu), cpu.Word(W.L1Edx));
            case 2 when !cpu.Identity.IsAmd:
                // Below level 4 descriptors are all there is: 32 KiB + 32 KiB first level, 2 MiB second. Else FF: see leaf 4.
                return cpu.Identity.Level < 4 ? new(1, 0, 0, 0x002C_307D) : new(0xFF01, 0, 0, 0);
            case 4 when !cpu.Identity.IsAmd:
                return CpuCaches.Leaf(host, subleaf);
            case 6:
                return new(cpu.Word(W.L6Eax), 0, 0, 0);
            case 7 when subleaf == 0:
                return new(cpu.Word(W.L7s1Eax) != 0 || cpu.Word(W.L7s1Edx) != 0 ? 1u : 0u, cpu.Word(W.L7Ebx), EnabledEcx7(cpu), cpu.Word(W.L7Edx));
            case 7 when subleaf == 1:
                return new(cpu.Word(W.L7s1Eax), 0, 0, cpu.Word(W.L7s1Edx));
            case 0xB or 0x15 or 0x16 or 0x1F:
                return host.Query(0, 0).Eax >= leaf ? host.Query(leaf, subleaf) : default;
            case 0xD:
                return XsaveArea.Leaf(cpu, subleaf);
            case 0x14:
                return new(0, cpu.Word(W.L14Ebx), 0, 0);
            case 0x19:
                return new(0, cpu.Word(W.L19Ebx), 0, 0);
            case 0x1D or 0x1E when cpu.Has(F.AmxTile):
                return host.Query(leaf, subleaf);
            default:
                return default;
        }
    }

    private static CpuidLeaf AboveBasic(NamedCpu cpu, uint leaf, uint subleaf)
    {
        CpuIdentity identity = cpu.Identity;
        bool amd = identity.IsAmd;
        switch (leaf - Extended)
        {
            case 1:
                return new(amd ? identity.Signature : 0, 0, cpu.Word(W.X1Ecx), ExtendedEdx(cpu));
            case >= 2 and <= 4:
                return Brand(identity.Brand, leaf - Extended - 2);
            case 5 when amd:
                return CpuCaches.AmdFirstLevel(cpu.Host);
            case 6:
                return CpuCaches.AmdOtherLevels(cpu.Host, thirdLevel: amd);
            case 7:
                return new(0, 0, 0, cpu.Word(W.X7Edx));
            case 8:
                // 64-bit processors have the host's address sizes; before them PSE-36 widened the physical one.
                uint sizes = cpu.Has(F.Lm) ? cpu.Host.Query(leaf, 0).Eax & 0xFFFF : cpu.Has(F.Pse36) ? 0x2024u : 0x2020u;
                return new(sizes, cpu.Word(W.X8Ebx), amd && cpu.Has(F.Ht) ? (Topology(cpu) >> 16 & 0xFF) - 1 : 0, 0);
            case 0xA when cpu.Has(F.Svm):
                return new(1, 0x10, 0, cpu.Word(W.XAEdx));
            case 0x1D when cpu.Has(F.Topoext):
                return CpuCaches.Leaf(cpu.Host, subleaf);
            case 0x1E when cpu.Has(F.Topoext):
                uint apicId = Topology(cpu) >> 24;
                return new(apicId, apicId, 0, 0);
            case 0x21:
                return new(cpu.Word(W.X21Eax), 0, 0, 0);
            default:
                return default;
        }
    }

    // max or host with changes: the host's answer with our feature bits in it.
    private static CpuidLeaf Patch(NamedCpu cpu, uint leaf, uint subleaf)
    {
        CpuIdentity identity = cpu.Identity;
        CpuidLeaf answer = leaf == 0xD && (subleaf != 1 || cpu.Xcr0 != cpu.Host.Xcr0) ? XsaveArea.Leaf(cpu, subleaf) : cpu.Host.Query(leaf, subleaf);
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
        {
            CpuidPlace place = CpuidWords.Place(row.Word);
            if (place.Leaf != leaf || place.Subleaf != subleaf)
                continue;
            uint bit = 1u << row.Bit, old = CpuidWords.Register(answer, place.Register);
            answer = CpuidWords.With(answer, place.Register, cpu.Has(row.Feature) ? old | bit : old & ~bit);
        }
        return leaf switch
        {
            0 => Vendor(answer.Eax, identity.Vendor),
            1 => answer with { Eax = identity.Signature, Ecx = answer.Ecx & ~OsXsave | (cpu.Has(F.Xsave) ? OsXsave : 0) },
            7 when subleaf == 0 => answer with { Ecx = answer.Ecx & ~OsPke | (cpu.Has(F.Pku) ? OsPke : 0) },
            Extended + 1 => answer with
            {
                Eax = identity.IsAmd ? identity.Signature : answer.Eax,
                Edx = answer.Edx & ~AmdRepeats | ExtendedEdx(cpu) & AmdRepeats,
            },
            Extended + 2 or Extended + 3 or Extended + 4 => Brand(identity.Brand, leaf - Extended - 2),
            _ => answer,
        };
    }

    // The current processor's APIC id and the count of logical processors are the host's; the flush line is 8 * 8 bytes everywhere.
    private static uint Topology(NamedCpu cpu)
    {
        uint host = cpu.Host.Query(1, 0).Ebx;
        return host & 0xFF00_0000 | (cpu.Has(F.Ht) ? host & 0x00FF_0000 : 0x0001_0000) | (cpu.Has(F.Clflush) ? 0x0800u : 0);
    }

    private static uint EnabledEcx1(NamedCpu cpu) => cpu.Word(W.L1Ecx) | (cpu.Has(F.Xsave) ? OsXsave : 0);

    private static uint EnabledEcx7(NamedCpu cpu) => cpu.Word(W.L7Ecx) | (cpu.Has(F.Pku) ? OsPke : 0);

    private static uint ExtendedEdx(NamedCpu cpu) => cpu.Word(W.X1Edx) | (cpu.Identity.IsAmd ? cpu.Word(W.L1Edx) & AmdRepeats : 0);

    // The twelve letters stand in ebx, edx, ecx; a hypervisor's in ebx, ecx, edx.
    private static CpuidLeaf Vendor(uint last, string vendor, bool hypervisor = false)
    {
        Span<byte> text = stackalloc byte[12];
        Encoding.ASCII.GetBytes(vendor, text);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(text);
        uint second = BinaryPrimitives.ReadUInt32LittleEndian(text[4..]), third = BinaryPrimitives.ReadUInt32LittleEndian(text[8..]);
        return hypervisor ? new(last, first, second, third) : new(last, first, third, second);
    }

    private static CpuidLeaf Brand(string brand, uint third)
    {
        Span<byte> text = stackalloc byte[48];
        text.Clear();
        Encoding.ASCII.GetBytes(brand, text);
        Span<byte> part = text.Slice((int)third * 16, 16);
        return new(BinaryPrimitives.ReadUInt32LittleEndian(part), BinaryPrimitives.ReadUInt32LittleEndian(part[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(part[8..]), BinaryPrimitives.ReadUInt32LittleEndian(part[12..]));
    }
}
