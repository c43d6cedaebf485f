using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Control;

/// <summary>A local APIC of the kernel, for `info lapic`.</summary>
internal static class LocalApicText
{
    private static readonly (string Name, int Offset)[] Registers =
    [
        ("ID", 0x20), ("version", 0x30), ("TPR", 0x80), ("PPR", 0xA0), ("LDR", 0xD0), ("DFR", 0xE0), ("SVR", 0xF0), ("ESR", 0x280), ("ICR low", 0x300), ("ICR high", 0x310),
        ("LVT timer", 0x320), ("LVT thermal", 0x330), ("LVT perf", 0x340), ("LVT LINT0", 0x350), ("LVT LINT1", 0x360), ("LVT error", 0x370), ("initial count", 0x380), ("current count", 0x390), ("divide", 0x3E0),
    ];

    public static string OfKernel(KvmVcpu vcpu)
    {
        byte[] page = new byte[KvmLocalApic.Bytes];
        KvmLocalApic.Get(vcpu.Descriptor, page);
        StringBuilder text = new($"dumping local APIC state for CPU {vcpu.Index} (in the kernel)\n");
        foreach ((string name, int offset) in Registers)
            text.Append(CultureInfo.InvariantCulture, $"  {name,-14} 0x{BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(offset)):x8}\n");
        foreach ((string name, int offset) in new[] { ("ISR", 0x100), ("IRR", 0x200) })
            text.Append($"  {name,-14} {string.Join(' ', Vectors(page, offset))}\n");
        return text.ToString();
    }

    private static IEnumerable<int> Vectors(byte[] page, int offset)
    {
        for (int vector = 0; vector < 256; vector++)
            if ((BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(offset + vector / 32 * 16)) >> (vector % 32) & 1) != 0)
                yield return vector;
    }
}
