using Suite.Devices.Block;
using Suite.Devices.Core;
using static Suite.Devices.Ide.AtaRegisters;

namespace Suite.Devices.Ide;

/// <summary>
/// A CD and DVD drive with packet commands (ATA/ATAPI-7, T13 1532D; commands of MMC-5 and SPC-3). Its medium is an image of 2048-byte
/// sectors: one data track.
/// </summary>
public sealed partial class AtapiCdRom : IdeDrive
{
    private const int Sector = 2048, RawSector = 2352, PacketBytes = 12;

    // What goes on: nothing; the packet is awaited; an answer in the buffer; sectors of the medium; an identification.
    private const int Idle = 0, AwaitingPacket = 1, Answering = 2, Reading = 3, Identifying = 4;

    // How much of a change of the medium the guest has been told: all; first that there is none; then that there is another.
    private const int Told = 0, TellAbsent = 1, TellChanged = 2;

    private readonly string _serial, _model;
    private Register _doing = null!, _byDma = null!, _limit = null!, _answer = null!, _offset = null!, _left = null!, _sectorBytes = null!, _sense = null!,
        _locked = null!, _trayOpen = null!, _change = null!, _event = null!, _transferMode = null!;

    /// <summary>A drive.</summary>
    /// <param name="medium">What lies in it; null for an empty drive.</param>
    /// <param name="serial">At most 20 characters.</param>
    /// <param name="model">At most 40 characters.</param>
    public AtapiCdRom(IBlockDevice? medium, string serial = "QM00003", string model = "QEMU DVD-ROM") => (Medium, _serial, _model) = (medium, serial, model);

    /// <summary>What lies in it; null for an empty drive.</summary>
    public IBlockDevice? Medium { get; private set; }

    /// <summary>The guest forbids to take the medium out.</summary>
    public bool IsLocked => _locked.IsSet;

    /// <summary>The guest, or a user, has opened the tray.</summary>
    public bool IsTrayOpen => _trayOpen.IsSet;

    /// <summary>Called when the guest opens (true) or closes the tray.</summary>
    public Action<bool>? TrayMoved { get; set; }

    /// <summary>Called when reading the medium fails.</summary>
    public Action<IOException>? Failed { get; set; }

    /// <inheritdoc/>
    protected override bool IsToHost => _doing.Int is Answering or Reading or Identifying;

    private bool HasMedium => Medium is not null && !_trayOpen.IsSet;

    private long Total => Medium is { } medium ? (medium.Length + Sector - 1) / Sector : 0;

    /// <summary>Puts another medium in, or takes it out (null), and closes the tray. The old one is the caller's.</summary>
    public void ChangeMedium(IBlockDevice? medium)
    {
        const int newMedium = 2, removed = 3;
        Medium = medium;
        _trayOpen.IsSet = false;
        (_change.Value, _event.Value) = (TellAbsent, medium is null ? removed : (ulong)newMedium);
    }

    /// <summary>A user presses the button of the drive: the tray opens, or, while the guest has locked it, the guest is asked.</summary>
    /// <returns>True when it has opened.</returns>
    public bool PressEject()
    {
        const int request = 1;
        if (_locked.IsSet)
            _event.Value = request;
        else
            _trayOpen.IsSet = true;
        return _trayOpen.IsSet;
    }

    internal override void RunDma(BusMaster master)
    {
        master.Begin();
        bool done;
        try
        {
            done = _doing.Int == Answering ? AnswerByDma(master) : ReadByDma(master);
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
            master.Stop(failed: false);
            EndDma();
            CheckCondition(SenseMediumError, CodeReadError);
            return;
        }

        EndDma();
        if (done)
            master.Finish();
        else
            master.Stop(failed: false);
        Good();
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state, string name)
    {
        _doing = state.Register($"{name} command kind", 3);
        _byDma = state.Register($"{name} by DMA", 1);
        _limit = state.Register($"{name} byte count limit", 16);
        _answer = state.Register($"{name} bytes of answer", 17);
        _offset = state.Register($"{name} byte of the medium", 48);
        _left = state.Register($"{name} bytes left", 48);
        _sectorBytes = state.Register($"{name} sector size", 12, reset: Sector);
        _sense = state.Register($"{name} sense", 24);
        _locked = state.Register($"{name} locked", 1);
        _trayOpen = state.Register($"{name} tray open", 1);
        _change = state.Register($"{name} medium changed", 2);
        _event = state.Register($"{name} event", 4);
        _transferMode = state.Register($"{name} transfer mode", 8, reset: 0x45);
    }

    /// <inheritdoc/>
    protected override void OnReset() => (_doing.Value, _sense.Value, _locked.Value) = (Idle, 0, 0);

    /// <inheritdoc/>
    protected override void ShowSignature() => SetSignature(0x14, 0xEB, 0);

    /// <inheritdoc/>
    protected override void OnCommand(byte command)
    {
        switch (command)
        {
            case 0xA0:
                _byDma.IsSet = (Features & 1) != 0;
                int limit = (Mid.Byte | High.Byte << 8) & 0xFFFF;
                const int mostBytes = 0xFFFE;
                _limit.Value = (ulong)(limit is 0 or > mostBytes ? mostBytes : limit);
                _doing.Value = AwaitingPacket;
                Count.Value = ReasonCommand;
                RequestData(0, PacketBytes, interrupt: false);
                break;
            case 0xA1:
                Buffer.AsSpan(0, 512).Clear();
                Identify(Buffer.AsSpan(0, 512));
                _doing.Value = Identifying;
                RequestData(0, 512, interrupt: true);
                break;
            case 0x08:
                _doing.Value = Idle;
                ShowSignature();
                break;
            case 0xEC or 0x20 or 0x21:
                ShowSignature(); // by this a packet device is found out
                Fail(ErrorAbort);
                break;
            case 0xEF when Features is 0x03 or 0x66 or 0xCC or 0x05 or 0x85:
                if (Features == 0x03)
                    _transferMode.Value = Count.Value & 0xFF;
                Complete();
                break;
            case 0xE0 or 0xE1 or 0xE2 or 0xE3 or 0xE6 or 0xE7:
                Complete();
                break;
            case 0xE5:
                Count.Value = 0xFF;
                Complete();
                break;
            default:
                Fail(ErrorAbort);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnBufferDone()
    {
        switch (_doing.Int)
        {
            case AwaitingPacket:
                EndTransfer();
                _doing.Value = Idle;
                Span<byte> packet = stackalloc byte[PacketBytes];
                Buffer.AsSpan(0, PacketBytes).CopyTo(packet);
                OnPacket(packet);
                break;
            case Answering when Position < _answer.Int:
                RequestPart(Position, _answer.Int);
                break;
            case Reading when _left.Value != 0:
                NextRead();
                break;
            case Answering or Reading:
                Good();
                break;
            default:
                _doing.Value = Idle;
                EndTransfer();
                break;
        }
    }

    // A command has ended well.
    private void Good()
    {
        _doing.Value = Idle;
        _sense.Value = 0;
        EndTransfer();
        Count.Value = ReasonCommand | ReasonToHost;
        Complete();
    }

    private void CheckCondition(int key, int code)
    {
        _doing.Value = Idle;
        _sense.Value = (ulong)(key << 16 | code << 8);
        Count.Value = ReasonCommand | ReasonToHost;
        Fail((byte)(key << 4 | ErrorAbort));
    }

    // The answer stands in the buffer; the host gets as much of it as it has room for.
    private void Answer(int length, int room)
    {
        length = Math.Min(length, room);
        if (length == 0)
        {
            Good();
            return;
        }

        (_doing.Value, _answer.Value) = (Answering, (ulong)length);
        if (_byDma.IsSet)
            RequestDma();
        else
            RequestPart(0, length);
    }

    // By PIO, parts are as long as the host has said, and even but for the last.
    private void RequestPart(int start, int end)
    {
        int part = Math.Min(end - start, _limit.Int);
        if (part < end - start)
            part = Math.Max(part & ~1, 2);
        part = Math.Min(part, end - start);
        Count.Value = ReasonToHost;
        (Mid.Value, High.Value) = ((ulong)part & 0xFF, (ulong)part >> 8);
        RequestData(start, start + part, interrupt: true);
    }

    private void StartRead(long lba, long count, int sectorBytes)
    {
        if (lba + count > Total)
        {
            CheckCondition(SenseIllegalRequest, CodeOutOfRange);
            return;
        }

        if (count == 0)
        {
            Good();
            return;
        }

        (_doing.Value, _sectorBytes.Value) = (Reading, (ulong)sectorBytes);
        (_offset.Value, _left.Value) = ((ulong)(lba * sectorBytes), (ulong)(count * sectorBytes));
        if (_byDma.IsSet)
            RequestDma();
        else
            NextRead();
    }

    private void NextRead()
    {
        int part = (int)Math.Min(_left.Value, (ulong)Math.Max(_limit.Int & ~1, 2));
        try
        {
            ReadSectors((long)_offset.Value, Buffer.AsSpan(0, part));
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
            CheckCondition(SenseMediumError, CodeReadError);
            return;
        }

        _offset.Value += (ulong)part;
        _left.Value -= (ulong)part;
        RequestPart(0, part);
    }

    private bool AnswerByDma(BusMaster master)
    {
        int bytes = master.Prepare(_answer.Int, 1);
        return bytes != 0 && master.Copy(Buffer.AsSpan(0, bytes), toMemory: true);
    }

    private bool ReadByDma(BusMaster master)
    {
        while (_left.Value != 0)
        {
            bool isPlain = _sectorBytes.Value == Sector;
            int bytes = master.Prepare((long)(isPlain ? _left.Value : Math.Min(_left.Value, BufferLength)), 1);
            if (bytes == 0)
                return false;
            long offset = (long)_offset.Value;
            if (isPlain && offset + bytes <= Medium!.Length && master.TryMap(toMemory: true, out ReadOnlySpan<IoVector> pieces))
            {
                Medium.Read(offset, pieces);
                master.Written();
            }
            else
            {
                byte[] bounce = new byte[bytes];
                ReadSectors(offset, bounce);
                if (!master.Copy(bounce, toMemory: true))
                    return false;
            }

            _offset.Value += (ulong)bytes;
            _left.Value -= (ulong)bytes;
        }

        return true;
    }

    // Bytes of the sectors as they are read: user data alone, or with the header of a raw sector.
    private void ReadSectors(long offset, Span<byte> into)
    {
        if (Medium is not { } medium)
        {
            into.Clear();
            return;
        }

        if (_sectorBytes.Value == Sector)
        {
            int inside = (int)Math.Clamp(medium.Length - offset, 0, into.Length);
            medium.Read(offset, into[..inside]);
            into[inside..].Clear();
            return;
        }

        Span<byte> raw = stackalloc byte[RawSector];
        while (into.Length > 0)
        {
            (long lba, long within) = Math.DivRem(offset, RawSector);
            RawSectorOf(medium, lba, raw);
            int part = (int)Math.Min(into.Length, RawSector - within);
            raw.Slice((int)within, part).CopyTo(into);
            into = into[part..];
            offset += part;
        }
    }

    // Mode 1: synchronisation, address, user data; the error correction codes are left zero.
    private static void RawSectorOf(IBlockDevice medium, long lba, Span<byte> raw)
    {
        const int header = 16;
        raw.Clear();
        raw[1..11].Fill(0xFF);
        PutMsf(raw[12..], lba + 150, inBcd: true);
        raw[15] = 1;
        medium.Read(lba * Sector, raw.Slice(header, (int)Math.Min(Sector, medium.Length - lba * Sector)));
    }

    // Minute, second and frame of a sector.
    private static void PutMsf(Span<byte> at, long frame, bool inBcd = false)
    {
        (long minute, long second, long rest) = (frame / 75 / 60, frame / 75 % 60, frame % 75);
        (at[0], at[1], at[2]) = inBcd ? (Bcd(minute), Bcd(second), Bcd(rest)) : ((byte)minute, (byte)second, (byte)rest);

        static byte Bcd(long value) => (byte)(value / 10 << 4 | value % 10);
    }

    private void Identify(Span<byte> page)
    {
        PutWord(page, 0, 0x85C0); // CD-ROM, removable, packets of 12 bytes asked for at once
        PutText(page.Slice(20, 20), _serial);
        PutWord(page, 20, 3);
        PutWord(page, 21, 512);
        PutWord(page, 22, 4);
        PutText(page.Slice(46, 8), "2.5+");
        PutText(page.Slice(54, 40), _model);
        PutWord(page, 48, 1);
        PutWord(page, 49, 0x0B00);
        PutWord(page, 53, 7);
        PutWord(page, 62, 7);
        PutWord(page, 63, 7 | (_transferMode.Int >> 3 == 4 ? 0x100 << (_transferMode.Int & 7) : 0));
        PutWord(page, 64, 3);
        PutWord(page, 65, 180);
        PutWord(page, 66, 180);
        PutWord(page, 67, 300);
        PutWord(page, 68, 180);
        PutWord(page, 71, 30);
        PutWord(page, 72, 30);
        PutWord(page, 80, 0x1E);
        PutWord(page, 88, 0x3F | (_transferMode.Int >> 3 == 8 ? 0x100 << (_transferMode.Int & 7) : 0));
    }
}
