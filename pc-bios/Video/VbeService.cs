using System.Buffers.Binary;
using Suite.PcBios.Rom;
using Suite.PcBios.Services;

namespace Suite.PcBios.Video;

/// <summary>INT 10h AH=4Fh (VESA BIOS Extension 3.0) on the Bochs VBE registers: linear frame buffer and 64 KiB window.</summary>
internal sealed class VbeService(Bios bios)
{
    private const int IndexPort = 0x1CE, DataPort = 0x1CF;
    private const int Id = 0, Width = 1, Height = 2, Depth = 3, Enable = 4, Bank = 5, VirtualWidth = 6, VirtualHeight = 7, OffsetX = 8, OffsetY = 9, Memory64K = 10;
    private const ushort LowestId = 0xB0C0, HighestId = 0xB0CF, Enabled = 1, Dac8 = 0x20, Linear = 0x40, KeepMemory = 0x80;
    private const byte Supported = 0x4F, Failed = 1, DisplayData = 0x15;
    private const ushort LinearRequest = 0x4000, KeepRequest = 0x8000, ModeMask = 0x1FF;
    private const uint CurrentMode = MemoryMap.Ebda + 0x70; // a word of ours in the EBDA: the VBE mode that is set, 0 for none
    private const uint OemText = 0x100; // offsets within what 4F00h fills in
    private const int InfoBytes = 256, Info2Bytes = 512, ModeInfoBytes = 256, ModeListOffset = 0x22;

    private static readonly (ushort Number, ushort Width, ushort Height, byte Depth)[] Modes = MakeModes();

    /// <summary>Back to the VGA's own modes.</summary>
    public void Leave()
    {
        if (bios.Pc.HasVga)
            Write(Enable, 0);
        bios.Memory.SetWord(CurrentMode, 0);
    }

    public void Handle(ServiceCall call, VideoService video)
    {
        if (!IsPresent())
            return;
        bool good = call.Al switch
        {
            0x00 => Information(call),
            0x01 => ModeInformation(call),
            0x02 => SetMode(call, video),
            0x03 => GetMode(call),
            0x04 => SaveRestore(call),
            0x05 => Window(call),
            0x06 => LineLength(call),
            0x07 => DisplayStart(call),
            0x08 => DacWidth(call),
            0x09 => PaletteData(call),
            DisplayData => Display(call),
            _ => false,
        };
        if (good)
            (call.Al, call.Ah) = (Supported, 0);
        else if (call.Al is <= 0x09 or DisplayData)
            (call.Al, call.Ah) = (Supported, Failed);
    }

    private bool IsPresent() => bios.Pc.HasVga && Read(Id) is >= LowestId and <= HighestId;

    private bool Information(ServiceCall call)
    {
        uint at = call.EsAt(call.Di);
        bool is2 = bios.Memory.Dword(at) == 0x3245_4256; // "VBE2": the caller has room for 512 bytes
        byte[] info = new byte[is2 ? Info2Bytes : InfoBytes];
        "VESA"u8.CopyTo(info);
        Put16(info, 4, 0x0300);
        byte[] oem = "Suite PC BIOS\0"u8.ToArray();
        int text = is2 ? (int)OemText : InfoBytes - oem.Length;
        oem.CopyTo(info, text);
        PutPointer(info, 6, call, text);
        Put32(info, 10, 1); // the DAC can have 8 bits
        PutPointer(info, 14, call, ModeListOffset);
        Put16(info, 18, Read(Memory64K));
        if (is2)
        {
            Put16(info, 20, 1);
            PutPointer(info, 22, call, text);
            PutPointer(info, 26, call, text);
            PutPointer(info, 30, call, text);
        }

        int list = ModeListOffset;
        foreach ((ushort number, ushort width, ushort height, byte depth) in Modes)
        {
            if (!Fits(width, height, depth) || list + 4 > (is2 ? InfoBytes : text))
                continue;
            Put16(info, list, number);
            list += 2;
        }

        Put16(info, list, 0xFFFF);
        bios.Memory.Write(at, info);
        return true;
    }

    private bool ModeInformation(ServiceCall call)
    {
        if (Find(call.Cx) is not { } mode)
            return false;
        byte[] info = new byte[ModeInfoBytes];
        int line = mode.Width * Bytes(mode.Depth), planes = 1;
        Put16(info, 0, 0xBB); // supported, BIOS output off, color, graphics, not VGA, linear frame buffer
        info[2] = 7; // window A: relocatable, readable, writeable
        Put16(info, 4, 64);
        Put16(info, 6, 64);
        Put16(info, 8, 0xA000);
        Put16(info, 16, line);
        Put16(info, 18, mode.Width);
        Put16(info, 20, mode.Height);
        (info[22], info[23], info[24], info[25], info[26]) = (8, 16, (byte)planes, mode.Depth, 1);
        info[27] = (byte)(mode.Depth == 8 ? 4 : 6); // packed pixels or direct color
        int pages = Math.Clamp(Read(Memory64K) * 65536 / (line * mode.Height) - 1, 0, 255);
        (info[29], info[30]) = ((byte)pages, 1);
        Masks(info.AsSpan(31), mode.Depth);
        Put32(info, 40, FrameBuffer());
        Put16(info, 50, line);
        (info[52], info[53]) = ((byte)pages, (byte)pages);
        Masks(info.AsSpan(54), mode.Depth);
        info[39] = (byte)(mode.Depth == 32 ? 2 : 0);
        Put32(info, 62, 0x0BEB_C200); // 200 MHz
        bios.Memory.Write(call.EsAt(call.Di), info);
        return true;
    }

    private bool SetMode(ServiceCall call, VideoService video)
    {
        ushort number = (ushort)(call.Bx & ModeMask);
        bool keep = (call.Bx & KeepRequest) != 0;
        if (number < 0x100)
        {
            if (VgaMode.Find(number) is null)
                return false;
            video.SetMode(number, !keep);
            return true;
        }

        if (Find(number) is not { } mode)
            return false;
        video.SetMode(0x13, clear: false);
        Write(Enable, 0);
        Write(Width, mode.Width);
        Write(Height, mode.Height);
        Write(Depth, mode.Depth);
        Write(Enable, Enabled | Linear | (keep ? KeepMemory : 0));
        bios.Memory.SetWord(CurrentMode, call.Bx & (LinearRequest | KeepRequest | ModeMask));
        return true;
    }

    private bool GetMode(ServiceCall call)
    {
        ushort mode = bios.Memory.Word(CurrentMode);
        call.Bx = mode != 0 ? mode : bios.Memory.Byte(BiosData.VideoMode);
        return true;
    }

    // Enough state to come back to a mode: the registers of this interface.
    private bool SaveRestore(ServiceCall call)
    {
        const int registers = 10;
        uint at = call.EsAt(call.Bx);
        switch (call.Dl)
        {
            case 0:
                call.Bx = 1; // blocks of 64 bytes
                return true;
            case 1:
                for (int i = 1; i < registers; i++)
                    bios.Memory.SetWord(at + (uint)i * 2, Read(i));
                bios.Memory.SetWord(at, bios.Memory.Word(CurrentMode));
                return true;
            case 2:
                Write(Enable, 0);
                for (int i = 1; i < registers; i++)
                    if (i != Enable)
                        Write(i, bios.Memory.Word(at + (uint)i * 2));
                Write(Enable, bios.Memory.Word(at + Enable * 2) | KeepMemory);
                bios.Memory.SetWord(CurrentMode, bios.Memory.Word(at));
                return true;
            default:
                return false;
        }
    }

    private bool Window(ServiceCall call)
    {
        if (call.Bl != 0)
            return false;
        if (call.Bh == 1)
        {
            call.Dx = Read(Bank);
            return true;
        }

        if (call.Dx >= Read(Memory64K))
            return false;
        Write(Bank, call.Dx);
        return true;
    }

    private bool LineLength(ServiceCall call)
    {
        int bytes = Bytes((byte)Read(Depth));
        switch (call.Bl)
        {
            case 0:
                Write(VirtualWidth, call.Cx);
                break;
            case 2:
                Write(VirtualWidth, (call.Cx + bytes - 1) / bytes);
                break;
            case 1 or 3:
                break;
            default:
                return false;
        }

        int width = Math.Max((int)Read(VirtualWidth), 1), most = Read(Memory64K) * 65536;
        (call.Bx, call.Cx, call.Dx) = ((ushort)(width * bytes), (ushort)width, (ushort)Math.Min(most / (width * bytes), 0xFFFF));
        return true;
    }

    private bool DisplayStart(ServiceCall call)
    {
        switch (call.Bl & 0x7F)
        {
            case 0:
                Write(OffsetX, call.Cx);
                Write(OffsetY, call.Dx);
                return true;
            case 1:
                (call.Bh, call.Cx, call.Dx) = (0, Read(OffsetX), Read(OffsetY));
                return true;
            default:
                return false;
        }
    }

    private bool DacWidth(ServiceCall call)
    {
        if (Read(Depth) != 8)
            return false;
        if (call.Bl == 0)
            Write(Enable, (Read(Enable) & ~Dac8) | (call.Bh >= 8 ? Dac8 : 0) | KeepMemory);
        call.Bh = (byte)((Read(Enable) & Dac8) != 0 ? 8 : 6);
        return true;
    }

    private bool PaletteData(ServiceCall call)
    {
        uint at = call.EsAt(call.Di);
        int count = Math.Min((int)call.Cx, 256);
        bool isSet = (call.Bl & 0x7F) == 0;
        if (!isSet && call.Bl != 1)
            return false;
        bios.Out(isSet ? VgaPorts.DacWrite : VgaPorts.DacRead, call.Dl);
        for (int i = 0; i < count; i++, at += 4)
        {
            if (!isSet)
            {
                (byte red, byte green, byte blue) = (bios.In(VgaPorts.DacData), bios.In(VgaPorts.DacData), bios.In(VgaPorts.DacData));
                bios.Memory.SetDword(at, (uint)(blue | green << 8 | red << 16));
                continue;
            }

            uint color = bios.Memory.Dword(at);
            bios.Out(VgaPorts.DacData, (int)(color >> 16));
            bios.Out(VgaPorts.DacData, (int)(color >> 8));
            bios.Out(VgaPorts.DacData, (int)color);
        }

        return true;
    }

    private (ushort Width, ushort Height, byte Depth)? Find(ushort number)
    {
        foreach ((ushort n, ushort width, ushort height, byte depth) in Modes)
            if (n == (number & ModeMask) && Fits(width, height, depth))
                return (width, height, depth);
        return null;
    }

    private bool Fits(int width, int height, int depth) => (long)width * height * Bytes((byte)depth) <= Read(Memory64K) * 65536L;

    // VBE/DDC: the monitor's EDID, which the adapter shows at the beginning of its registers in memory. Boot loaders choose a mode by it.
    private bool Display(ServiceCall call)
    {
        const int Block = 128, Seconds = 1, Ddc2 = 2;
        const ulong Header = 0x00FF_FFFF_FFFF_FF00;
        uint registers = Bar(2);
        if (registers == 0 || bios.Parts.Mmio.Read(registers, 8) != Header)
            return false;
        if (call.Bl == 0)
        {
            call.Bx = Seconds << 8 | Ddc2;
            return true;
        }

        if (call.Bl != 1 || call.Cx != 0 || call.Dx != 0)
            return false; // there is one monitor, with one block
        byte[] block = new byte[Block];
        for (int i = 0; i < Block; i++)
            block[i] = (byte)bios.Parts.Mmio.Read(registers + (uint)i, 1);
        bios.Memory.Write(call.EsAt(call.Di), block);
        return true;
    }

    // Where the frame buffer lies: BAR 0 of the first display controller.
    private uint FrameBuffer() => Bar(0);

    private uint Bar(int number)
    {
        for (int function = 0; function < 256; function += 8)
            if (bios.PciRead(function, 0x0A, 2) == 0x0300)
                return bios.PciRead(function, 0x10 + 4 * number, 4) & 0xFFFF_FFF0;
        return 0;
    }

    private ushort Read(int index)
    {
        bios.OutWord(IndexPort, index);
        return (ushort)bios.Parts.Io.Read(DataPort, 2);
    }

    private void Write(int index, int value)
    {
        bios.OutWord(IndexPort, index);
        bios.OutWord(DataPort, value);
    }

    private static int Bytes(byte depth) => (depth + 7) / 8;

    private static void Masks(Span<byte> at, byte depth)
    {
        ReadOnlySpan<byte> masks = depth switch
        {
            15 => [5, 10, 5, 5, 5, 0, 1, 15],
            16 => [5, 11, 6, 5, 5, 0, 0, 0],
            24 => [8, 16, 8, 8, 8, 0, 0, 0],
            32 => [8, 16, 8, 8, 8, 0, 8, 24],
            _ => [0, 0, 0, 0, 0, 0, 0, 0],
        };
        masks.CopyTo(at);
    }

    private static (ushort, ushort, ushort, byte)[] MakeModes()
    {
        // The numbers that VESA gave, then further sizes and 32 bits from 140h on.
        List<(ushort, ushort, ushort, byte)> modes = [(0x100, 640, 400, 8), (0x101, 640, 480, 8), (0x103, 800, 600, 8), (0x105, 1024, 768, 8), (0x107, 1280, 1024, 8)];
        (ushort Width, ushort Height)[] sizes = [(320, 200), (640, 480), (800, 600), (1024, 768), (1280, 1024)];
        for (int i = 0; i < sizes.Length; i++)
            for (int d = 0; d < 3; d++)
                modes.Add(((ushort)(0x10D + i * 3 + d), sizes[i].Width, sizes[i].Height, (byte)(d == 0 ? 15 : d == 1 ? 16 : 24)));
        ushort next = 0x140;
        foreach ((ushort width, ushort height) in sizes)
            modes.Add((next++, width, height, 32));
        foreach ((ushort width, ushort height) in ((ushort, ushort)[])[(640, 400), (1152, 864), (1280, 720), (1280, 800), (1366, 768), (1440, 900), (1600, 900), (1600, 1200), (1680, 1050), (1920, 1080), (1920, 1200), (2560, 1440), (2560, 1600)])
            foreach (byte depth in (ReadOnlySpan<byte>)[16, 24, 32])
                modes.Add((next++, width, height, depth));
        return [.. modes];
    }

    private static void PutPointer(byte[] bytes, int at, ServiceCall call, int offset) => Put32(bytes, at, (uint)call.Es << 16 | (ushort)(call.Di + offset));

    private static void Put16(byte[] bytes, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)value);

    private static void Put32(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
}
