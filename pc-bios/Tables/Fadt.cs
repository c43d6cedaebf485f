using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>The fixed ACPI description table (ACPI specification 6.5, 5.2.9): PIIX4 power management for `pc`, hardware-reduced for `microvm`.</summary>
internal static class Fadt
{
    private const int Bytes3 = 244, Bytes5 = 268;
    private const byte AcpiEnable = 0xF1, AcpiDisable = 0xF0, ResetByte = 0x0F, MicrovmResetByte = 0x42;
    private const int SmiPort = 0xB2, ResetPort = 0xCF9, CenturyCell = 0x32;
    private const ushort NoC2 = 0xFFF, NoC3 = 0xFFF;
    private const uint Wbinvd = 1, C1 = 1 << 2, SleepButton = 1 << 5, RtcNotFixed = 1 << 6, RtcS4 = 1 << 7, HasResetRegister = 1 << 10, PlatformClock = 1 << 15, HardwareReduced = 1 << 20;
    private const ushort LegacyDevices = 1, Has8042 = 2, NoVga = 4, NoRtc = 1 << 5;

    public static byte[] Make(PcDescription pc) => pc.IsMicrovm ? Reduced(pc) : Piix4(pc);

    private static byte[] Piix4(PcDescription pc)
    {
        byte[] t = AcpiTable.Make("FACP", 3, new byte[Bytes3 - AcpiTable.HeaderBytes]);
        t[44] = 1; // INT_MODEL, reserved since ACPI 2.0
        Put16(t, 46, PcDescription.SciIrq);
        Put32(t, 48, SmiPort);
        (t[52], t[53]) = (AcpiEnable, AcpiDisable);
        Put32(t, 56, PcDescription.PmBase);
        Put32(t, 64, PcDescription.PmBase + 4);
        Put32(t, 76, PcDescription.PmBase + 8);
        Put32(t, 80, PcDescription.GeneralEvents);
        (t[88], t[89], t[91], t[92]) = (4, 2, 4, 4);
        Put16(t, 96, NoC2);
        Put16(t, 98, NoC3);
        t[108] = CenturyCell;
        Put16(t, 109, (ushort)(LegacyDevices | (pc.HasI8042 ? Has8042 : 0)));
        Put32(t, 112, Wbinvd | C1 | SleepButton | RtcS4 | HasResetRegister | (pc.HasHpet ? PlatformClock : 0));
        Madt.GenericAddress(t.AsSpan(116), Aml.SystemIo, 8, 0, 1, ResetPort);
        t[128] = ResetByte;
        Madt.GenericAddress(t.AsSpan(148), Aml.SystemIo, 32, 0, 0, PcDescription.PmBase);
        Madt.GenericAddress(t.AsSpan(172), Aml.SystemIo, 16, 0, 0, PcDescription.PmBase + 4);
        Madt.GenericAddress(t.AsSpan(208), Aml.SystemIo, 32, 0, 0, PcDescription.PmBase + 8);
        Madt.GenericAddress(t.AsSpan(220), Aml.SystemIo, 32, 0, 0, PcDescription.GeneralEvents);
        return t;
    }

    private static byte[] Reduced(PcDescription pc)
    {
        byte[] t = AcpiTable.Make("FACP", 5, new byte[Bytes5 - AcpiTable.HeaderBytes]);
        Put16(t, 109, (ushort)((pc.HasI8042 ? Has8042 : 0) | (pc.HasVga ? 0 : NoVga) | (pc.HasRtc ? 0 : NoRtc)));
        t[131] = 1; // ACPI 5.1
        bool hasPower = pc.MicrovmPowerBase != 0;
        Put32(t, 112, Wbinvd | C1 | SleepButton | RtcNotFixed | HardwareReduced | (hasPower ? HasResetRegister : 0));
        if (!hasPower)
            return t;
        Madt.GenericAddress(t.AsSpan(116), Aml.SystemMemory, 8, 0, 1, pc.MicrovmPowerBase + 2);
        t[128] = MicrovmResetByte;
        Madt.GenericAddress(t.AsSpan(244), Aml.SystemMemory, 8, 0, 1, pc.MicrovmPowerBase);
        Madt.GenericAddress(t.AsSpan(256), Aml.SystemMemory, 8, 0, 1, pc.MicrovmPowerBase + 1);
        return t;
    }

    private static void Put16(byte[] t, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(t.AsSpan(at), value);

    private static void Put32(byte[] t, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(t.AsSpan(at), value);
}
