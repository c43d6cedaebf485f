using static Suite.Devices.Ide.AtaRegisters;

namespace Suite.Devices.Ide;

// The commands, and what the disk says about itself.
public sealed partial class AtaDisk
{
    /// <inheritdoc/>
    protected override void OnCommand(byte command)
    {
        switch (command)
        {
            case 0x20 or 0x21:
                StartRead(isExtended: false, 1);
                break;
            case 0x24:
                StartRead(isExtended: true, 1);
                break;
            case 0xC4:
                StartRead(isExtended: false, _multiple.Int);
                break;
            case 0x29:
                StartRead(isExtended: true, _multiple.Int);
                break;
            case 0x30 or 0x31:
                StartWrite(isExtended: false, 1);
                break;
            case 0x34:
                StartWrite(isExtended: true, 1);
                break;
            case 0xC5:
                StartWrite(isExtended: false, _multiple.Int);
                break;
            case 0x39 or 0xCE:
                StartWrite(isExtended: true, _multiple.Int);
                break;
            case 0xC8 or 0xC9:
                StartDma(isExtended: false, ReadingDma);
                break;
            case 0x25:
                StartDma(isExtended: true, ReadingDma);
                break;
            case 0xCA or 0xCB:
                StartDma(isExtended: false, WritingDma);
                break;
            case 0x35 or 0x3D:
                StartDma(isExtended: true, WritingDma);
                break;
            case 0x06:
                StartTrim();
                break;
            case 0x40 or 0x41 or 0x42:
                if (Locate(isExtended: command == 0x42))
                    Complete();
                break;
            case (>= 0x10 and <= 0x1F) or (>= 0x70 and <= 0x7F):
                Complete(); // recalibrate, seek
                break;
            case 0x91:
                _sectors.Value = Count.Value & 0xFF;
                _heads.Value = (ulong)(DeviceByte & 15) + 1;
                Complete();
                break;
            case 0xC6:
                SetMultiple();
                break;
            case 0xE7 or 0xEA:
                Flush();
                break;
            case 0xF8 or 0x27:
                ShowLast(isExtended: command == 0x27);
                break;
            case 0xE5 or 0x98:
                const ulong active = 0xFF;
                Count.Value = active;
                Complete();
                break;
            case 0xE0 or 0xE1 or 0xE2 or 0xE3 or 0xE6 or 0x94 or 0x95 or 0x96 or 0x97 or 0x99:
                Complete(); // standby, idle, sleep
                break;
            case 0xEF:
                SetFeatures();
                break;
            case 0xB0:
                Smart();
                break;
            case 0xEC:
                Buffer.AsSpan(0, Sector).Clear();
                Identify(Buffer.AsSpan(0, Sector));
                Answer();
                break;
            default:
                Fail(ErrorAbort);
                break;
        }
    }

    private void Answer()
    {
        _doing.Value = Answering;
        RequestData(0, Sector, interrupt: true);
    }

    private void StartTrim()
    {
        const int trim = 1;
        int sectors = (int)(Count.Value & 0xFF) is 0 ? 0x100 : (int)(Count.Value & 0xFF);
        if (Features != trim || sectors > BufferSectors || _medium.IsReadOnly)
        {
            Fail(ErrorAbort);
            return;
        }

        (_lba.Value, _left.Value, _doing.Value) = (0, (ulong)sectors, Trimming);
        RequestDma();
    }

    private void SetMultiple()
    {
        int sectors = (int)(Count.Value & 0xFF);
        if (sectors > MostMultiple || (sectors & (sectors - 1)) != 0)
        {
            Fail(ErrorAbort);
            return;
        }

        _multiple.Value = (ulong)sectors;
        Complete();
    }

    private void Flush()
    {
        try
        {
            _medium.Flush();
            Complete();
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
            Fail(ErrorAbort);
        }
    }

    private void ShowLast(bool isExtended)
    {
        ulong last = (ulong)Total - 1;
        if (!isExtended)
            last = Math.Min(last, 0x0FFFFFFF);
        Low.Value = (last & 0xFF) | (last >> 24 & 0xFF) << 8;
        Mid.Value = (last >> 8 & 0xFF) | (last >> 32 & 0xFF) << 8;
        High.Value = (last >> 16 & 0xFF) | (last >> 40 & 0xFF) << 8;
        Complete();
    }

    private void SetFeatures()
    {
        switch (Features)
        {
            case 0x02 or 0x82:
                _noCache.IsSet = Features == 0x82;
                if (_noCache.IsSet)
                    Flush();
                else
                    Complete();
                break;
            case 0x03 when IsTransferMode((byte)Count.Value):
                _transferMode.Value = Count.Value & 0xFF;
                Complete();
                break;
            case 0xAA or 0x55 or 0x05 or 0x85 or 0x69 or 0x67 or 0x96 or 0x9A or 0x42 or 0xC2 or 0x66 or 0xCC:
                Complete(); // look-ahead, power and noise management, reverting to defaults: nothing to do
                break;
            default:
                Fail(ErrorAbort);
                break;
        }
    }

    // PIO default and 0 to 4, multiword DMA 0 to 2, Ultra DMA 0 to 5.
    private static bool IsTransferMode(byte mode) => mode is 0 or 1 or (>= 0x08 and <= 0x0C) or (>= 0x20 and <= 0x22) or (>= 0x40 and <= 0x45) or (>= 0x10 and <= 0x12);

    private void Smart()
    {
        const byte keyMid = 0x4F, keyHigh = 0xC2, enable = 0xD8, disable = 0xD9, status = 0xDA, autosave = 0xD2, autoOffline = 0xDB, data = 0xD0, thresholds = 0xD1,
            offline = 0xD4, log = 0xD5;
        bool hasKey = (byte)Mid.Value == keyMid && (byte)High.Value == keyHigh;
        if (!hasKey || (!_smart.IsSet && Features != enable))
        {
            Fail(ErrorAbort);
            return;
        }

        switch (Features)
        {
            case enable or disable:
                _smart.IsSet = Features == enable;
                Complete();
                break;
            case status or autosave or autoOffline or offline:
                Complete(); // the key in the registers says: all is well
                break;
            case data or thresholds or log:
                Buffer.AsSpan(0, Sector).Clear();
                if (Features != log)
                    SmartAttributes(Buffer.AsSpan(0, Sector), Features == thresholds);
                Answer();
                break;
            default:
                Fail(ErrorAbort);
                break;
        }
    }

    // Attributes that never change: read errors, start-up time, hours, temperature.
    private static void SmartAttributes(Span<byte> page, bool thresholds)
    {
        ReadOnlySpan<(byte Id, byte Flags, byte Value, byte Raw, byte Threshold)> attributes =
            [(1, 3, 100, 0, 6), (3, 3, 100, 16, 0), (4, 2, 100, 100, 20), (5, 3, 100, 0, 36), (9, 3, 100, 1, 0), (12, 3, 100, 0, 0), (190, 3, 69, 31, 50)];
        const int entryBytes = 12;
        page[0] = 1;
        for (int i = 0; i < attributes.Length; i++)
        {
            Span<byte> entry = page.Slice(2 + i * entryBytes, entryBytes);
            entry[0] = attributes[i].Id;
            entry[1] = thresholds ? attributes[i].Threshold : attributes[i].Flags;
            if (!thresholds)
                (entry[3], entry[4], entry[5]) = (attributes[i].Value, attributes[i].Value, attributes[i].Raw);
        }

        if (!thresholds)
            (page[362], page[364], page[367], page[368], page[370], page[372]) = (2, 15, 0x1B, 3, 1, 2);
        byte sum = 0;
        foreach (byte b in page[..(Sector - 1)])
            sum += b;
        page[Sector - 1] = (byte)-sum;
    }

    private void Identify(Span<byte> page)
    {
        ulong total = (ulong)Total, small = Math.Min(total, 0x0FFFFFFF);
        PutWord(page, 0, 0x0040); // fixed
        PutWord(page, 1, _cylinders);
        PutWord(page, 3, _info.Heads);
        PutWord(page, 4, Sector * _info.Sectors);
        PutWord(page, 5, Sector);
        PutWord(page, 6, _info.Sectors);
        PutText(page.Slice(20, 20), _info.Serial);
        PutWord(page, 20, 3);
        PutWord(page, 21, 512); // buffer, in sectors
        PutWord(page, 22, 4);
        PutText(page.Slice(46, 8), "2.5+");
        PutText(page.Slice(54, 40), _info.Model);
        PutWord(page, 47, 0x8000 | MostMultiple);
        PutWord(page, 48, 1); // 32-bit data port
        PutWord(page, 49, 0x0B00); // LBA, DMA, IORDY
        PutWord(page, 51, 0x0200);
        PutWord(page, 52, 0x0200);
        PutWord(page, 53, 7); // words 54-58, 64-70 and 88 are valid
        PutWord(page, 54, _cylinders);
        PutWord(page, 55, _heads.Int);
        PutWord(page, 56, _sectors.Int);
        int current = _cylinders * _heads.Int * _sectors.Int;
        PutWord(page, 57, current);
        PutWord(page, 58, current >> 16);
        PutWord(page, 59, _multiple.Int == 0 ? 0 : 0x100 | _multiple.Int);
        PutWord(page, 60, (int)small);
        PutWord(page, 61, (int)(small >> 16));
        PutWord(page, 62, 7);
        PutWord(page, 63, 7 | Chosen(0x20) << 8);
        PutWord(page, 64, 3);
        for (int word = 65; word <= 68; word++)
            PutWord(page, word, 120); // nanoseconds
        PutWord(page, 69, 1 << 14); // what was trimmed reads the same every time
        PutWord(page, 80, 0xF0); // ATA-4 to ATA-7
        PutWord(page, 81, 0x16);
        PutWord(page, 82, 1 << 14 | 1 << 5 | 1); // NOP, write cache, SMART
        PutWord(page, 83, 1 << 14 | 1 << 13 | 1 << 12 | 1 << 10); // flush, flush ext, LBA48
        PutWord(page, 84, 1 << 14 | (_info.Wwn != 0 ? 1 << 8 : 0));
        PutWord(page, 85, 1 << 14 | (_noCache.IsSet ? 0 : 1 << 5) | _smart.Int);
        PutWord(page, 86, 1 << 13 | 1 << 12 | 1 << 10);
        PutWord(page, 87, 1 << 14 | (_info.Wwn != 0 ? 1 << 8 : 0));
        PutWord(page, 88, 0x3F | Chosen(0x40) << 8);
        PutWord(page, 93, 0x6001); // 80-conductor cable, device 0
        for (int i = 0; i < 4; i++)
            PutWord(page, 100 + i, (int)(total >> (16 * i)));
        for (int i = 0; i < 4; i++)
            PutWord(page, 108 + i, (int)(_info.Wwn >> (48 - 16 * i)));
        PutWord(page, 169, 1); // TRIM
        PutWord(page, 217, 1); // not rotating
    }

    // The bit of the chosen mode, when it is one of a family.
    private int Chosen(int family) => (_transferMode.Int & 0xF8) == family ? 1 << (_transferMode.Int & 7) : 0;
}
