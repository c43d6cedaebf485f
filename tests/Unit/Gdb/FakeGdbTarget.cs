using Suite.Gdb;

namespace Suite.Tests.Gdb;

/// <summary>Two threads, 64 KiB of memory, and a record of what was asked.</summary>
internal sealed class FakeGdbTarget : IGdbTarget, IGdbFiles
{
    public const int Process = 0x1234;

    public static readonly GdbThreadId First = new(Process, Process), Second = new(Process, 0x1235);

    public List<string> Log { get; } = [];

    public byte[] Memory { get; } = new byte[0x10000];

    public byte[] Registers { get; } = new byte[12];

    public GdbDescription Description { get; } = new("fake", null, [new GdbFeature("org.fake.core", "", [new GdbRegister("sp", 32, "data_ptr"), new GdbRegister("pc", 64, "code_ptr")])], 1, 0, isBigEndian: false);

    public List<GdbThreadId> Live { get; } = [First, Second];

    public IReadOnlyList<GdbThreadId> Threads => Live;

    public GdbEvents Events { get; set; }

    public IGdbFiles? Files => this;

    public string? ThreadName(GdbThreadId thread) => "a<b";

    public bool ReadRegisters(GdbThreadId thread, Span<byte> all)
    {
        Registers.CopyTo(all);
        return Live.Contains(thread);
    }

    public bool WriteRegisters(GdbThreadId thread, ReadOnlySpan<byte> all)
    {
        all.CopyTo(Registers);
        return Live.Contains(thread);
    }

    public int ReadMemory(int process, ulong address, Span<byte> into)
    {
        if (address >= (ulong)Memory.Length)
            return 0;
        int count = Math.Min(into.Length, Memory.Length - (int)address);
        Memory.AsSpan((int)address, count).CopyTo(into);
        return count;
    }

    public bool WriteMemory(int process, ulong address, ReadOnlySpan<byte> data)
    {
        if (address >= (ulong)Memory.Length || data.Length > Memory.Length - (int)address)
            return false;
        data.CopyTo(Memory.AsSpan((int)address));
        return true;
    }

    public bool Offers(GdbPoint kind) => kind != GdbPoint.Access;

    public bool InsertPoint(int process, GdbPoint kind, ulong address, int length)
    {
        Log.Add($"insert {kind} {address:x} {length}");
        return true;
    }

    public bool RemovePoint(int process, GdbPoint kind, ulong address, int length)
    {
        Log.Add($"remove {kind} {address:x} {length}");
        return true;
    }

    public void Resume(IReadOnlyList<GdbResume> actions) =>
        Log.Add(string.Join(' ', actions.Select(a => $"{a.Kind}:{a.Thread.Thread:x}" + (a.Signal == 0 ? "" : $"!{a.Signal}") + (a.End == 0 ? "" : $"[{a.Start:x},{a.End:x}]"))));

    public void Interrupt() => Log.Add("interrupt");

    public void Kill(int process)
    {
        Log.Add($"kill {process:x}");
        Live.Clear();
    }

    public bool MayDetach(int process) => false;

    public bool Detach(int process)
    {
        Log.Add($"detach {process:x}");
        Live.Clear();
        return true;
    }

    public byte[]? ReadObject(string name, string annex, GdbThreadId thread) => name == "auxv" ? [1, (byte)'#', 3] : null;

    public bool WriteObject(string name, int offset, ReadOnlySpan<byte> data, GdbThreadId thread) => offset == 0;

    public void SetPassedSignals(IReadOnlyList<int> signals) => Log.Add($"pass {string.Join(',', signals)}");

    public void SetCaughtCalls(IReadOnlyList<int>? numbers) => Log.Add(numbers is null ? "catch none" : $"catch {string.Join(',', numbers)}");

    public string Monitor(string command) => $"<{command}>";

    public long Open(string path, int flags, int mode) => path == "/a" ? 5 : -FileErrno.ENOENT;

    public long Close(int descriptor) => 0;

    public long Read(int descriptor, long offset, Span<byte> into)
    {
        ReadOnlySpan<byte> file = "x#y"u8;
        if (offset >= file.Length)
            return 0;
        file[(int)offset..].CopyTo(into);
        return file.Length - offset;
    }

    public long Write(int descriptor, long offset, ReadOnlySpan<byte> data) => data.Length;

    public long Status(int descriptor, Span<byte> stat) => descriptor == 5 ? 0 : -FileErrno.EBADF;

    public long Unlink(string path) => -FileErrno.EPERM;

    public long ReadLink(string path, out byte[] target)
    {
        target = "t"u8.ToArray();
        return 1;
    }
}
