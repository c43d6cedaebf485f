namespace Suite.Devices.Floppy;

// Moving sectors between medium and host, by DMA or byte by byte.
public sealed partial class FloppyController
{
    private byte Select => _bytes[1];

    private FloppyDrive Drive => _drives[Select & 1];

    private void BeginData(int kind)
    {
        _position.Value = 0;
        if (kind == KindVerify)
        {
            VerifyAll();
            return;
        }

        _phase.Value = kind == KindRead ? (ulong)DataToHost : DataFromHost;
        if (!_noDma.IsSet)
        {
            _waitsForDma.IsSet = true;
            RunDma();
            return;
        }

        if (kind == KindRead && !ReadSector())
            return;
        Raise();
    }

    // Runs until the count of the DMA controller has run out, or the track has.
    private void RunDma()
    {
        const int identifierBytes = 4;
        int unit = _kind.Int == KindFormat ? identifierBytes : Sector;
        while (_waitsForDma.IsSet)
        {
            if (_kind.Int == KindRead && _position.Int == 0 && !ReadSector())
                return;
            Span<byte> rest = _sector.AsSpan(_position.Int, unit - _position.Int);
            int moved = _dma.Transfer(DmaChannel, rest, toMemory: _kind.Int == KindRead, out bool ended);
            if (moved == 0)
                return; // the guest has not set the channel up yet
            _position.Value += (ulong)moved;
            if (ended && _kind.Int == KindWrite)
                _sector.AsSpan(_position.Int).Clear(); // what is missing of the last sector
            if (!ended && _position.Int < unit)
                continue;
            if (_kind.Int is KindWrite or KindFormat && !WriteSector())
                return;
            _position.Value = 0;
            bool more = NextSector();
            if (ended)
                Finish(Select, 0, 0, 0);
            else if (!more)
                Finish(Select, _kind.Int == KindFormat ? (byte)0 : Abnormal, _kind.Int == KindFormat ? (byte)0 : EndOfCylinder, 0);
        }
    }

    // A byte has passed the FIFO without DMA.
    private void Step()
    {
        const int identifierBytes = 4;
        int unit = _kind.Int == KindFormat ? identifierBytes : Sector;
        _position.Value++;
        Lower();
        if (_position.Int < unit)
            return;
        _position.Value = 0;
        if (_kind.Int is KindWrite or KindFormat && !WriteSector())
            return;
        if (!NextSector())
        {
            Finish(Select, _kind.Int == KindFormat ? (byte)0 : Abnormal, _kind.Int == KindFormat ? (byte)0 : EndOfCylinder, 0);
            return;
        }

        if (_kind.Int == KindRead && !ReadSector())
            return;
        Raise();
    }

    private void VerifyAll()
    {
        do
        {
            if (!ReadSector())
                return;
        }
        while (NextSector());
        Finish(Select, 0, 0, 0);
    }

    private bool ReadSector()
    {
        long offset = Drive.Find(_cylinder.Int, _head.Int, _sectorNumber.Int);
        if (offset < 0)
        {
            Finish(Select, Abnormal, NoData, 0);
            return false;
        }

        try
        {
            Drive.Medium!.Read(offset, _sector);
            return true;
        }
        catch (IOException e)
        {
            return MediumFailed(e);
        }
    }

    private bool WriteSector()
    {
        byte sector = _sectorNumber.Byte;
        if (_kind.Int == KindFormat)
        {
            sector = _sector[2]; // cylinder, head, sector, size as the host wants them
            _sector.AsSpan().Fill(_bytes[5]);
        }

        long offset = Drive.Find(_cylinder.Int, _head.Int, sector);
        if (offset < 0)
        {
            Finish(Select, Abnormal, NoData, 0);
            return false;
        }

        try
        {
            Drive.Medium!.Write(offset, _sector);
            return true;
        }
        catch (IOException e)
        {
            return MediumFailed(e);
        }
    }

    private bool MediumFailed(IOException e)
    {
        const byte dataError = 0x20;
        Failed?.Invoke(e);
        Finish(Select, Abnormal, dataError, dataError);
        return false;
    }

    // The sector behind this one, as the result bytes name it; false behind the last one of the track, or of both with MT.
    private bool NextSector()
    {
        if (_sectorNumber.Int < _endOfTrack.Int && _sectorNumber.Int < byte.MaxValue)
        {
            _sectorNumber.Value++;
            return true;
        }

        _sectorNumber.Value = 1;
        if (_multiTrack.IsSet && _head.Int == 0 && _kind.Int != KindFormat && Drive.Geometry.Heads == 2)
        {
            _head.Value = 1;
            return true;
        }

        if (_multiTrack.IsSet)
            _head.Value = 0;
        _cylinder.Value++;
        return false;
    }
}
