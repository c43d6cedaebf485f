using System.Security;
using System.Text;

namespace Suite.Gdb;

// qXfer: objects read and written in parts; vFile: the target's files.
public sealed partial class GdbSession
{
    // object:read:annex:offset,length - or object:write:annex:offset:data
    private void Transfer(ref PacketCursor p)
    {
        string name = Encoding.ASCII.GetString(p.Until((byte)':'));
        ReadOnlySpan<byte> direction = p.Until((byte)':');
        string annex = Encoding.ASCII.GetString(p.Until((byte)':'));
        if (direction.SequenceEqual("read"u8))
            ReadObject(name, annex, ref p);
        else if (direction.SequenceEqual("write"u8) && name == "siginfo")
            WriteObject(name, ref p);
        else
            SendUnknown();
    }

    private void ReadObject(string name, string annex, ref PacketCursor p)
    {
        if (!p.TryInt(out int offset) || !p.TryTake(","u8) || !p.TryInt(out int length) || !p.IsAtEnd)
        {
            SendError(FileErrno.EINVAL);
            return;
        }

        byte[]? all = name switch
        {
            "features" => annex == "target.xml" ? Encoding.UTF8.GetBytes(target.Description.Xml) : null,
            "threads" => Encoding.UTF8.GetBytes(ThreadsXml()),
            _ => target.ReadObject(name, annex, _general),
        };
        if (all is null)
        {
            SendError(0);
            return;
        }

        int from = Math.Min(offset, all.Length);
        int count = Math.Min(Math.Min(length, PacketBytes / 2), all.Length - from);
        Send(Reply.Text(from + count < all.Length ? "m" : "l").Binary(all.AsSpan(from, count)));
    }

    private void WriteObject(string name, ref PacketCursor p)
    {
        if (p.TryInt(out int offset) && p.TryTake(":"u8) && target.WriteObject(name, offset, p.Rest, _general))
            Send(Reply.Number((ulong)p.Rest.Length));
        else
            SendError(FileErrno.EINVAL);
    }

    private string ThreadsXml()
    {
        StringBuilder text = new("<?xml version=\"1.0\"?>\n<threads>\n");
        foreach (GdbThreadId thread in target.Threads)
        {
            string id = _multiprocess ? $"p{thread.Process:x}.{thread.Thread:x}" : $"{thread.Thread:x}";
            string name = target.ThreadName(thread) is { } known ? $" name=\"{SecurityElement.Escape(known)}\"" : "";
            text.Append($"<thread id=\"{id}\"{name}/>\n");
        }

        return text.Append("</threads>\n").ToString();
    }

    private void HandleFile(ref PacketCursor p)
    {
        if (target.Files is not { } files)
        {
            SendUnknown();
            return;
        }

        if (p.TryTake("setfs:"u8))
            SendFile(0);
        else if (p.TryTake("open:"u8))
            OpenFile(files, ref p);
        else if (p.TryTake("close:"u8))
            SendFile(p.TryInt(out int descriptor) ? files.Close(descriptor) : -FileErrno.EINVAL);
        else if (p.TryTake("pread:"u8))
            ReadFile(files, ref p);
        else if (p.TryTake("pwrite:"u8))
            WriteFile(files, ref p);
        else if (p.TryTake("fstat:"u8))
            SendFileStatus(files, ref p);
        else if (p.TryTake("unlink:"u8))
            SendFile(p.HexText() is { } path ? files.Unlink(path) : -FileErrno.EINVAL);
        else if (p.TryTake("readlink:"u8))
            ReadLink(files, ref p);
        else
            SendUnknown();
    }

    private void OpenFile(IGdbFiles files, ref PacketCursor p)
    {
        PacketCursor path = new(p.Until((byte)','));
        if (path.HexText() is { } name && p.TryInt(out int flags) && p.TryTake(","u8) && p.TryInt(out int mode))
            SendFile(files.Open(name, flags, mode));
        else
            SendFile(-FileErrno.EINVAL);
    }

    private void ReadFile(IGdbFiles files, ref PacketCursor p)
    {
        if (!p.TryInt(out int descriptor) || !p.TryTake(","u8) || !p.TryInt(out int count) || !p.TryTake(","u8) || !p.TryHex(out ulong offset) || offset > long.MaxValue)
        {
            SendFile(-FileErrno.EINVAL);
            return;
        }

        byte[] data = new byte[Math.Min(count, PacketBytes / 2)];
        long got = files.Read(descriptor, (long)offset, data);
        SendFileData(got, data.AsSpan(0, (int)Math.Max(got, 0)));
    }

    private void WriteFile(IGdbFiles files, ref PacketCursor p)
    {
        if (p.TryInt(out int descriptor) && p.TryTake(","u8) && p.TryHex(out ulong offset) && offset <= long.MaxValue && p.TryTake(","u8))
            SendFile(files.Write(descriptor, (long)offset, p.Rest));
        else
            SendFile(-FileErrno.EINVAL);
    }

    private void SendFileStatus(IGdbFiles files, ref PacketCursor p)
    {
        byte[] stat = new byte[FileErrno.StatBytes];
        long result = p.TryInt(out int descriptor) ? files.Status(descriptor, stat) : -FileErrno.EINVAL;
        SendFileData(result < 0 ? result : stat.Length, stat);
    }

    private void ReadLink(IGdbFiles files, ref PacketCursor p)
    {
        byte[] link = [];
        long result = p.HexText() is { } path ? files.ReadLink(path, out link) : -FileErrno.EINVAL;
        SendFileData(result < 0 ? result : link.Length, link);
    }

    // F result, or F -1, errno
    private void SendFile(long result) => Send(result < 0 ? Reply.Text("F-1,").Number((ulong)-result) : Reply.Text("F").Number((ulong)result));

    // F result ; data - which must be there, even if it is empty, for the calls that have data
    private void SendFileData(long result, ReadOnlySpan<byte> data)
    {
        if (result < 0)
            SendFile(result);
        else
            Send(Reply.Text("F").Number((ulong)result).Text(";").Binary(data));
    }
}
