using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>
/// Interrupt 9 and INT 16h: scan codes (set 1, as the controller translates them) to characters, by the U.S. layout, through the ring buffer in
/// the BIOS data area (IBM Personal System/2 and PC BIOS Interface Technical Reference, INT 16h and scan code tables).
/// </summary>
internal sealed class KeyboardService(Bios bios)
{
    private const int Data = 0x60, Command = 0x64;
    private const byte OutputFull = 1, FromMouse = 0x20, Released = 0x80, Extended0 = 0xE0, Extended1 = 0xE1, Acknowledge = 0xFA, Resend = 0xFE;
    private const byte RightShift = 1, LeftShift = 2, Ctrl = 4, Alt = 8, ScrollLock = 0x10, NumLock = 0x20, CapsLock = 0x40, Insert = 0x80;
    private const byte LeftCtrl = 1, LeftAlt = 2, SysReqHeld = 4, PauseOn = 8; // in the second flag byte
    private const byte RightCtrl = 4, RightAlt = 8, HasE0 = 2, HasE1 = 1, Enhanced = 0x10; // in the mode byte

    private const byte ResetPulse = 0xFE, PrintScreenVector = 5, BreakVector = 0x1B, InterceptVector = 0x15;
    private const ushort ResetQuickly = 0x1234, NoKey = 0;

    /// <summary>After interrupt 9: the interrupts that a key asks for are made in the service's second step.</summary>
    private const byte Intercepted = 1, Finished = 2;

    /// <summary>The serial port that keys may come from, too.</summary>
    public SerialConsole? Console { get; set; }

    /// <summary>Interrupt 9.</summary>
    public void Interrupt(ServiceCall call)
    {
        call.Eoi = ServiceFrame.EoiFirst;
        if (call.Step == Finished)
            return;
        byte code;
        if (call.Step == Intercepted)
        {
            if ((bios.GuestResult(ServiceFrame.BlockFlags) & 1) == 0)
                return; // the hook has swallowed it
            code = (byte)bios.GuestResult(ServiceFrame.BlockAx);
        }
        else
        {
            if ((bios.In(Command) & (OutputFull | FromMouse)) != OutputFull)
                return;
            code = bios.In(Data);
            if (bios.Vector(InterceptVector) >> 16 != MemoryMap.RomStart >> 4)
            {
                bios.CallGuest(call, bios.Vector(InterceptVector), isInterrupt: true, Intercepted, (ushort)(0x4F00 | code));
                return;
            }
        }

        if (TakeScanCode(code) is { } vector)
            bios.CallGuest(call, bios.Vector(vector), isInterrupt: true, Finished);
    }

    /// <summary>INT 16h.</summary>
    public void Handle(ServiceCall call)
    {
        switch (call.Ah)
        {
            case 0x00 or 0x10:
                if (Take(call.Ah == 0x10) is { } key)
                    call.Ax = key;
                else
                    call.Action = ServiceFrame.Wait;
                break;
            case 0x01 or 0x11:
                ushort? next = Peek(call.Ah == 0x11);
                call.Zero = next is null;
                call.Ax = next ?? (call.Ah == 0x11 ? call.Ax : NoKey);
                break;
            case 0x02:
                call.Al = bios.Memory.Byte(BiosData.KeyFlags);
                break;
            case 0x12:
                call.Al = bios.Memory.Byte(BiosData.KeyFlags);
                byte second = bios.Memory.Byte(BiosData.KeyFlags2), mode = bios.Memory.Byte(BiosData.KeyMode);
                call.Ah = (byte)((second & 0x73) | (mode & (RightCtrl | RightAlt)) | ((second & SysReqHeld) << 5));
                break;
            case 0x05:
                call.Al = (byte)(Store(call.Cx) ? 0 : 1);
                break;
            case 0x03: // typematic rate: taken, without effect
                break;
            case 0x09: // what INT 16h can: AH=10h-12h, 03h
                call.Al = 0x24;
                break;
            case 0x0A: // an MF2 keyboard
                call.Bx = 0x41AB;
                break;
        }
    }

    /// <summary>Puts a key (scan code and character) into the ring buffer; false when it is full.</summary>
    public bool Store(ushort key)
    {
        BiosMemory memory = bios.Memory;
        (ushort start, ushort end) = (memory.Word(BiosData.KeyBufferStartPointer), memory.Word(BiosData.KeyBufferEndPointer));
        ushort tail = memory.Word(BiosData.KeyTail), next = (ushort)(tail + 2);
        if (next >= end)
            next = start;
        if (next == memory.Word(BiosData.KeyHead))
            return false;
        memory.SetWord(0x400u + tail, key);
        memory.SetWord(BiosData.KeyTail, next);
        return true;
    }

    /// <summary>The next key, taken out; null when there is none.</summary>
    public ushort? Take(bool isEnhanced)
    {
        ushort? key = Peek(isEnhanced);
        if (key is not null)
            Drop();
        return key;
    }

    // Programs of the old interface do not know the keys that AT keyboards lack: those are skipped or shown as their older sisters.
    private ushort? Peek(bool isEnhanced)
    {
        Console?.Poll();
        BiosMemory memory = bios.Memory;
        for (int i = 0; i < 256; i++)
        {
            ushort head = memory.Word(BiosData.KeyHead);
            if (head == memory.Word(BiosData.KeyTail))
                return null;
            ushort key = memory.Word(0x400u + head);
            if (isEnhanced)
                return (byte)key == 0xF0 && key >> 8 != 0 ? (ushort)(key & 0xFF00) : key;
            if ((byte)key == Extended0 && key >> 8 != 0)
                return (ushort)(key & 0xFF00);
            if (key >> 8 == Extended0)
                return (byte)key is 0x0D or 0x0A ? (ushort)(0x1C00 | (byte)key) : (ushort)(0x3500 | (byte)key);
            if (key >> 8 <= 0x84 && (byte)key != 0xF0)
                return key;
            Drop();
        }

        return null;
    }

    private void Drop()
    {
        BiosMemory memory = bios.Memory;
        ushort head = (ushort)(memory.Word(BiosData.KeyHead) + 2);
        memory.SetWord(BiosData.KeyHead, head >= memory.Word(BiosData.KeyBufferEndPointer) ? memory.Word(BiosData.KeyBufferStartPointer) : head);
    }

    /// <summary>Takes one scan code. Gives the vector of an interrupt that the key asks for.</summary>
    private byte? TakeScanCode(byte code)
    {
        BiosMemory memory = bios.Memory;
        byte mode = memory.Byte(BiosData.KeyMode);
        if (code is Extended0 or Extended1)
        {
            memory.SetByte(BiosData.KeyMode, mode | (code == Extended0 ? HasE0 : HasE1));
            return null;
        }

        if (code is Acknowledge or Resend)
            return null;
        bool isExtended = (mode & HasE0) != 0, isPause = (mode & HasE1) != 0, isReleased = (code & Released) != 0;
        int key = code & ~Released;
        // Pause is E1 1D 45, then the same with bit 7: the prefix holds until its 45.
        if (!isPause || key == KeyNames.NumLock)
            memory.SetByte(BiosData.KeyMode, mode & ~(HasE0 | HasE1));
        if (isPause)
            return null;
        byte flags = memory.Byte(BiosData.KeyFlags);
        if (TakeModifier(key, isExtended, isReleased, flags))
            return null;
        if (isReleased)
        {
            if (key == KeyNames.Insert)
                memory.SetByte(BiosData.KeyFlags2, memory.Byte(BiosData.KeyFlags2) & ~Insert);
            return null;
        }

        if ((flags & (Ctrl | Alt)) == (Ctrl | Alt) && key == KeyNames.Delete)
        {
            memory.SetWord(BiosData.ResetFlag, ResetQuickly);
            bios.Out(Command, ResetPulse);
            return null;
        }

        if (key == KeyNames.ScrollLock && isExtended && (flags & Ctrl) != 0)
        {
            memory.SetByte(BiosData.BreakFlag, 0x80);
            Store(0);
            return BreakVector;
        }

        if (key == KeyNames.PrintScreen && isExtended && (flags & (Ctrl | Alt)) == 0)
            return PrintScreenVector;
        Translate(key, isExtended, flags);
        return null;
    }

    private bool TakeModifier(int key, bool isExtended, bool isReleased, byte flags)
    {
        BiosMemory memory = bios.Memory;
        byte second = memory.Byte(BiosData.KeyFlags2), mode = memory.Byte(BiosData.KeyMode);
        switch (key)
        {
            case KeyNames.LeftShift or KeyNames.RightShift:
                if (!isExtended) // with the prefix it is part of the code of another key
                    memory.SetByte(BiosData.KeyFlags, Set(flags, key == KeyNames.LeftShift ? LeftShift : RightShift, !isReleased));
                return true;
            case KeyNames.Ctrl or KeyNames.Alt:
                bool isCtrl = key == KeyNames.Ctrl;
                if (isExtended)
                    memory.SetByte(BiosData.KeyMode, mode = Set(mode, isCtrl ? RightCtrl : RightAlt, !isReleased));
                else
                    memory.SetByte(BiosData.KeyFlags2, second = Set(second, isCtrl ? LeftCtrl : LeftAlt, !isReleased));
                bool isHeld = isCtrl ? (second & LeftCtrl) != 0 || (mode & RightCtrl) != 0 : (second & LeftAlt) != 0 || (mode & RightAlt) != 0;
                memory.SetByte(BiosData.KeyFlags, Set(flags, isCtrl ? Ctrl : Alt, isHeld));
                if (!isCtrl && isReleased && memory.Byte(BiosData.AltKeypad) is > 0 and var typed)
                {
                    Store(typed);
                    memory.SetByte(BiosData.AltKeypad, 0);
                }

                return true;
            case KeyNames.CapsLock or KeyNames.NumLock:
            case KeyNames.ScrollLock when !isExtended:
                if (!isReleased)
                    memory.SetByte(BiosData.KeyFlags, flags ^ (key == KeyNames.CapsLock ? CapsLock : key == KeyNames.NumLock ? NumLock : ScrollLock));
                return true;
            default:
                return false;
        }
    }

    private void Translate(int key, bool isExtended, byte flags)
    {
        BiosMemory memory = bios.Memory;
        if (key == KeyNames.Insert && (flags & (Alt | Ctrl)) == 0)
            memory.SetByte(BiosData.KeyFlags, flags ^ Insert);
        if ((flags & Alt) != 0 && !isExtended && KeyNames.KeypadDigit(key) is { } digit)
        {
            memory.SetByte(BiosData.AltKeypad, memory.Byte(BiosData.AltKeypad) * 10 + digit);
            return;
        }

        bool shift = (flags & (LeftShift | RightShift)) != 0;
        if (KeyTable.Find(key, isExtended, shift, (flags & Ctrl) != 0, (flags & Alt) != 0, (flags & CapsLock) != 0, (flags & NumLock) != 0) is { } value)
            Store(value);
    }

    private static byte Set(byte value, byte bit, bool on) => (byte)(on ? value | bit : value & ~bit);
}
