using System.Buffers.Binary;

namespace Suite.Machines.X86.Kvm;

/// <summary>The register page of a local APIC in the kernel: a register every 16 bytes (Intel SDM volume 3, table 11-1).</summary>
internal static unsafe class KvmLocalApic
{
    public const int Bytes = 1024;

    private const int Id = 0x20, Version = 0x30, LogicalFormat = 0xE0, Spurious = 0xF0, FirstLvt = 0x320, LastLvt = 0x370, CorrectedErrors = 0x2F0;
    private const uint Masked = 1 << 16, FlatModel = 0xFFFFFFFF, SpuriousAtReset = 0xFF, VersionAtReset = 0x50014;

    /// <summary>As after power-on.</summary>
    public static void Reset(KvmDescriptor vcpu, int index)
    {
        byte* page = stackalloc byte[Bytes];
        Span<byte> registers = new(page, Bytes);
        registers.Clear();
        Put(registers, Id, (uint)index << 24);
        Put(registers, Version, VersionAtReset);
        Put(registers, LogicalFormat, FlatModel);
        Put(registers, Spurious, SpuriousAtReset);
        Put(registers, CorrectedErrors, Masked);
        for (int lvt = FirstLvt; lvt <= LastLvt; lvt += 0x10)
            Put(registers, lvt, Masked);
        // A PC's firmware finds LINT0 open for the PIC and LINT1 for NMI.
        const int Lint0 = 0x350, Lint1 = 0x360;
        const uint ExtInt = 0x700, Nmi = 0x400;
        if (index == 0)
            Put(registers, Lint0, ExtInt);
        Put(registers, Lint1, Nmi);
        vcpu.Call(KvmApi.KVM_SET_LAPIC, (long)page, "KVM_SET_LAPIC");
    }

    /// <summary>Reads the page.</summary>
    public static void Get(KvmDescriptor vcpu, Span<byte> page)
    {
        fixed (byte* p = page)
            vcpu.Call(KvmApi.KVM_GET_LAPIC, (long)p, "KVM_GET_LAPIC");
    }

    /// <summary>Writes the page.</summary>
    public static void Set(KvmDescriptor vcpu, ReadOnlySpan<byte> page)
    {
        fixed (byte* p = page)
            vcpu.Call(KvmApi.KVM_SET_LAPIC, (long)p, "KVM_SET_LAPIC");
    }

    private static void Put(Span<byte> page, int register, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page[register..], value);
}
