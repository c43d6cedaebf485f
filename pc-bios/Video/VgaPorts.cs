using Suite.PcBios.Rom;
using Suite.PcBios.Services;

namespace Suite.PcBios.Video;

/// <summary>Sets the VGA's registers through its ports (IBM VGA technical reference).</summary>
internal sealed class VgaPorts(Bios bios)
{
    public const int Sequencer = 0x3C4, Graphics = 0x3CE, Crtc = 0x3D4, MonochromeCrtc = 0x3B4, Attribute = 0x3C0, AttributeRead = 0x3C1, Misc = 0x3C2, DacMask = 0x3C6, DacRead = 0x3C7, DacWrite = 0x3C8, DacData = 0x3C9;
    private const int GlyphSlot = 32;
    private const byte VideoOn = 0x20;

    public void Set(int index, int register, int value) => bios.OutWord(index, value << 8 | register);

    public byte Get(int index, int register)
    {
        bios.Out(index, register);
        return bios.In(index + 1);
    }

    /// <summary>The port by which the CRTC answers now.</summary>
    public int CrtcPort() => bios.Memory.Word(BiosData.CrtcPort) is MonochromeCrtc ? MonochromeCrtc : Crtc;

    public void SetAttribute(int register, int value)
    {
        ResetFlipFlop();
        bios.Out(Attribute, register);
        bios.Out(Attribute, value);
        bios.Out(Attribute, VideoOn);
    }

    public byte GetAttribute(int register)
    {
        ResetFlipFlop();
        bios.Out(Attribute, register | VideoOn);
        byte value = bios.In(AttributeRead);
        ResetFlipFlop();
        return value;
    }

    /// <summary>Registers of a mode.</summary>
    public void Load(VgaMode mode)
    {
        int crtc = (mode.Misc & 1) != 0 ? Crtc : MonochromeCrtc;
        Set(Sequencer, 0, 1);
        bios.Out(Misc, mode.Misc);
        for (int i = 0; i < mode.Sequencer.Length; i++)
            Set(Sequencer, i + 1, mode.Sequencer[i]);
        Set(Sequencer, 0, 3);
        Set(crtc, 0x11, mode.Crtc[0x11] & 0x7F); // the lower registers are protected while bit 7 is set
        for (int i = 0; i < mode.Crtc.Length; i++)
            Set(crtc, i, mode.Crtc[i]);
        for (int i = 0; i < mode.Graphics.Length; i++)
            Set(Graphics, i, mode.Graphics[i]);
        bios.In(crtc + 6);
        for (int i = 0; i < mode.Attribute.Length; i++)
        {
            bios.Out(Attribute, i);
            bios.Out(Attribute, mode.Attribute[i]);
        }

        bios.Out(Attribute, VideoOn);
        bios.Out(DacMask, 0xFF);
    }

    public void LoadDac(int first, ReadOnlySpan<byte> colors)
    {
        bios.Out(DacWrite, first);
        foreach (byte value in colors)
            bios.Out(DacData, value);
    }

    /// <summary>Puts glyphs into plane 2, where the text modes take them from.</summary>
    /// <param name="glyphs">Rows of each, one behind the other.</param>
    /// <param name="first">Number of the first character.</param>
    /// <param name="height">Rows.</param>
    /// <param name="block">Which of the eight fonts.</param>
    public void LoadFont(ReadOnlySpan<byte> glyphs, int first, int height, int block)
    {
        (byte mapMask, byte memoryMode, byte readMap, byte mode, byte misc) =
            (Get(Sequencer, 2), Get(Sequencer, 4), Get(Graphics, 4), Get(Graphics, 5), Get(Graphics, 6));
        Set(Sequencer, 2, 4);
        Set(Sequencer, 4, 6);
        Set(Graphics, 4, 2);
        Set(Graphics, 5, 0);
        Set(Graphics, 6, 4);
        // Fonts 4-7 lie between fonts 0-3.
        uint at = 0xA0000u + (uint)((block & 3) * 0x4000 + ((block & 4) != 0 ? 0x2000 : 0));
        Span<byte> slot = stackalloc byte[GlyphSlot];
        for (int i = 0; i * height < glyphs.Length && first + i < 256; i++)
        {
            slot.Clear();
            glyphs.Slice(i * height, Math.Min(Math.Min(height, GlyphSlot), glyphs.Length - i * height)).CopyTo(slot);
            bios.Memory.Write(at + (uint)((first + i) * GlyphSlot), slot);
        }

        Set(Sequencer, 2, mapMask);
        Set(Sequencer, 4, memoryMode);
        Set(Graphics, 4, readMap);
        Set(Graphics, 5, mode);
        Set(Graphics, 6, misc);
    }

    /// <summary>The ROM's own font of a height.</summary>
    public static byte[] RomFont(int height) => height switch { 8 => BiosFont.Make8(), 14 => BiosFont.Make14(), _ => BiosFont.Make16() };

    private void ResetFlipFlop() => bios.In(CrtcPort() + 6);
}
