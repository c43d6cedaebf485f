using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Suite.Devices.Core;

namespace Suite.Machines.X86.Kvm;

/// <summary>Between the kernel's chips and the devices they stand for, by the names of the devices' registers.</summary>
internal sealed unsafe class KernelChipStates(KvmAccelerator kvm, VirtualClock clock)
{
    private const int PitBytes = 112, ChannelBytes = 24, Channels = 3;
    private const uint DeadlineMsr = 0x6E0;

    /// <summary>struct kvm_pic_state.</summary>
    public void FillPic(Device pic, int chip)
    {
        byte[] s = KernelChips.Get(kvm.Vm, chip);
        Put(pic, ("levels", s[0]), ("IRR", s[1]), ("IMR", s[2]), ("ISR", s[3]), ("lowest priority", (ulong)(s[4] + 7 & 7)), ("ICW2", s[5]), ("RIS", s[6]), ("P", s[7]), ("SMM", s[8]),
            ("initialisation step", s[9]), ("AEOI", s[10]), ("rotate in AEOI mode", s[11]), ("SFNM", s[12]), ("IC4", s[13]), ("ELCR", s[14]), ("ICW3", chip == KernelChips.Master ? 4u : 2u));
    }

    /// <summary>Back.</summary>
    public void ApplyPic(Device pic, int chip)
    {
        byte[] s = KernelChips.Get(kvm.Vm, chip);
        // The kernel's timer pulses its line from low, and never again after a pulse that raised no edge.
        int timerLine = chip == KernelChips.Master ? 1 : 0;
        (s[0], s[1], s[2], s[3]) = ((byte)(Byte(pic, "levels") & ~timerLine), Byte(pic, "IRR"), Byte(pic, "IMR"), Byte(pic, "ISR"));
        (s[4], s[5], s[6], s[7]) = ((byte)(Byte(pic, "lowest priority") + 1 & 7), Byte(pic, "ICW2"), Byte(pic, "RIS"), Byte(pic, "P"));
        (s[8], s[9], s[10], s[11]) = (Byte(pic, "SMM"), Byte(pic, "initialisation step"), Byte(pic, "AEOI"), Byte(pic, "rotate in AEOI mode"));
        (s[12], s[13], s[14]) = (Byte(pic, "SFNM"), Byte(pic, "IC4"), Byte(pic, "ELCR"));
        KernelChips.Set(kvm.Vm, chip, s);
    }

    /// <summary>struct kvm_ioapic_state.</summary>
    public void FillIoApic(Device ioApic)
    {
        const int Select = 8, Id = 12, Irr = 16, First = 24, Entries = 24;
        byte[] s = KernelChips.Get(kvm.Vm, KernelChips.IoApic);
        Put(ioApic, ("IOREGSEL", U32(s, Select)), ("IOAPICID", U32(s, Id)), ("levels", U32(s, Irr)), ("edges seen", 0UL));
        for (int i = 0; i < Entries; i++)
            Put(ioApic, ($"IOREDTBL{i}", BinaryPrimitives.ReadUInt64LittleEndian(s.AsSpan(First + i * 8))));
    }

    /// <summary>Back.</summary>
    public void ApplyIoApic(Device ioApic)
    {
        const int Select = 8, Id = 12, Irr = 16, First = 24, Entries = 24;
        byte[] s = KernelChips.Get(kvm.Vm, KernelChips.IoApic);
        BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(Select), (uint)Get(ioApic, "IOREGSEL"));
        BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(Id), (uint)Get(ioApic, "IOAPICID"));
        const uint TimerInputs = 1 | 1 << 2;
        BinaryPrimitives.WriteUInt32LittleEndian(s.AsSpan(Irr), (uint)Get(ioApic, "levels") & ~TimerInputs);
        for (int i = 0; i < Entries; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(s.AsSpan(First + i * 8), Get(ioApic, $"IOREDTBL{i}"));
        KernelChips.Set(kvm.Vm, KernelChips.IoApic, s);
    }

    /// <summary>struct kvm_pit_state2.</summary>
    public void FillPit(Device pit)
    {
        byte* s = stackalloc byte[PitBytes];
        kvm.Vm.Call(KvmApi.KVM_GET_PIT2, (long)s, "KVM_GET_PIT2");
        for (int i = 0; i < Channels; i++)
        {
            byte* c = s + i * ChannelBytes;
            uint count = *(uint*)c;
            long since = HostNow() - *(long*)(c + 16);
            string n = $"counter {i} ";
            Put(pit, (n + "reload", count == 0 ? 0x10000 : count), (n + "latched count", *(ushort*)(c + 4)), (n + "count is latched", c[6] != 0 ? 1u : 0), (n + "status is latched", c[7]), (n + "latched status", c[8]),
                (n + "gives high byte", c[9] == 4 ? 1u : 0), (n + "expects high byte", c[10] == 4 ? 1u : 0), (n + "low byte written", c[11]), (n + "access", c[12]), (n + "mode", c[13]), (n + "BCD", c[14]), (n + "GATE", c[15]),
                (n + "start", (ulong)Math.Max(clock.Now - since, 0)), (n + "loaded", 1UL));
        }
    }

    /// <summary>Back. The kernel begins to count anew.</summary>
    public void ApplyPit(Device pit)
    {
        byte* s = stackalloc byte[PitBytes];
        kvm.Vm.Call(KvmApi.KVM_GET_PIT2, (long)s, "KVM_GET_PIT2");
        for (int i = 0; i < Channels; i++)
        {
            byte* c = s + i * ChannelBytes;
            string n = $"counter {i} ";
            *(uint*)c = (uint)Get(pit, n + "reload");
            *(ushort*)(c + 4) = (ushort)Get(pit, n + "latched count");
            const byte Word0 = 3, Word1 = 4;
            byte access = Byte(pit, n + "access");
            (c[6], c[7], c[8]) = (Get(pit, n + "count is latched") != 0 ? access : (byte)0, Byte(pit, n + "status is latched"), Byte(pit, n + "latched status"));
            (c[9], c[10]) = (access == 3 ? Get(pit, n + "gives high byte") != 0 ? Word1 : Word0 : access, access == 3 ? Get(pit, n + "expects high byte") != 0 ? Word1 : Word0 : access);
            (c[11], c[12], c[13], c[14], c[15]) = (Byte(pit, n + "low byte written"), access, Byte(pit, n + "mode"), Byte(pit, n + "BCD"), Byte(pit, n + "GATE"));
        }

        kvm.Vm.Call(KvmApi.KVM_SET_PIT2, (long)s, "KVM_SET_PIT2");
    }

    /// <summary>struct kvm_lapic_state: the register page.</summary>
    public void FillApic(Device apic, KvmVcpu vcpu)
    {
        byte[] page = new byte[KvmLocalApic.Bytes];
        KvmLocalApic.Get(vcpu.Descriptor, page);
        ulong initial = U32(page, 0x380), current = U32(page, 0x390), divide = U32(page, 0x3E0);
        long divisor = 1L << (int)(((divide & 3 | divide >> 1 & 4) + 1) & 7);
        Put(apic, ("ID", U32(page, 0x20) >> 24), ("IA32_APIC_BASE", vcpu.State->ApicBase), ("TPR", U32(page, 0x80)), ("LDR", U32(page, 0xD0)), ("DFR", U32(page, 0xE0)), ("SVR", U32(page, 0xF0)),
            ("ESR", U32(page, 0x280)), ("errors not latched", 0UL), ("ICR", U32(page, 0x300) | (ulong)U32(page, 0x310) << 32), ("waits for start-up", vcpu.WaitsForStart ? 1u : 0),
            ("initial count", initial), ("divide configuration", divide), ("time of count 0", (ulong)(clock.Now + (long)current * divisor)), ("TSC deadline", vcpu.ReadMsr(DeadlineMsr)));
        for (int i = 0; i < 6; i++)
            Put(apic, ($"LVT{i}", U32(page, 0x320 + i * 16)));
        PutVectors(apic, ("ISR", Vectors(page, 0x100)), ("TMR", Vectors(page, 0x180)), ("IRR", Vectors(page, 0x200)));
    }

    /// <summary>Back.</summary>
    public void ApplyApic(Device apic, KvmVcpu vcpu)
    {
        byte[] page = new byte[KvmLocalApic.Bytes];
        KvmLocalApic.Get(vcpu.Descriptor, page);
        Dictionary<string, byte[]> pieces = Pieces(apic);
        void Set(int offset, ulong value) => BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(offset), (uint)value);
        Set(0x20, Get(apic, "ID") << 24);
        Set(0x80, Get(apic, "TPR"));
        Set(0xD0, Get(apic, "LDR"));
        Set(0xE0, Get(apic, "DFR"));
        Set(0xF0, Get(apic, "SVR"));
        Set(0x280, Get(apic, "ESR"));
        Set(0x300, Get(apic, "ICR"));
        Set(0x310, Get(apic, "ICR") >> 32);
        for (int i = 0; i < 6; i++)
            Set(0x320 + i * 16, Get(apic, $"LVT{i}"));
        ulong initial = Get(apic, "initial count"), divide = Get(apic, "divide configuration");
        long divisor = 1L << (int)(((divide & 3 | divide >> 1 & 4) + 1) & 7);
        long left = Math.Max((long)Get(apic, "time of count 0") - clock.Now, 0) / divisor;
        Set(0x380, initial);
        Set(0x390, (ulong)Math.Min(left, (long)initial));
        Set(0x3E0, divide);
        foreach ((string name, int offset) in new[] { ("ISR", 0x100), ("TMR", 0x180), ("IRR", 0x200) })
            for (int i = 0; i < 8; i++)
                pieces[name].AsSpan(i * 4, 4).CopyTo(page.AsSpan(offset + i * 16));
        KvmLocalApic.Set(vcpu.Descriptor, page);
        vcpu.WriteMsr(DeadlineMsr, Get(apic, "TSC deadline"));
    }

    private static long HostNow() => Stopwatch.GetTimestamp();

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static byte[] Vectors(byte[] page, int offset)
    {
        byte[] bits = new byte[32];
        for (int i = 0; i < 8; i++)
            page.AsSpan(offset + i * 16, 4).CopyTo(bits.AsSpan(i * 4));
        return bits;
    }

    private static Register Find(Device device, string name) => device.State.Registers.First(r => r.Name == name);

    private static ulong Get(Device device, string name) => Find(device, name).Value;

    private static byte Byte(Device device, string name) => (byte)Get(device, name);

    private static void Put(Device device, params ReadOnlySpan<(string Name, ulong Value)> values)
    {
        foreach ((string name, ulong value) in values)
            Find(device, name).Value = value;
    }

    // Arrays have no names outside; the saved form has.
    private static void PutVectors(Device device, params ReadOnlySpan<(string Name, byte[] Bits)> sets)
    {
        using MemoryStream state = new();
        device.State.Save(state);
        byte[] bytes = state.ToArray();
        foreach ((string name, byte[] bits) in sets)
        {
            byte[] head = [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. BitConverter.GetBytes(bits.Length)];
            int at = bytes.AsSpan().IndexOf(head);
            bits.CopyTo(bytes, at + head.Length);
        }

        device.State.Load(new MemoryStream(bytes));
    }

    private static Dictionary<string, byte[]> Pieces(Device device)
    {
        using MemoryStream state = new();
        device.State.Save(state);
        byte[] bytes = state.ToArray();
        Dictionary<string, byte[]> pieces = new(StringComparer.Ordinal);
        for (int at = 0; at < bytes.Length;)
        {
            string name = Encoding.ASCII.GetString(bytes, at + 1, bytes[at]);
            at += 1 + bytes[at];
            int length = BitConverter.ToInt32(bytes, at);
            pieces[name] = bytes.AsSpan(at + 4, length).ToArray();
            at += 4 + length;
        }

        return pieces;
    }
}
