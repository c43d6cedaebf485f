namespace Suite.Gdb;

// Registers, memory, points.
public sealed partial class GdbSession
{
    private void ReadAllRegisters()
    {
        byte[] all = new byte[target.Description.TotalBytes];
        if (target.ReadRegisters(_general, all))
            Send(Reply.HexBytes(all));
        else
            SendError(FileErrno.EINVAL);
    }

    private void WriteAllRegisters(ref PacketCursor p)
    {
        byte[]? all = Hex.Bytes(p.Rest);
        Answer(all is not null && all.Length == target.Description.TotalBytes && target.WriteRegisters(_general, all));
    }

    private void ReadRegister(ref PacketCursor p)
    {
        byte[] all = new byte[target.Description.TotalBytes];
        if (p.TryInt(out int number) && p.IsAtEnd && target.Description.TryPlace(number, out int offset, out int bytes) && target.ReadRegisters(_general, all))
            Send(Reply.HexBytes(all.AsSpan(offset, bytes)));
        else
            SendError(FileErrno.EINVAL);
    }

    private void WriteRegister(ref PacketCursor p)
    {
        byte[] all = new byte[target.Description.TotalBytes];
        if (!p.TryInt(out int number) || !p.TryTake("="u8) || Hex.Bytes(p.Rest) is not { } value || !target.Description.TryPlace(number, out int offset, out int bytes)
            || value.Length != bytes || !target.ReadRegisters(_general, all))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        value.CopyTo(all, offset);
        Answer(target.WriteRegisters(_general, all));
    }

    private void ReadMemory(ref PacketCursor p, bool binary)
    {
        if (!p.TryHex(out ulong address) || !p.TryTake(","u8) || !p.TryInt(out int length) || !p.IsAtEnd)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        byte[] data = new byte[Math.Min(length, (PacketBytes - 16) / 2)];
        int got = target.ReadMemory(_general.Process, address, data);
        if (got == 0 && length > 0)
            SendError(FileErrno.EFAULT);
        else if (binary)
            Send(Reply.Text("b").Binary(data.AsSpan(0, got)));
        else
            Send(Reply.HexBytes(data.AsSpan(0, got)));
    }

    private void WriteMemory(ref PacketCursor p, bool binary)
    {
        if (!p.TryHex(out ulong address) || !p.TryTake(","u8) || !p.TryInt(out int length) || !p.TryTake(":"u8))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        ReadOnlySpan<byte> data = binary ? p.Rest : Hex.Bytes(p.Rest);
        if (data.Length != length || (!binary && p.Rest.Length != 2 * length))
            SendError(FileErrno.EINVAL);
        else if (length == 0 || target.WriteMemory(_general.Process, address, data))
            SendOk();
        else
            SendError(FileErrno.EFAULT);
    }

    // Z and z: type,address,kind[;conditions]. Conditions are never asked for: gdb evaluates them.
    private void ChangePoint(ref PacketCursor p, bool insert)
    {
        if (!p.TryInt(out int type) || !p.TryTake(","u8) || !p.TryHex(out ulong address) || !p.TryTake(","u8) || !p.TryInt(out int length))
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        GdbPoint kind = (GdbPoint)type;
        if (type > (int)GdbPoint.Access || !target.Offers(kind))
            SendUnknown();
        else
            Answer(insert ? target.InsertPoint(_general.Process, kind, address, length) : target.RemovePoint(_general.Process, kind, address, length));
    }
}
