using Suite.Devices.Block;
using Suite.Devices.Core;
using static Suite.Devices.Ide.AtaRegisters;

namespace Suite.Devices.Ide;

/// <summary>What a disk says about itself.</summary>
/// <param name="Serial">At most 20 characters.</param>
/// <param name="Model">At most 40 characters.</param>
/// <param name="Wwn">World wide name; 0 for none.</param>
/// <param name="Cylinders">Of its default geometry; 0 to follow from the size.</param>
/// <param name="Heads">Of its default geometry.</param>
/// <param name="Sectors">Of its default geometry.</param>
public sealed record AtaDiskInfo(string Serial = "QM00001", string Model = "QEMU HARDDISK", ulong Wwn = 0, int Cylinders = 0, int Heads = 16, int Sectors = 63);

/// <summary>An ATA disk (ATA/ATAPI-7, T13 1532D): PIO, multiple sectors and bus-master DMA, addressed by CHS, LBA28 or LBA48.</summary>
public sealed partial class AtaDisk : IdeDrive
{
    private const int Sector = IBlockDevice.SectorSize, MostMultiple = 16, BufferSectors = BufferLength / Sector, MostCylinders = 16383;

    // What the running command does: nothing; sectors out of or into the buffer; one buffer of answer; sectors by DMA.
    private const int Idle = 0, Reading = 1, Writing = 2, Answering = 3, ReadingDma = 4, WritingDma = 5, Trimming = 6;

    private readonly IBlockDevice _medium;
    private readonly AtaDiskInfo _info;
    private readonly int _cylinders;
    private Register _doing = null!, _lba = null!, _left = null!, _filled = null!, _perBlock = null!, _multiple = null!, _heads = null!, _sectors = null!,
        _noCache = null!, _smart = null!, _transferMode = null!;

    /// <summary>A disk on a medium.</summary>
    public AtaDisk(IBlockDevice medium, AtaDiskInfo info)
    {
        (_medium, _info) = (medium, info);
        long cylinders = info.Cylinders != 0 ? info.Cylinders : medium.Length / Sector / (info.Heads * info.Sectors);
        _cylinders = (int)Math.Clamp(cylinders, 1, MostCylinders);
    }

    /// <summary>What it stores on.</summary>
    public IBlockDevice Medium => _medium;

    /// <summary>Its default geometry: cylinders, heads, sectors.</summary>
    public (int Cylinders, int Heads, int Sectors) Geometry => (_cylinders, _info.Heads, _info.Sectors);

    /// <summary>Called when a transfer fails: a host that is full, or an image that is damaged.</summary>
    public Action<IOException>? Failed { get; set; }

    /// <inheritdoc/>
    protected override bool IsToHost => _doing.Int is Reading or Answering;

    private long Total => _medium.Length / Sector;

    internal override void RunDma(BusMaster master)
    {
        bool toMemory = _doing.Int == ReadingDma;
        master.Begin();
        try
        {
            while (_left.Value != 0)
            {
                int bytes = master.Prepare((long)_left.Value * Sector, Sector);
                if (bytes == 0 || !Move(master, bytes, toMemory))
                {
                    master.Stop(failed: false);
                    FinishDma(failed: true);
                    return;
                }

                _lba.Value += (ulong)(bytes / Sector);
                _left.Value -= (ulong)(bytes / Sector);
            }

            if (!toMemory && _doing.Int == WritingDma && _noCache.IsSet)
                _medium.Flush();
        }
        catch (IOException e)
        {
            master.Stop(failed: false);
            MediumFailed(e);
            return;
        }

        master.Finish();
        if (_doing.Int == Trimming)
            TrimRanges();
        FinishDma(failed: false);
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state, string name)
    {
        _doing = state.Register($"{name} command kind", 3);
        _lba = state.Register($"{name} LBA", 48);
        _left = state.Register($"{name} sectors left", 17);
        _filled = state.Register($"{name} buffer filled", 17);
        _perBlock = state.Register($"{name} sectors per block", 8);
        _multiple = state.Register($"{name} multiple", 8);
        _heads = state.Register($"{name} heads", 8, reset: (ulong)_info.Heads);
        _sectors = state.Register($"{name} sectors", 8, reset: (ulong)_info.Sectors);
        _noCache = state.Register($"{name} write cache off", 1);
        _smart = state.Register($"{name} SMART on", 1, reset: 1);
        _transferMode = state.Register($"{name} transfer mode", 8, reset: 0x45);
    }

    /// <inheritdoc/>
    protected override void OnReset() => (_doing.Value, _multiple.Value, _heads.Value, _sectors.Value) = (Idle, MostMultiple, (ulong)_info.Heads, (ulong)_info.Sectors);

    /// <inheritdoc/>
    protected override void ShowSignature() => SetSignature(0, 0, StatusReady | StatusSeekDone);

    /// <inheritdoc/>
    protected override void OnBufferDone()
    {
        switch (_doing.Int)
        {
            case Reading:
                NextRead();
                break;
            case Writing:
                BlockWritten();
                break;
            default:
                _doing.Value = Idle;
                EndTransfer();
                break;
        }
    }

    // Finds the first sector and the number of them; false, and an error, when they do not exist.
    private bool Locate(bool isExtended)
    {
        ulong count = isExtended ? Count.Value : Count.Value & 0xFF;
        _left.Value = count != 0 ? count : isExtended ? 0x10000u : 0x100;
        return LocateStart(isExtended, (long)_left.Value);
    }

    private bool LocateStart(bool isExtended, long length)
    {
        ulong low = Low.Value & 0xFF, mid = Mid.Value & 0xFF, high = High.Value & 0xFF;
        long lba;
        if (isExtended)
            lba = (long)(low | mid << 8 | high << 16 | Low.Value >> 8 << 24 | Mid.Value >> 8 << 32 | High.Value >> 8 << 40);
        else if ((DeviceByte & DeviceLba) != 0)
            lba = (long)(low | mid << 8 | high << 16 | (ulong)(DeviceByte & 15) << 24);
        else if (low == 0 || low > _sectors.Value || (DeviceByte & 15) >= _heads.Int)
            lba = -1;
        else
            lba = (long)(((mid | high << 8) * _heads.Value + (ulong)(DeviceByte & 15)) * _sectors.Value + low - 1);
        if (lba >= 0 && lba + length <= Total)
        {
            _lba.Value = (ulong)lba;
            return true;
        }

        _doing.Value = Idle;
        Fail(ErrorNotFound);
        return false;
    }

    private void StartRead(bool isExtended, int perBlock)
    {
        if (perBlock == 0)
        {
            Fail(ErrorAbort);
            return;
        }

        if (!Locate(isExtended))
            return;
        (_doing.Value, _perBlock.Value, _filled.Value) = (Reading, (ulong)perBlock, 0);
        NextRead();
    }

    // The next block for the host; as many sectors as the buffer holds are read at once.
    private void NextRead()
    {
        int start = Position;
        if (start == _filled.Int)
        {
            if (_left.Value == 0)
            {
                _doing.Value = Idle;
                EndTransfer();
                return;
            }

            int sectors = (int)Math.Min(_left.Value, BufferSectors);
            try
            {
                _medium.Read((long)_lba.Value * Sector, Buffer.AsSpan(0, sectors * Sector));
            }
            catch (IOException e)
            {
                MediumFailed(e);
                return;
            }

            _lba.Value += (ulong)sectors;
            _left.Value -= (ulong)sectors;
            (start, _filled.Value) = (0, (ulong)(sectors * Sector));
        }

        RequestData(start, Math.Min(start + _perBlock.Int * Sector, _filled.Int), interrupt: true);
    }

    private void StartWrite(bool isExtended, int perBlock)
    {
        if (perBlock == 0 || _medium.IsReadOnly)
        {
            Fail(ErrorAbort);
            return;
        }

        if (!Locate(isExtended))
            return;
        (_doing.Value, _perBlock.Value) = (Writing, (ulong)perBlock);
        RequestBlock(interrupt: false);
    }

    private void RequestBlock(bool interrupt) => RequestData(0, (int)Math.Min(_left.Value, _perBlock.Value) * Sector, interrupt);

    private void BlockWritten()
    {
        int sectors = (int)Math.Min(_left.Value, _perBlock.Value);
        try
        {
            _medium.Write((long)_lba.Value * Sector, Buffer.AsSpan(0, sectors * Sector));
            _lba.Value += (ulong)sectors;
            _left.Value -= (ulong)sectors;
            if (_left.Value == 0 && _noCache.IsSet)
                _medium.Flush();
        }
        catch (IOException e)
        {
            MediumFailed(e);
            return;
        }

        if (_left.Value != 0)
        {
            RequestBlock(interrupt: true);
            return;
        }

        _doing.Value = Idle;
        Complete();
    }

    private void StartDma(bool isExtended, int kind)
    {
        if (kind == WritingDma && _medium.IsReadOnly)
        {
            Fail(ErrorAbort);
            return;
        }

        if (!Locate(isExtended))
            return;
        _doing.Value = (ulong)kind;
        RequestDma();
    }

    private bool Move(BusMaster master, int bytes, bool toMemory)
    {
        if (_doing.Int == Trimming)
            return master.Copy(Buffer.AsSpan((int)_lba.Value * Sector, bytes), toMemory: false);
        long offset = (long)_lba.Value * Sector;
        if (master.TryMap(toMemory, out ReadOnlySpan<IoVector> pieces))
        {
            if (toMemory)
                _medium.Read(offset, pieces);
            else
                _medium.Write(offset, pieces);
            if (toMemory)
                master.Written();
            return true;
        }

        byte[] bounce = new byte[bytes];
        if (toMemory)
        {
            _medium.Read(offset, bounce);
            return master.Copy(bounce, toMemory: true);
        }

        if (!master.Copy(bounce, toMemory: false))
            return false;
        _medium.Write(offset, bounce);
        return true;
    }

    private void FinishDma(bool failed)
    {
        _doing.Value = Idle;
        EndDma();
        if (failed)
            Fail(ErrorAbort);
        else
            Complete();
    }

    private void MediumFailed(IOException e)
    {
        Failed?.Invoke(e);
        _doing.Value = Idle;
        for (int i = 0; i < 3; i++)
            (i == 0 ? Low : i == 1 ? Mid : High).Value = (_lba.Value >> (8 * i)) & 0xFF;
        Fail(ErrorUncorrectable);
    }

    // DATA SET MANAGEMENT with TRIM: entries of a 48-bit LBA and a count of 16 bits.
    private void TrimRanges()
    {
        int bytes = (int)_lba.Value * Sector;
        try
        {
            for (int at = 0; at < bytes; at += sizeof(ulong))
            {
                ulong entry = BitConverter.ToUInt64(Buffer, at);
                long start = (long)(entry & 0xFFFFFFFFFFFF), count = (long)(entry >> 48);
                if (count != 0 && start + count <= Total)
                    _medium.Discard(start * Sector, count * Sector);
            }
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
        }
    }
}
