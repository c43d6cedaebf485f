using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>The multiple APIC description table (ACPI specification 6.5, 5.2.12).</summary>
internal static class Madt
{
    private const byte LocalApic = 0, IoApic = 1, Override = 2, LocalNmi = 4, LocalX2Apic = 9, Enabled = 1, OnlineCapable = 2;
    private const int MostLocalApics = 255;
    private const ushort ActiveHighLevel = 0xD;

    /// <summary>Interrupts that PCI links and the SCI may use: level triggered.</summary>
    private static ReadOnlySpan<byte> LevelIrqs => [5, 9, 10, 11];

    public static byte[] Make(PcDescription pc)
    {
        List<byte> body = [.. BitConverter.GetBytes((uint)PcDescription.LocalApicBase), .. BitConverter.GetBytes(pc.IsMicrovm ? 0u : 1u)];
        for (int i = 0; i < Math.Max(pc.Cpus, pc.MaxCpus); i++)
        {
            byte flags = i < pc.Cpus ? Enabled : OnlineCapable;
            if (i < MostLocalApics)
                body.AddRange([LocalApic, 8, (byte)i, (byte)i, flags, 0, 0, 0]);
            else
                body.AddRange([LocalX2Apic, 16, 0, 0, .. BitConverter.GetBytes(i), flags, 0, 0, 0, .. BitConverter.GetBytes(i)]);
        }

        if (pc.HasIoApic)
            body.AddRange([IoApic, 12, 0, 0, .. BitConverter.GetBytes((uint)PcDescription.IoApicBase), 0, 0, 0, 0]);
        if (!pc.IsMicrovm)
        {
            body.AddRange([Override, 10, 0, 0, 2, 0, 0, 0, 0, 0]);
            foreach (byte irq in LevelIrqs)
                body.AddRange([Override, 10, 0, irq, irq, 0, 0, 0, (byte)ActiveHighLevel, ActiveHighLevel >> 8]);
        }

        body.AddRange([LocalNmi, 6, 0xFF, 0, 0, 1]);
        return AcpiTable.Make("APIC", 3, body.ToArray());
    }

    /// <summary>A generic address structure (5.2.3.2).</summary>
    public static void GenericAddress(Span<byte> at, byte space, byte bits, byte offset, byte access, ulong address)
    {
        (at[0], at[1], at[2], at[3]) = (space, bits, offset, access);
        BinaryPrimitives.WriteUInt64LittleEndian(at[4..], address);
    }
}
