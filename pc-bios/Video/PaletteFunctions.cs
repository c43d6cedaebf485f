using Suite.PcBios.Services;

namespace Suite.PcBios.Video;

/// <summary>INT 10h AH=10h: palette and DAC registers.</summary>
internal static class PaletteFunctions
{
    private const int Overscan = 0x11, ModeControl = 0x10, ColorSelect = 0x14;

    public static void Handle(ServiceCall call, Bios bios, VgaPorts vga)
    {
        switch (call.Al)
        {
            case 0x00:
                vga.SetAttribute(call.Bl & 0x1F, call.Bh);
                break;
            case 0x01:
                vga.SetAttribute(Overscan, call.Bh);
                break;
            case 0x02:
                for (int i = 0; i < 16; i++)
                    vga.SetAttribute(i, bios.Memory.Byte(call.EsAt(call.Dx) + (uint)i));
                vga.SetAttribute(Overscan, bios.Memory.Byte(call.EsAt(call.Dx) + 16));
                break;
            case 0x03: // blinking or bright background
                vga.SetAttribute(ModeControl, (vga.GetAttribute(ModeControl) & ~8) | (call.Bl & 1) << 3);
                break;
            case 0x07:
                call.Bh = vga.GetAttribute(call.Bl & 0x1F);
                break;
            case 0x08:
                call.Bh = vga.GetAttribute(Overscan);
                break;
            case 0x09:
                for (int i = 0; i < 16; i++)
                    bios.Memory.SetByte(call.EsAt(call.Dx) + (uint)i, vga.GetAttribute(i));
                bios.Memory.SetByte(call.EsAt(call.Dx) + 16, vga.GetAttribute(Overscan));
                break;
            case 0x10:
                vga.LoadDac(call.Bl, [call.Dh, call.Ch, call.Cl]);
                break;
            case 0x12:
                byte[] colors = new byte[Math.Min((int)call.Cx, 256) * 3];
                bios.Memory.Read(call.EsAt(call.Dx), colors);
                vga.LoadDac(call.Bx & 0xFF, colors);
                break;
            case 0x13:
                SelectPage(call, vga);
                break;
            case 0x15:
                bios.Out(VgaPorts.DacRead, call.Bl);
                (call.Dh, call.Ch, call.Cl) = (bios.In(VgaPorts.DacData), bios.In(VgaPorts.DacData), bios.In(VgaPorts.DacData));
                break;
            case 0x17:
                bios.Out(VgaPorts.DacRead, call.Bl);
                for (int i = 0; i < Math.Min((int)call.Cx, 256) * 3; i++)
                    bios.Memory.SetByte(call.EsAt(call.Dx) + (uint)i, bios.In(VgaPorts.DacData));
                break;
            case 0x18:
                bios.Out(VgaPorts.DacMask, call.Bl);
                break;
            case 0x19:
                call.Bl = bios.In(VgaPorts.DacMask);
                break;
            case 0x1A:
                call.Bl = (byte)(vga.GetAttribute(ModeControl) >> 7);
                call.Bh = vga.GetAttribute(ColorSelect);
                break;
        }
    }

    private static void SelectPage(ServiceCall call, VgaPorts vga)
    {
        byte control = vga.GetAttribute(ModeControl);
        if (call.Bl == 0)
            vga.SetAttribute(ModeControl, (control & 0x7F) | (call.Bh & 1) << 7);
        else
            vga.SetAttribute(ColorSelect, (control & 0x80) != 0 ? call.Bh & 15 : (call.Bh & 3) << 2);
    }
}
