namespace Suite.Devices.Floppy;

// The commands (data sheet, section 5.0).
public sealed partial class FloppyController
{
    private const byte Abnormal = 0x40, Invalid = 0x80, SeekEnd = 0x20, EquipmentCheck = 0x10;
    private const byte EndOfCylinder = 0x80, NoData = 0x04, NotWritable = 0x02, MissingMark = 0x01;

    // Kinds of a transfer.
    private const int KindRead = 0, KindWrite = 1, KindVerify = 2, KindFormat = 3;

    private static int LengthOf(byte command) => (command & 0x1F) switch
    {
        0x02 or 0x05 or 0x06 or 0x09 or 0x0C or 0x11 or 0x16 or 0x19 or 0x1D => 9,
        0x0D => 6,
        0x03 or 0x0F => 3,
        0x04 or 0x07 or 0x0A or 0x12 => 2,
        0x13 => 4,
        _ => 1,
    };

    private void Execute()
    {
        byte command = _bytes[0];
        switch (command & 0x1F)
        {
            case 0x03: // SPECIFY
                _specify.Value = (ulong)(_bytes[1] | _bytes[2] << 8);
                _noDma.IsSet = (_bytes[2] & 1) != 0;
                NoResults();
                break;
            case 0x04: // SENSE DRIVE STATUS
                Results(Status3(_bytes[1]));
                break;
            case 0x07: // RECALIBRATE
                Seek(_bytes[1], 0);
                break;
            case 0x08: // SENSE INTERRUPT STATUS
                SenseInterrupt();
                break;
            case 0x0A: // READ ID
                ReadId(_bytes[1]);
                break;
            case 0x0E: // DUMPREG
                Results((byte)_drives[0].Track, (byte)_drives[1].Track, 0, 0, (byte)_specify.Value, (byte)(_specify.Value >> 8), _endOfTrack.Byte,
                    (byte)((_lock.IsSet ? 0x80 : 0) | _perpendicular.Byte & 0x7F), _configuration.Byte, 0);
                break;
            case 0x0F: // SEEK, and RELATIVE SEEK with bit 7
                Seek(_bytes[1], (command & 0x80) == 0 ? _bytes[2] : RelativeTrack(command));
                break;
            case 0x10: // VERSION: 82077AA
                Results(0x90);
                break;
            case 0x12: // PERPENDICULAR MODE
                _perpendicular.Value = _bytes[1];
                NoResults();
                break;
            case 0x13: // CONFIGURE
                _configuration.Value = _bytes[2];
                NoResults();
                break;
            case 0x14: // LOCK, or UNLOCK
                _lock.IsSet = (command & 0x80) != 0;
                Results((byte)(_lock.IsSet ? 0x10 : 0));
                break;
            case 0x18: // PART ID
                Results(0x41);
                break;
            case 0x06 or 0x0C or 0x02: // READ DATA, READ DELETED DATA, READ TRACK
                StartTransfer(KindRead, (command & 0x80) != 0);
                break;
            case 0x05 or 0x09: // WRITE DATA, WRITE DELETED DATA
                StartTransfer(KindWrite, (command & 0x80) != 0);
                break;
            case 0x16 or 0x11 or 0x19 or 0x1D: // VERIFY; the SCAN commands find what they look for
                StartTransfer(KindVerify, (command & 0x80) != 0);
                break;
            case 0x0D: // FORMAT TRACK
                StartFormat();
                break;
            default:
                Results(Invalid);
                break;
        }
    }

    private FloppyDrive? DriveOf(byte select) => (select & 3) < Drives ? _drives[select & 3] : null;

    private byte Status3(byte select)
    {
        const int writeProtected = 0x40, alwaysSet = 0x28, track0 = 0x10;
        FloppyDrive? drive = DriveOf(select);
        return (byte)(alwaysSet | (select & 7) | (drive is { IsReadOnly: true } ? writeProtected : 0) | (drive is { Track: 0 } ? track0 : 0));
    }

    private int RelativeTrack(byte command)
    {
        const int inwards = 0x40;
        int now = DriveOf(_bytes[1])?.Track ?? 0;
        return (command & inwards) != 0 ? now + _bytes[2] : now - _bytes[2];
    }

    private void Seek(byte select, int track)
    {
        if (DriveOf(select) is { } drive)
        {
            drive.Seek(track);
            _status0.Value = (ulong)(SeekEnd | (select & 7));
        }
        else
        {
            _status0.Value = (ulong)(Abnormal | SeekEnd | EquipmentCheck | (select & 7)); // track 0 was never seen
        }

        _seekDone.IsSet = true;
        NoResults();
        Raise();
    }

    private void SenseInterrupt()
    {
        const int drivesPolled = 4, readyChanged = 0xC0;
        if (_resetSense.Int > 0)
        {
            int drive = drivesPolled - _resetSense.Int;
            _resetSense.Value--;
            Lower();
            Results((byte)(readyChanged | drive), (byte)(drive < Drives ? _drives[drive].Track : 0));
        }
        else if (_seekDone.IsSet)
        {
            _seekDone.IsSet = false;
            Lower();
            Results(_status0.Byte, (byte)(DriveOf(_status0.Byte)?.Track ?? 0));
        }
        else
        {
            Results(Invalid);
        }
    }

    private void ReadId(byte select)
    {
        (_head.Value, _sectorNumber.Value) = ((ulong)(select >> 2 & 1), 1);
        FloppyDrive? drive = DriveOf(select);
        _cylinder.Value = (ulong)(drive?.Track ?? 0);
        bool isThere = drive is not null && HasRate(drive) && drive.Find(drive.Track, _head.Int, 1) >= 0;
        Finish(select, isThere ? (byte)0 : Abnormal, isThere ? (byte)0 : MissingMark, 0);
    }

    private bool HasRate(FloppyDrive drive)
    {
        const int rate300 = 1, rate250 = 2;
        int rate = drive.Geometry.Rate;
        return _rate.Int == rate || (rate == rate300 && _rate.Int == rate250) || (rate == rate250 && _rate.Int == rate300);
    }

    // The command's bytes: which drive and head; cylinder, head, sector and its size; the last sector of the track.
    private void StartTransfer(int kind, bool multiTrack)
    {
        const int sizeCode = 2, impliedSeek = 0x40;
        byte select = _bytes[1];
        (_kind.Value, _multiTrack.IsSet) = ((ulong)kind, multiTrack);
        (_cylinder.Value, _head.Value, _sectorNumber.Value, _endOfTrack.Value) = (_bytes[2], _bytes[3], _bytes[4], _bytes[6]);
        FloppyDrive? drive = DriveOf(select);
        if (drive is not null && (_configuration.Int & impliedSeek) != 0)
            drive.Seek(_cylinder.Int);
        if (drive?.Medium is null || !HasRate(drive))
            Finish(select, Abnormal, MissingMark, 0);
        else if (kind == KindWrite && drive.IsReadOnly)
            Finish(select, Abnormal, NotWritable, 0);
        else if (_bytes[5] != sizeCode || drive.Track != _cylinder.Int || drive.Find(_cylinder.Int, _head.Int, _sectorNumber.Int) < 0)
            Finish(select, Abnormal, NoData, 0);
        else
            BeginData(kind);
    }

    private void StartFormat()
    {
        const int sizeCode = 2;
        byte select = _bytes[1];
        FloppyDrive? drive = DriveOf(select);
        (_cylinder.Value, _head.Value, _sectorNumber.Value) = ((ulong)(drive?.Track ?? 0), (ulong)(select >> 2 & 1), 1);
        _endOfTrack.Value = _bytes[3];
        _kind.Value = KindFormat;
        if (drive?.Medium is null || !HasRate(drive))
            Finish(select, Abnormal, MissingMark, 0);
        else if (drive.IsReadOnly)
            Finish(select, Abnormal, NotWritable, 0);
        else if (_bytes[2] != sizeCode || drive.Find(_cylinder.Int, _head.Int, _bytes[3]) < 0)
            Finish(select, Abnormal, NoData, 0);
        else
            BeginData(KindFormat);
    }

    // A transfer is over: seven bytes of result.
    private void Finish(byte select, byte status0, byte status1, byte status2)
    {
        _waitsForDma.IsSet = false;
        Results((byte)(status0 | (select & 3) | (_head.Int << 2)), status1, status2, _cylinder.Byte, _head.Byte, _sectorNumber.Byte, 2);
        Raise();
    }
}
