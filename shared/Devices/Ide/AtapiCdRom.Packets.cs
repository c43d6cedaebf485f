using System.Buffers.Binary;
using System.Text;

namespace Suite.Devices.Ide;

// The packet commands.
public sealed partial class AtapiCdRom
{
    private const int SenseNotReady = 2, SenseMediumError = 3, SenseIllegalRequest = 5, SenseUnitAttention = 6;

    private const int CodeReadError = 0x11, CodeBadCommand = 0x20, CodeOutOfRange = 0x21, CodeBadField = 0x24, CodeMediumChanged = 0x28, CodeIncompatibleMedium = 0x30,
        CodeSavingNotSupported = 0x39, CodeNoMedium = 0x3A, CodeRemovalPrevented = 0x53;

    private const int ProfileCd = 0x08, ProfileDvd = 0x10, LongestCd = 80 * 60 * 75;

    private int Profile => !HasMedium ? 0 : Total > LongestCd ? ProfileDvd : ProfileCd;

    private void OnPacket(ReadOnlySpan<byte> packet)
    {
        const byte inquiry = 0x12, requestSense = 0x03, configuration = 0x46, events = 0x4A;
        byte command = packet[0];
        if (_change.Value != Told && command is not (inquiry or requestSense or configuration or events))
        {
            bool absent = _change.Int == TellAbsent;
            _change.Value = (ulong)(absent ? TellChanged : Told);
            CheckCondition(absent ? SenseNotReady : SenseUnitAttention, absent ? CodeNoMedium : CodeMediumChanged);
            return;
        }

        if (NeedsMedium(command) && !HasMedium)
        {
            CheckCondition(SenseNotReady, CodeNoMedium);
            return;
        }

        Execute(command, packet);
    }

    private static bool NeedsMedium(byte command) => command is 0x00 or 0x25 or 0x28 or 0xA8 or 0xBE or 0x2B or 0x43 or 0x51 or 0x52 or 0x42 or 0xAD;

    private void Execute(byte command, ReadOnlySpan<byte> packet)
    {
        Span<byte> reply = Buffer.AsSpan(0, 4096);
        reply.Clear();
        switch (command)
        {
            case 0x00 or 0x2B or 0xBB or 0x55 or 0x35:
                Good(); // test unit ready, seek, set speed, mode select, synchronise cache
                break;
            case 0x03:
                (reply[0], reply[2], reply[7], reply[12]) = (0x70, (byte)(_sense.Value >> 16), 10, (byte)(_sense.Value >> 8));
                Answer(18, packet[4]);
                break;
            case 0x12:
                Inquiry(packet, reply);
                break;
            case 0x1B:
                StartStop(packet[4]);
                break;
            case 0x1E:
                _locked.IsSet = (packet[4] & 1) != 0;
                Good();
                break;
            case 0x25:
                BinaryPrimitives.WriteUInt32BigEndian(reply, (uint)(Total - 1));
                BinaryPrimitives.WriteInt32BigEndian(reply[4..], Sector);
                Answer(8, 8);
                break;
            case 0x23:
                FormatCapacities(packet, reply);
                break;
            case 0x28:
                StartRead(U32(packet, 2), U16(packet, 7), Sector);
                break;
            case 0xA8:
                StartRead(U32(packet, 2), U32(packet, 6), Sector);
                break;
            case 0xBE:
                ReadCd(packet);
                break;
            case 0x42:
                reply[3] = 0; // no audio: the sub-channel says nothing
                Answer(4, U16(packet, 7));
                break;
            case 0x43:
                ReadToc(packet, reply);
                break;
            case 0x46:
                Configuration(packet, reply);
                break;
            case 0x4A:
                EventStatus(packet, reply);
                break;
            case 0x51:
                (reply[1], reply[2], reply[3], reply[4], reply[5], reply[6], reply[7]) = (32, 0x0E, 1, 1, 1, 1, 0x20);
                Answer(34, U16(packet, 7));
                break;
            case 0x52:
                TrackInformation(packet, reply);
                break;
            case 0x5A or 0x1A:
                ModeSense(packet, reply, isLong: command == 0x5A);
                break;
            case 0xAD:
                DvdStructure(packet, reply);
                break;
            case 0xBD:
                reply[5] = 1;
                Answer(8, U16(packet, 8));
                break;
            default:
                CheckCondition(SenseIllegalRequest, CodeBadCommand);
                break;
        }
    }

    private void Inquiry(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        const byte cdRom = 5, removable = 0x80, packetDevice = 0x21;
        if ((packet[1] & 1) != 0)
        {
            if (packet[2] != 0)
            {
                CheckCondition(SenseIllegalRequest, CodeBadField);
                return;
            }

            (reply[0], reply[3]) = (cdRom, 1); // the list of such pages holds only itself
            Answer(5, U16(packet, 3));
            return;
        }

        (reply[0], reply[1], reply[3], reply[4]) = (cdRom, removable, packetDevice, 31);
        Encoding.ASCII.GetBytes("QEMU    QEMU DVD-ROM    2.5+", reply[8..]);
        Answer(36, U16(packet, 3));
    }

    private void StartStop(byte action)
    {
        const int load = 2, start = 1, powerCondition = 0xF0;
        if ((action & powerCondition) != 0 || (action & load) == 0)
        {
            Good();
            return;
        }

        bool open = (action & start) == 0;
        if (open && _locked.IsSet)
        {
            CheckCondition(HasMedium ? SenseIllegalRequest : SenseNotReady, CodeRemovalPrevented);
            return;
        }

        if (open != _trayOpen.IsSet)
        {
            const int newMedium = 2;
            _trayOpen.IsSet = open;
            if (!open && Medium is not null)
                (_change.Value, _event.Value) = (TellChanged, newMedium);
            TrayMoved?.Invoke(open);
        }

        Good();
    }

    private void FormatCapacities(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        reply[3] = 8;
        BinaryPrimitives.WriteUInt32BigEndian(reply[4..], (uint)Total);
        BinaryPrimitives.WriteInt32BigEndian(reply[8..], Sector);
        reply[8] = (byte)(HasMedium ? 2 : 3);
        Answer(12, U16(packet, 7));
    }

    private void ReadCd(ReadOnlySpan<byte> packet)
    {
        uint count = (uint)(packet[6] << 16 | packet[7] << 8 | packet[8]);
        switch (packet[9] & 0xF8)
        {
            case 0x00:
                Good();
                break;
            case 0x10:
                StartRead(U32(packet, 2), count, Sector);
                break;
            case 0xF8:
                StartRead(U32(packet, 2), count, RawSector);
                break;
            default:
                CheckCondition(SenseIllegalRequest, CodeBadField);
                break;
        }
    }

    private void ReadToc(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        bool inMsf = (packet[1] & 2) != 0;
        int format = packet[2] & 15, startTrack = packet[6];
        if (format == 0)
            format = packet[9] >> 6; // where older drives have it
        int length = format switch
        {
            0 when startTrack is <= 1 or 0xAA => Toc(reply, inMsf, startTrack),
            1 => Sessions(reply, inMsf),
            2 => FullToc(reply),
            _ => 0,
        };
        if (length == 0)
        {
            CheckCondition(SenseIllegalRequest, CodeBadField);
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(reply, (ushort)(length - 2));
        Answer(length, U16(packet, 7));
    }

    private int Toc(Span<byte> reply, bool inMsf, int startTrack)
    {
        const byte leadOut = 0xAA;
        (reply[2], reply[3]) = (1, 1);
        int at = 4;
        if (startTrack <= 1)
            at += TocEntry(reply[at..], 1, 0, inMsf);
        return at + TocEntry(reply[at..], leadOut, Total, inMsf);
    }

    private static int TocEntry(Span<byte> entry, byte track, long lba, bool inMsf)
    {
        const byte dataTrack = 0x14;
        (entry[1], entry[2]) = (dataTrack, track);
        if (inMsf)
            PutMsf(entry[5..], lba + 150);
        else
            BinaryPrimitives.WriteUInt32BigEndian(entry[4..], (uint)lba);
        return 8;
    }

    private static int Sessions(Span<byte> reply, bool inMsf)
    {
        (reply[2], reply[3]) = (1, 1);
        return 4 + TocEntry(reply[4..], 1, 0, inMsf);
    }

    // First track, last track, lead-out, and the track itself.
    private int FullToc(Span<byte> reply)
    {
        (reply[2], reply[3]) = (1, 1);
        ReadOnlySpan<byte> points = [0xA0, 0xA1, 0xA2, 1];
        for (int i = 0; i < points.Length; i++)
        {
            Span<byte> entry = reply.Slice(4 + 11 * i, 11);
            (entry[0], entry[1], entry[3]) = (1, 0x14, points[i]);
            switch (points[i])
            {
                case 0xA0 or 0xA1:
                    entry[8] = 1;
                    break;
                case 0xA2:
                    PutMsf(entry[8..], Total + 150);
                    break;
                default:
                    PutMsf(entry[8..], 150);
                    break;
            }
        }

        return 4 + 11 * points.Length;
    }

    private void Configuration(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        BinaryPrimitives.WriteUInt16BigEndian(reply[6..], (ushort)Profile);
        int at = 8;
        (reply[at + 2], reply[at + 3]) = (3, 8); // feature 0: the profiles there are
        BinaryPrimitives.WriteUInt16BigEndian(reply[(at + 4)..], ProfileDvd);
        reply[at + 6] = (byte)(Profile == ProfileDvd ? 1 : 0);
        BinaryPrimitives.WriteUInt16BigEndian(reply[(at + 8)..], ProfileCd);
        reply[at + 10] = (byte)(Profile == ProfileCd ? 1 : 0);
        at += 12;
        (reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 7], reply[at + 8]) = (1, 0x0B, 8, 2, 1); // feature 1: core, by ATAPI
        at += 12;
        (reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 4]) = (3, 3, 4, 0x39); // feature 3: removable medium in a tray, with lock and eject
        at += 8;
        BinaryPrimitives.WriteUInt32BigEndian(reply, (uint)(at - 4));
        Answer(at, U16(packet, 7));
    }

    private void EventStatus(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        const int polled = 1, mediaClass = 0x10;
        const byte noEvent = 0x80, media = 4;
        if ((packet[1] & polled) == 0)
        {
            CheckCondition(SenseIllegalRequest, CodeBadField);
            return;
        }

        reply[3] = mediaClass;
        if ((packet[4] & mediaClass) == 0)
        {
            (reply[1], reply[2]) = (2, noEvent);
            Answer(4, U16(packet, 7));
            return;
        }

        (reply[1], reply[2]) = (6, media);
        reply[4] = _event.Byte;
        reply[5] = (byte)((_trayOpen.IsSet ? 1 : 0) | (HasMedium ? 2 : 0));
        _event.Value = 0;
        Answer(8, U16(packet, 7));
    }

    private void TrackInformation(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        (reply[1], reply[2], reply[3], reply[5], reply[6]) = (34, 1, 1, 4, 1);
        BinaryPrimitives.WriteUInt32BigEndian(reply[24..], (uint)Total);
        Answer(36, U16(packet, 7));
    }

    private void ModeSense(ReadOnlySpan<byte> packet, Span<byte> reply, bool isLong)
    {
        const int all = 0x3F, errorRecovery = 1, audio = 0x0E, capabilities = 0x2A, saved = 3, changeable = 1;
        int page = packet[2] & all, control = packet[2] >> 6;
        int at = isLong ? 8 : 4;
        if (control == saved)
        {
            CheckCondition(SenseIllegalRequest, CodeSavingNotSupported);
            return;
        }

        if (page is not (all or errorRecovery or audio or capabilities))
        {
            CheckCondition(SenseIllegalRequest, CodeBadField);
            return;
        }

        if (page is errorRecovery or all)
            at += Page(reply[at..], errorRecovery, control == changeable ? [] : [0, 5, 0, 0, 0, 0], 6);
        if (page is audio or all)
            at += Page(reply[at..], audio, control == changeable ? [] : [4, 0, 0, 0, 0, 75, 1, 0xFF, 2, 0xFF], 14);
        // Reads CD-R and DVD; mode 2 forms 1 and 2, multisession, locks, ejects a tray; 4 times the speed of an audio CD.
        if (page is capabilities or all)
            at += Page(reply[at..], capabilities, control == changeable ? [] : [0x3B, 0, 0x70, 0x60, (byte)(0x29 | (_locked.IsSet ? 2 : 0)), 0, 2, 0xC2, 0, 2, 2, 0, 2, 0xC2], 18);
        if (isLong)
        {
            BinaryPrimitives.WriteUInt16BigEndian(reply, (ushort)(at - 2));
            reply[2] = 0x70;
        }
        else
        {
            (reply[0], reply[1]) = ((byte)(at - 1), 0x70);
        }

        Answer(at, isLong ? U16(packet, 7) : packet[4]);
    }

    private static int Page(Span<byte> at, byte page, ReadOnlySpan<byte> contents, int length)
    {
        (at[0], at[1]) = (page, (byte)length);
        contents.CopyTo(at[2..]);
        return length + 2;
    }

    private void DvdStructure(ReadOnlySpan<byte> packet, Span<byte> reply)
    {
        const int physical = 0, copyright = 1;
        int format = packet[7];
        if (Profile != ProfileDvd)
        {
            CheckCondition(SenseIllegalRequest, CodeIncompatibleMedium);
            return;
        }

        if (format is not (physical or copyright) || packet[6] != 0)
        {
            CheckCondition(SenseIllegalRequest, CodeBadField);
            return;
        }

        int length = format == physical ? 2052 : 8;
        BinaryPrimitives.WriteUInt16BigEndian(reply, (ushort)(length - 2));
        if (format == physical)
        {
            const uint firstSector = 0x30000;
            (reply[4], reply[5], reply[6]) = (1, 0x0F, 1); // DVD-ROM, 120 mm, one layer
            BinaryPrimitives.WriteUInt32BigEndian(reply[8..], firstSector);
            BinaryPrimitives.WriteUInt32BigEndian(reply[12..], firstSector + (uint)Total - 1);
        }

        Answer(length, U16(packet, 8));
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
}
