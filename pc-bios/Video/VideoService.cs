using Suite.PcBios.Rom;
using Suite.PcBios.Services;

namespace Suite.PcBios.Video;

/// <summary>INT 10h: modes, cursor, characters (IBM Personal System/2 and PC BIOS Interface Technical Reference; VGA functions). VBE is apart.</summary>
internal sealed class VideoService(Bios bios, VgaPorts vga, VbeService vbe, SerialConsole console)
{
    private const byte KeepMemory = 0x80, Supported = 0x1A;
    private const ushort DefaultCursor = 0x0D0E;
    private const byte NormalAttribute = 0x07;
    private const uint FontVector = 0x43 * 4, UpperFontVector = 0x1F * 4;
    private const uint SavedCursor = MemoryMap.Ebda + 0x72;
    private const int MostPages = 8, StringPortion = 32;

    private readonly GlyphPainter _painter = new(bios, vga);

    public void Handle(ServiceCall call)
    {
        switch (call.Ah)
        {
            case 0x00:
                SetMode(call.Al & ~KeepMemory, (call.Al & KeepMemory) == 0);
                call.Al = (byte)((call.Al & 0x7F) > 7 ? 0x20 : (call.Al & 0x7F) == 6 ? 0x3F : 0x30);
                break;
            case 0x01:
                SetCursorShape(call.Cx);
                break;
            case 0x02:
                SetCursor(call.Bh, call.Dh, call.Dl);
                break;
            case 0x03:
                call.Cx = bios.Memory.Word(BiosData.CursorShape);
                call.Dx = bios.Memory.Word(BiosData.CursorPositions + (uint)(call.Bh & 7) * 2);
                break;
            case 0x05:
                SetPage(call.Al);
                break;
            case 0x06 or 0x07:
                Scroll(call.Al, call.Ah == 0x07, call.Ch, call.Cl, call.Dh, call.Dl, call.Bh);
                break;
            case 0x08:
                call.Ax = ReadCell(call.Bh);
                break;
            case 0x09 or 0x0A:
                WriteCells(call);
                break;
            case 0x0B:
                SetCgaPalette(call);
                break;
            case 0x0C:
                _painter.SetPixel(Mode(), call.Bh, call.Cx, call.Dx, call.Al);
                break;
            case 0x0D:
                call.Al = _painter.GetPixel(Mode(), call.Bh, call.Cx, call.Dx);
                break;
            case 0x0E:
                Teletype(call.Al, bios.Memory.Byte(BiosData.VideoPage), call.Bl, hasAttribute: false);
                break;
            case 0x0F:
                (call.Al, call.Ah, call.Bh) = ((byte)(bios.Memory.Byte(BiosData.VideoMode) | bios.Memory.Byte(BiosData.VideoControl) & 0x80),
                    (byte)bios.Memory.Word(BiosData.VideoColumns), bios.Memory.Byte(BiosData.VideoPage));
                break;
            case 0x10:
                PaletteFunctions.Handle(call, bios, vga);
                break;
            case 0x11:
                Fonts(call);
                break;
            case 0x12:
                Alternate(call);
                break;
            case 0x13:
                WriteString(call);
                break;
            case 0x1A when call.Al is 0 or 1:
                if (call.Al == 0)
                    call.Bx = 0x0008; // VGA with a color display, no other
                call.Al = Supported;
                break;
            case 0x1B when call.Bx == 0:
                StateInformation(call);
                break;
            case 0x4F:
                vbe.Handle(call, this);
                break;
        }
    }

    /// <summary>Sets a standard mode. An unknown one changes nothing.</summary>
    public void SetMode(int number, bool clear)
    {
        if (VgaMode.Find(number) is not { } mode)
            return;
        vbe.Leave();
        vga.Load(mode);
        vga.LoadDac(0, VgaPalette.For(mode.Colors, mode.PixelHeight == 200 && mode.Layout is not VgaLayout.Text));
        if (mode.Layout == VgaLayout.Text)
            vga.LoadFont(VgaPorts.RomFont(mode.Text.Height), 0, mode.Text.Height, 0);
        if (clear)
            _painter.Clear(mode);
        SetData(mode);
        console.Clear();
    }

    /// <summary>Prints text as the teletype does.</summary>
    public void Print(string text)
    {
        foreach (char c in text)
            Teletype((byte)c, bios.Memory.Byte(BiosData.VideoPage), NormalAttribute, hasAttribute: false);
    }

    /// <summary>The mode that is set, by the BIOS data area; mode 3 for a number that is none.</summary>
    private VgaMode Mode() => VgaMode.Find(bios.Memory.Byte(BiosData.VideoMode) & 0x7F) ?? VgaMode.Find(3)!;

    private int Columns() => Math.Clamp((int)bios.Memory.Word(BiosData.VideoColumns), 1, 256);

    private int LastRow() => bios.Memory.Byte(BiosData.VideoRows) is > 0 and var rows ? rows : 24;

    private int Height() => Math.Clamp((int)bios.Memory.Word(BiosData.CharacterHeight), 1, 32);

    private uint Cell(VgaMode mode, int page, int row, int column) =>
        ((uint)mode.Memory.Segment << 4) + ((uint)(page * bios.Memory.Word(BiosData.VideoPageBytes) + (row * Columns() + column) * 2) & 0x7FFF);

    private void SetData(VgaMode mode)
    {
        BiosMemory memory = bios.Memory;
        memory.SetByte(BiosData.VideoMode, mode.Number);
        memory.SetWord(BiosData.VideoColumns, mode.Text.Columns);
        memory.SetWord(BiosData.VideoPageBytes, mode.Memory.PageBytes);
        memory.SetWord(BiosData.VideoPageStart, 0);
        for (uint page = 0; page < MostPages; page++)
            memory.SetWord(BiosData.CursorPositions + page * 2, 0);
        memory.SetWord(BiosData.CursorShape, DefaultCursor);
        memory.SetByte(BiosData.VideoPage, 0);
        memory.SetWord(BiosData.CrtcPort, mode.Misc % 2 == 1 ? VgaPorts.Crtc : VgaPorts.MonochromeCrtc);
        memory.SetByte(BiosData.VideoRows, mode.Text.Rows - 1);
        memory.SetWord(BiosData.CharacterHeight, mode.Text.Height);
        memory.SetByte(BiosData.VideoControl, 0x60);
        memory.SetByte(BiosData.VideoSwitches, 0xF9);
        memory.SetByte(BiosData.VideoModeSet, 0x51);
        memory.SetDword(FontVector, 0xF000_0000u | (uint)(mode.Text.Height switch { 8 => BiosRom.Font8, 14 => BiosRom.Font14, _ => BiosRom.Font16 }));
        memory.SetDword(UpperFontVector, 0xF000_0000u | BiosRom.Font8Upper);
        SetHardwareCursor(0, 0);
    }

    private void SetCursorShape(ushort shape)
    {
        bios.Memory.SetWord(BiosData.CursorShape, shape);
        int start = shape >> 8 & 0x3F, end = shape & 0x1F, height = Height();
        // Shapes for 8-line characters are scaled, as the VGA's cursor emulation has it.
        if (height > 8 && end < 8 && start < 0x20 && start <= end)
        {
            start = end == start + 1 || start > 3 ? (start + 1) * height / 8 - 1 : start * height / 8;
            end = (end + 1) * height / 8 - 1;
        }

        vga.Set(vga.CrtcPort(), 0x0A, start);
        vga.Set(vga.CrtcPort(), 0x0B, end);
    }

    private void SetCursor(int page, int row, int column)
    {
        if (page >= MostPages)
            return;
        bios.Memory.SetWord(BiosData.CursorPositions + (uint)page * 2, row << 8 | column);
        if (page != bios.Memory.Byte(BiosData.VideoPage))
            return;
        SetHardwareCursor(row, column);
        console.MoveTo(row, column);
    }

    private void SetHardwareCursor(int row, int column)
    {
        int at = bios.Memory.Word(BiosData.VideoPageStart) / 2 + row * Columns() + column;
        vga.Set(vga.CrtcPort(), 0x0E, at >> 8);
        vga.Set(vga.CrtcPort(), 0x0F, at);
    }

    private void SetPage(int page)
    {
        if (page >= MostPages)
            return;
        VgaMode mode = Mode();
        int start = page * bios.Memory.Word(BiosData.VideoPageBytes);
        bios.Memory.SetWord(BiosData.VideoPageStart, start);
        bios.Memory.SetByte(BiosData.VideoPage, page);
        int shown = mode.Layout == VgaLayout.Text ? start / 2 : start;
        vga.Set(vga.CrtcPort(), 0x0C, shown >> 8);
        vga.Set(vga.CrtcPort(), 0x0D, shown);
        ushort cursor = bios.Memory.Word(BiosData.CursorPositions + (uint)page * 2);
        SetHardwareCursor(cursor >> 8, cursor & 0xFF);
    }

    private void Scroll(int lines, bool down, int top, int left, int bottom, int right, byte attribute)
    {
        VgaMode mode = Mode();
        bottom = Math.Min(bottom, LastRow());
        right = Math.Min(right, Columns() - 1);
        if (top > bottom || left > right)
            return;
        int height = bottom - top + 1;
        if (lines == 0 || lines > height)
            lines = height;
        if (top == 0 && left == 0 && bottom == LastRow() && right == Columns() - 1)
            MirrorScroll(lines, down, height);
        int page = bios.Memory.Byte(BiosData.VideoPage), width = right - left + 1;
        if (mode.Layout != VgaLayout.Text)
        {
            _painter.Scroll(mode, Height(), lines, down, (top, left, bottom, right), attribute);
            return;
        }

        byte[] row = new byte[width * 2];
        for (int i = 0; i < height - lines; i++)
        {
            int target = down ? bottom - i : top + i, source = down ? target - lines : target + lines;
            bios.Memory.Read(Cell(mode, page, source, left), row);
            bios.Memory.Write(Cell(mode, page, target, left), row);
        }

        for (int i = 0; i < width; i++)
            (row[i * 2], row[i * 2 + 1]) = ((byte)' ', attribute);
        for (int i = 0; i < lines; i++)
            bios.Memory.Write(Cell(mode, page, down ? top + i : bottom - i, left), row);
    }

    private void MirrorScroll(int lines, bool down, int height)
    {
        if (lines == height)
            console.Clear();
        else if (!down)
            console.ScrollUp(lines);
    }

    private ushort ReadCell(int page)
    {
        VgaMode mode = Mode();
        ushort cursor = bios.Memory.Word(BiosData.CursorPositions + (uint)(page & 7) * 2);
        return mode.Layout == VgaLayout.Text ? bios.Memory.Word(Cell(mode, page, cursor >> 8, cursor & 0xFF)) : (ushort)0;
    }

    private void WriteCells(ServiceCall call)
    {
        VgaMode mode = Mode();
        ushort cursor = bios.Memory.Word(BiosData.CursorPositions + (uint)(call.Bh & 7) * 2);
        int row = cursor >> 8, column = cursor & 0xFF, columns = Columns();
        int count = Math.Min((int)call.Cx, (LastRow() + 1) * columns);
        for (int i = 0; i < count; i++)
        {
            Put(mode, call.Bh, row, column, call.Al, call.Bl, call.Ah == 0x09);
            if (++column < columns)
                continue;
            (column, row) = (0, row + 1);
        }
    }

    private void Put(VgaMode mode, int page, int row, int column, byte character, byte attribute, bool hasAttribute)
    {
        if (mode.Layout != VgaLayout.Text)
            _painter.Draw(mode, page, Height(), row, column, character, attribute);
        else if (hasAttribute)
            bios.Memory.SetWord(Cell(mode, page, row, column), attribute << 8 | character);
        else
            bios.Memory.SetByte(Cell(mode, page, row, column), character);
        if (console.IsOn && page == bios.Memory.Byte(BiosData.VideoPage))
            console.Write(row, column, character, hasAttribute ? attribute : (byte)7);
    }

    private void Teletype(byte character, int page, byte attribute, bool hasAttribute)
    {
        VgaMode mode = Mode();
        ushort cursor = bios.Memory.Word(BiosData.CursorPositions + (uint)(page & 7) * 2);
        int row = cursor >> 8, column = cursor & 0xFF;
        switch (character)
        {
            case 7: // a bell; nobody waits for it
                return;
            case 8:
                column = Math.Max(column - 1, 0);
                break;
            case 10:
                row++;
                break;
            case 13:
                column = 0;
                break;
            default:
                Put(mode, page, row, column, character, attribute, hasAttribute);
                column++;
                break;
        }

        if (column >= Columns())
            (column, row) = (0, row + 1);
        if (row > LastRow())
        {
            row = LastRow();
            byte fill = mode.Layout == VgaLayout.Text ? (byte)(bios.Memory.Word(Cell(mode, page, row, Math.Min(column, Columns() - 1))) >> 8) : (byte)0;
            Scroll(1, down: false, 0, 0, row, Columns() - 1, fill);
        }

        SetCursor(page & 7, row, column);
    }

    private void WriteString(ServiceCall call)
    {
        // In portions, since each character may scroll the screen: the stub calls again for the rest.
        bool moves = (call.Al & 1) != 0, hasAttributes = (call.Al & 2) != 0;
        int page = call.Bh & 7, start = call.Step * StringPortion, end = Math.Min(start + StringPortion, (int)call.Cx);
        if (call.Step == 0)
        {
            bios.Memory.SetWord(SavedCursor, bios.Memory.Word(BiosData.CursorPositions + (uint)page * 2));
            if (call.Dh != 0xFF)
                SetCursor(page, call.Dh, call.Dl);
        }

        uint at = call.EsAt(call.Bp) + (uint)(start * (hasAttributes ? 2 : 1));
        for (int i = start; i < end; i++)
        {
            byte character = bios.Memory.Byte(at++), attribute = hasAttributes ? bios.Memory.Byte(at++) : call.Bl;
            Teletype(character, page, attribute, hasAttribute: true);
        }

        if (end < call.Cx && call.Step < byte.MaxValue)
        {
            call.Step++;
            call.Action = ServiceFrame.Poll;
            return;
        }

        ushort old = bios.Memory.Word(SavedCursor);
        if (!moves)
            SetCursor(page, old >> 8, old & 0xFF);
    }

    private void SetCgaPalette(ServiceCall call)
    {
        if (call.Bh == 0)
        {
            vga.SetAttribute(0x11, call.Bl & 0x0F);
            return;
        }

        for (int i = 1; i < 4; i++)
            vga.SetAttribute(i, (vga.GetAttribute(i) & ~1) | (call.Bl & 1));
    }

    private void Fonts(ServiceCall call)
    {
        switch (call.Al)
        {
            case 0x00 or 0x10:
                byte[] glyphs = new byte[Math.Min((int)call.Cx, 256) * Math.Min((int)call.Bh, 32)];
                bios.Memory.Read(call.EsAt(call.Bp), glyphs);
                if (call.Bh is > 0 and <= 32)
                    vga.LoadFont(glyphs, call.Dl, call.Bh, call.Bl & 7);
                if (call.Al == 0x10)
                    SetTextHeight(call.Bh);
                break;
            case 0x01 or 0x02 or 0x04 or 0x11 or 0x12 or 0x14:
                int height = (call.Al & 15) switch { 1 => 14, 2 => 8, _ => 16 };
                vga.LoadFont(VgaPorts.RomFont(height), 0, height, call.Bl & 7);
                if (call.Al >= 0x10)
                    SetTextHeight(height);
                break;
            case 0x03:
                vga.Set(VgaPorts.Sequencer, 3, call.Bl);
                break;
            case 0x20:
                bios.Memory.SetDword(UpperFontVector, (uint)call.Es << 16 | call.Bp);
                break;
            case 0x21:
                bios.Memory.SetDword(FontVector, (uint)call.Es << 16 | call.Bp);
                SetGraphicsRows(call, call.Cx);
                break;
            case 0x22 or 0x23 or 0x24:
                (int lines, int offset) = call.Al switch { 0x22 => (14, BiosRom.Font14), 0x23 => (8, BiosRom.Font8), _ => (16, BiosRom.Font16) };
                bios.Memory.SetDword(FontVector, 0xF000_0000u | (uint)offset);
                SetGraphicsRows(call, lines);
                break;
            case 0x30:
                (call.Es, call.Bp) = call.Bh switch
                {
                    0 => Pointer(UpperFontVector),
                    1 => Pointer(FontVector),
                    2 => ((ushort)0xF000, (ushort)BiosRom.Font14),
                    3 => ((ushort)0xF000, (ushort)BiosRom.Font8),
                    4 => ((ushort)0xF000, (ushort)BiosRom.Font8Upper),
                    5 => ((ushort)0xF000, (ushort)BiosRom.Font14),
                    _ => ((ushort)0xF000, (ushort)BiosRom.Font16),
                };
                (call.Cx, call.Dl) = (bios.Memory.Word(BiosData.CharacterHeight), bios.Memory.Byte(BiosData.VideoRows));
                break;
        }
    }

    private (ushort Segment, ushort Offset) Pointer(uint vector)
    {
        uint value = bios.Memory.Dword(vector);
        return ((ushort)(value >> 16), (ushort)value);
    }

    private void SetGraphicsRows(ServiceCall call, int height)
    {
        bios.Memory.SetWord(BiosData.CharacterHeight, height);
        bios.Memory.SetByte(BiosData.VideoRows, (call.Bl switch { 1 => 14, 2 => 25, 3 => 43, _ => call.Dl }) - 1);
    }

    // Another character height in text mode changes the number of rows: 8 lines give 50 of them.
    private void SetTextHeight(int height)
    {
        if (height is 0 or > 32)
            return;
        int crtc = vga.CrtcPort();
        vga.Set(crtc, 0x09, (vga.Get(crtc, 0x09) & 0xE0) | (height - 1));
        int lines = 400 / height * height, rows = lines / height;
        vga.Set(crtc, 0x12, lines - 1);
        bios.Memory.SetWord(BiosData.CharacterHeight, height);
        bios.Memory.SetByte(BiosData.VideoRows, rows - 1);
        bios.Memory.SetWord(BiosData.VideoPageBytes, (rows * Columns() * 2 + 0xFF) & ~0xFF);
        SetCursorShape((ushort)((height - 2) << 8 | (height - 1)));
    }

    private void Alternate(ServiceCall call)
    {
        switch (call.Bl)
        {
            case 0x10:
                (call.Bh, call.Bl, call.Cx) = ((byte)(bios.Memory.Word(BiosData.CrtcPort) == VgaPorts.MonochromeCrtc ? 1 : 0), 3, 0x0009);
                break;
            case 0x30 or 0x31 or 0x32 or 0x33 or 0x34 or 0x35 or 0x36: // lines, palette loading, VGA on, gray, cursor emulation: accepted
                call.Al = 0x12;
                break;
        }
    }

    private void StateInformation(ServiceCall call)
    {
        Span<byte> state = stackalloc byte[64];
        (state[0], state[1], state[2], state[3]) = (BiosRom.TablesStart & 0xFF, BiosRom.TablesStart >> 8, 0x00, 0xF0); // static table: zeros stand there
        bios.Memory.Read(BiosData.VideoMode, state[4..34]);
        state[0x22] = bios.Memory.Byte(BiosData.VideoRows);
        bios.Memory.Read(BiosData.CharacterHeight, state[0x23..0x25]);
        (state[0x25], state[0x27], state[0x29], state[0x2A]) = (8, 16, 8, 2);
        state[0x31] = 3; // 256 KiB
        bios.Memory.Write(call.EsAt(call.Di), state);
        call.Al = 0x1B;
    }
}
