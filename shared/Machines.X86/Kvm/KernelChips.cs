using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Suite.Machines.X86.Kvm;

/// <summary>The kernel's PIC and I/O APIC (struct kvm_irqchip).</summary>
internal static unsafe class KernelChips
{
    public const int Master = 0, Slave = 1, IoApic = 2;

    /// <summary>Bytes of a chip's state behind the header of eight.</summary>
    public const int ChipBytes = 512;

    private const int Header = 8;

    /// <summary>Reads a chip.</summary>
    public static byte[] Get(KvmDescriptor vm, int chip)
    {
        byte[] whole = new byte[Header + ChipBytes];
        BinaryPrimitives.WriteInt32LittleEndian(whole, chip);
        fixed (byte* p = whole)
            vm.Call(KvmApi.KVM_GET_IRQCHIP, (long)p, "KVM_GET_IRQCHIP");
        return whole[Header..];
    }

    /// <summary>Writes a chip.</summary>
    public static void Set(KvmDescriptor vm, int chip, ReadOnlySpan<byte> state)
    {
        byte[] whole = new byte[Header + ChipBytes];
        BinaryPrimitives.WriteInt32LittleEndian(whole, chip);
        state.CopyTo(whole.AsSpan(Header));
        fixed (byte* p = whole)
            vm.Call(KvmApi.KVM_SET_IRQCHIP, (long)p, "KVM_SET_IRQCHIP");
    }

    /// <summary>The PICs as firmware leaves them: vectors 8 and 70h, everything masked, nothing pending.</summary>
    public static void Quiet(KvmDescriptor vm)
    {
        const int Irr = 1, Imr = 2, Isr = 3, Base = 5;
        foreach ((int chip, byte vector) in new[] { (Master, (byte)0x08), (Slave, (byte)0x70) })
        {
            byte[] s = Get(vm, chip);
            (s[Irr], s[Imr], s[Isr], s[Base]) = (0, 0xFF, 0, vector);
            Set(vm, chip, s);
        }
    }

    /// <summary>The text of `info pic`.</summary>
    public static string Describe(KvmDescriptor vm)
    {
        const int FirstEntry = 24, Entries = 24, Irr = 16;
        StringBuilder text = new();
        for (int i = 0; i < 2; i++)
        {
            byte[] s = Get(vm, i);
            text.Append(CultureInfo.InvariantCulture, $"pic{i}: irr={s[1]:x2} imr={s[2]:x2} isr={s[3]:x2} irq_base={s[5]:x2} elcr={s[14]:x2} (in the kernel)\n");
        }

        byte[] io = Get(vm, IoApic);
        text.Append(CultureInfo.InvariantCulture, $"ioapic: irr={BinaryPrimitives.ReadUInt32LittleEndian(io.AsSpan(Irr)):x6} (in the kernel)\n");
        for (int i = 0; i < Entries; i++)
            text.Append(CultureInfo.InvariantCulture, $"  pin {i,-2} 0x{BinaryPrimitives.ReadUInt64LittleEndian(io.AsSpan(FirstEntry + i * 8)):x16}\n");
        return text.ToString();
    }
}
