using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>
/// The notes of a core file in the target's layout: struct elf_prstatus and elf_prpsinfo (linux/elfcore.h), siginfo, auxiliary vector, mapped
/// files, register sets. Offsets follow from the word size, checked against the three compilers' sys/procfs.h.
/// </summary>
internal sealed unsafe class CoreNotes
{
    private const uint NT_PRPSINFO = 3, NT_AUXV = 6, NT_SIGINFO = 0x53494749, NT_FILE = 0x46494C45;
    private const int RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, NameBytes = 16, ArgumentBytes = 80, LargestFileNote = 4 << 20;

    private readonly ElfTarget _target;
    private readonly int _word;
    private readonly MemoryStream _out = new();

    /// <summary>Makes the notes.</summary>
    /// <param name="t">The thread the signal struck.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="info">Its siginfo in host layout.</param>
    /// <param name="threads">All threads, that one first.</param>
    /// <param name="map">The mappings.</param>
    public CoreNotes(GuestThread t, int signal, ReadOnlySpan<byte> info, IReadOnlyList<CoreThread> threads, IReadOnlyList<Vma> map)
    {
        (_target, _word) = (t.Process.Target, t.Process.Target.WordSize);
        Note("CORE", Regset.NT_PRSTATUS, Status(threads[0], signal, info, isFirst: true));
        Note("CORE", NT_PRPSINFO, Summary(t.Process));
        Note("CORE", NT_SIGINFO, Siginfo(info));
        byte[] aux = new byte[Math.Clamp(t.Process.Identity.AuxLength, 0, 4096)];
        if (t.Memory.TryRead(t.Process.Identity.AuxAddress, aux))
            Note("CORE", NT_AUXV, aux);
        Note("CORE", NT_FILE, Files(map));
        OtherRegisters(threads[0]);
        foreach (CoreThread thread in threads.Skip(1))
        {
            Note("CORE", Regset.NT_PRSTATUS, Status(thread, signal, info, isFirst: false));
            OtherRegisters(thread);
        }
    }

    /// <summary>The segment's bytes.</summary>
    public byte[] Bytes => _out.ToArray();

    private void OtherRegisters(CoreThread thread)
    {
        foreach ((Regset set, byte[] data) in thread.Registers.Skip(1))
            Note(set.Owner, set.Type, data);
    }

    private byte[] Status(CoreThread thread, int signal, ReadOnlySpan<byte> info, bool isFirst)
    {
        const int SignalAt = 12, PendingAt = 16;
        byte[] general = thread.Registers[0].Data;
        int ids = PendingAt + 2 * _word, times = ids + 16, registers = times + 8 * _word, end = registers + general.Length;
        byte[] status = new byte[(end + 4 + _word - 1) & -_word];
        Put(status, 0, 4, (ulong)signal);
        Put(status, 4, 4, (uint)BitConverter.ToInt32(info[8..]));
        Put(status, 8, 4, (uint)BitConverter.ToInt32(info[4..]));
        Put(status, SignalAt, 2, (ulong)signal);
        Put(status, PendingAt + _word, _word, thread.SignalMask);
        PutIds(status, ids, thread.Tid);
        if (isFirst)
        {
            PutTimes(status, times, RUSAGE_SELF);
            PutTimes(status, times + 4 * _word, RUSAGE_CHILDREN);
        }

        general.CopyTo(status, registers);
        Put(status, end, 4, 1); // there are floating-point registers
        return status;
    }

    private byte[] Summary(GuestProcess process)
    {
        const int Running = 0, UserIds = 2;
        int idBytes = _word == 4 && !_target.BigEndian ? 2 : 4; // i386 has the ids of old
        int ids = UserIds * _word, pids = ids + 2 * idBytes, name = pids + 16, arguments = name + NameBytes;
        byte[] summary = new byte[arguments + ArgumentBytes];
        (summary[0], summary[1]) = (Running, (byte)'R');
        Put(summary, ids, idBytes, (ulong)Sys.Call(Nr.getuid));
        Put(summary, ids + idBytes, idBytes, (ulong)Sys.Call(Nr.getgid));
        PutIds(summary, pids, (int)Sys.Call(Nr.getpid));
        const int PR_GET_NAME = 16;
        fixed (byte* p = summary)
            Sys.Call(Nr.prctl, PR_GET_NAME, (long)(p + name));
        ulong length = Math.Min(process.Identity.ArgEnd - process.Identity.ArgStart, ArgumentBytes - 1);
        Span<byte> words = summary.AsSpan(arguments, (int)length);
        if (!process.Memory.TryRead(process.Identity.ArgStart, words))
            words.Clear();
        words.Replace((byte)0, (byte)' ');
        return summary;
    }

    private byte[] Siginfo(ReadOnlySpan<byte> info)
    {
        byte[] guest = new byte[SiginfoLayout.Size];
        if (_target.Is64)
            info.CopyTo(guest);
        else
            SiginfoLayout.ToGuest(_target.BigEndian ? GuestAbi.Ppc : GuestAbi.I386, info, guest);
        return guest;
    }

    // Count, page size, {start, end, offset in pages} for each, then the names.
    private byte[] Files(IReadOnlyList<Vma> map)
    {
        Vma[] files = [.. map.Where(v => v.Inode != 0 && v.Name.Length > 0)];
        MemoryStream note = new(), names = new();
        int count = 0;
        foreach (Vma vma in files)
        {
            byte[] name = GuestText.ToBytes(vma.Name);
            if (names.Length + name.Length > LargestFileNote)
                break;
            names.Write(name);
            names.WriteByte(0);
            count++;
        }

        Word(note, (ulong)count);
        Word(note, GuestMemory.PageSize);
        foreach (Vma vma in files.Take(count))
        {
            Word(note, vma.Start);
            Word(note, vma.End);
            Word(note, vma.Offset / GuestMemory.PageSize);
        }

        names.WriteTo(note);
        return note.ToArray();
    }

    private void Note(string owner, uint type, byte[] content)
    {
        Span<byte> header = stackalloc byte[12];
        GuestNumber.Write(header[..4], _target.BigEndian, (ulong)owner.Length + 1);
        GuestNumber.Write(header[4..8], _target.BigEndian, (ulong)content.Length);
        GuestNumber.Write(header[8..], _target.BigEndian, type);
        _out.Write(header);
        _out.Write(Encoding.ASCII.GetBytes(owner.PadRight((owner.Length + 4) & ~3, '\0')));
        _out.Write(content);
        while (_out.Length % 4 != 0)
            _out.WriteByte(0);
    }

    private void PutIds(byte[] to, int at, int pid)
    {
        Put(to, at, 4, (ulong)pid);
        Put(to, at + 4, 4, (ulong)Sys.Call(Nr.getppid));
        Put(to, at + 8, 4, (ulong)Sys.Call(Nr.getpgid, 0));
        Put(to, at + 12, 4, (ulong)Sys.Call(Nr.getsid, 0));
    }

    // User and system time, as seconds and microseconds.
    private void PutTimes(byte[] to, int at, int who)
    {
        ulong* usage = stackalloc ulong[18];
        if (Sys.Call(Nr.getrusage, who, (long)usage) != 0)
            return;
        for (int i = 0; i < 4; i++)
            Put(to, at + i * _word, _word, usage[i]);
    }

    private void Put(byte[] to, int at, int size, ulong value) => GuestNumber.Write(to.AsSpan(at, size), _target.BigEndian, value);

    private void Word(MemoryStream to, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[.._word];
        GuestNumber.Write(raw, _target.BigEndian, value);
        to.Write(raw);
    }
}
