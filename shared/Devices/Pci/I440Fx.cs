using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>How a stretch of the first MiB is served: by the memory that shadows it, or by what lies behind (ROM, video memory, the bus).</summary>
/// <param name="Start">First address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="ReadsMemory">Reads are answered by memory.</param>
/// <param name="WritesMemory">Writes go to memory.</param>
public readonly record struct ShadowSegment(uint Start, uint Length, bool ReadsMemory, bool WritesMemory);

/// <summary>
/// The host bridge of the 440FX chip set (Intel 82441FX PMC data sheet, order number 290549): programmable attribute map of the first MiB, and the
/// system-management memory register. It answers at slot 0.
/// </summary>
public sealed class I440Fx : PciFunction
{
    /// <summary>Segments of the attribute map: F0000h, then 16 KiB each from C0000h.</summary>
    public const int Segments = 13;

    private const int Pam0 = 0x59, PamEnd = 0x60, Smram = 0x72;
    private const byte SmramLocked = 0x10, SmramOpen = 0x40, SmramReset = 0x02, SmramWritable = 0x78;

    private readonly Action<ShadowSegment> _shadow;
    private readonly Action<byte>? _smram;
    private readonly byte[] _told = new byte[Segments];

    /// <summary>A host bridge.</summary>
    /// <param name="shadow">Called for each segment that is served in another way than before (none is by memory before the first call).</param>
    /// <param name="smram">Called with the SMRAM register when the guest writes it; null where there is no system management mode.</param>
    public I440Fx(Action<ShadowSegment> shadow, Action<byte>? smram = null)
        : base("i440FX", new PciIdentity(0x8086, 0x1237, 0x060000, Revision: 2))
    {
        (_shadow, _smram) = (shadow, smram);
        for (int offset = PciRegisters.HeaderEnd; offset < PciRegisters.Length; offset++)
            SetWritable(offset, 0xFF, 1);
        SetConfig8(0x57, 0x10); // DRAM controller as after power-on
        SetConfig8(Smram, SmramReset);
        SetWritable(Smram, SmramWritable, 1);
    }

    /// <summary>How a segment is served now.</summary>
    /// <param name="number">0 to 12.</param>
    public ShadowSegment Segment(int number)
    {
        const uint bios = 0xF0000, first = 0xC0000, step = 0x4000;
        int attributes = Attributes(number);
        bool reads = (attributes & 1) != 0, writes = (attributes & 2) != 0;
        return number == 0 ? new ShadowSegment(bios, 0x10000, reads, writes) : new ShadowSegment(first + (uint)(number - 1) * step, step, reads, writes);
    }

    /// <inheritdoc/>
    protected override void OnConfigurationWritten(int offset, int size)
    {
        if (offset < PamEnd && offset + size > Pam0)
            TellShadow();
        if (offset > Smram || offset + size <= Smram)
            return;
        if ((Config8(Smram) & SmramLocked) != 0)
        {
            Config[Smram] &= unchecked((byte)~SmramOpen); // closed for good, until reset
            SetWritable(Smram, 0x20, 1);
        }

        _smram?.Invoke(Config8(Smram));
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        SetWritable(Smram, (Config8(Smram) & SmramLocked) != 0 ? 0x20u : SmramWritable, 1);
        TellShadow();
        _smram?.Invoke(Config8(Smram));
    }

    // PAM0 has its only segment in the high half; PAM1 to PAM6 have two each, the lower one in the low half.
    private int Attributes(int number) => number == 0 ? Config8(Pam0) >> 4 & 3 : Config8(Pam0 + (number + 1) / 2) >> ((number - 1) % 2 * 4) & 3;

    private void TellShadow()
    {
        for (int i = 0; i < Segments; i++)
        {
            byte attributes = (byte)Attributes(i);
            if (attributes == _told[i])
                continue;
            _told[i] = attributes;
            _shadow(Segment(i));
        }
    }
}
