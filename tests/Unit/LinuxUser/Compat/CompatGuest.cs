using System.Text;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>A 32-bit guest process that runs no code: its memory, and system calls made on its behalf by name.</summary>
internal sealed class CompatGuest : ILinuxAbi
{
    /// <summary>What this guest may not have; nothing of the test process is there.</summary>
    public const ulong HoleStart = 0x6800_0000, HoleEnd = 0x7000_0000;

    private const ulong AreaBytes = 1 << 20;

    private readonly GuestThread _thread;
    private readonly CompatPersonality _personality;
    private readonly DecoderTables _tables;
    private readonly Dictionary<string, int> _numbers = [];
    private ulong _next;

    private CompatGuest(bool ppc, ReencodeHost host)
    {
        ElfTarget target = ppc ? ElfTarget.Ppc : ElfTarget.I386;
        _personality = ppc ? CompatPersonality.Ppc() : CompatPersonality.I386();
        _tables = new DecoderTables(_personality.Abi);
        Memory = new GuestMemory(target.AddressLimit, _personality.Abi, (HoleStart, HoleEnd));
        Memory.Attach(host.Engine);
        SyscallRow?[] rows = _personality.Rows();
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] is { } row)
                _numbers.TryAdd(row.Name, i);
        GuestProcess process = new()
        {
            Engine = host.Engine,
            Memory = Memory,
            Abi = this,
            Target = target,
            Actions = new SignalActions(host.Engine.Stubs),
            Compat = _personality,
            Syscalls = _personality.BuildTable(),
            SyscallRows = _personality.Rows,
            Identity = new ProgramIdentity { Path = "/bin/true" },
            Respawn = new Respawn("test"u8.ToArray(), []),
            Loop = static _ => { },
        };
        _thread = new GuestThread(process, host.Binding);
        _next = (ulong)Memory.Map(0, AreaBytes, 3, 0x22, -1, 0);
        Assert.InRange(_next, 0x10000UL, target.AddressLimit - AreaBytes);
    }

    public GuestMemory Memory { get; }

    public GuestAbi GuestAbi => _personality.Abi;

    public string Machine => GuestAbi.BigEndian ? "ppc" : "i686";

    /// <summary>Runs the body with a guest on a thread that can take faults.</summary>
    public static void Run(bool ppc, Action<CompatGuest> body)
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            CompatGuest guest = new(ppc, host);
            try
            {
                body(guest);
            }
            finally
            {
                foreach (Vma vma in guest.Memory.Snapshot())
                    guest.Memory.Unmap(vma.Start, vma.End - vma.Start);
            }
        });
    }

    /// <summary>Makes a call with the guest's registers; the result is the value or -errno.</summary>
    public long Call(string name, params ReadOnlySpan<long> registers)
    {
        Span<ulong> r = stackalloc ulong[6];
        r.Clear();
        for (int i = 0; i < registers.Length; i++)
            r[i] = (uint)registers[i];
        return CompatCalls.Serve(_thread, new SysArgs(_numbers[name], r[0], r[1], r[2], r[3], r[4], r[5]));
    }

    /// <summary>Room in the guest's memory, aligned to 16 bytes and zero.</summary>
    public long Room(int bytes)
    {
        ulong at = _next;
        _next += (ulong)(bytes + 15 & ~15);
        return (long)at;
    }

    /// <summary>A string in the guest's memory.</summary>
    public long Text(string text)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(text), 0];
        long at = Room(bytes.Length);
        Assert.True(Memory.TryWrite((ulong)at, bytes));
        return at;
    }

    /// <summary>Integers of the guest's byte order, each of so many bytes.</summary>
    public long Numbers(int bytes, params ReadOnlySpan<long> values)
    {
        long at = Room(bytes * values.Length);
        Span<byte> raw = stackalloc byte[8];
        for (int i = 0; i < values.Length; i++)
        {
            GuestNumber.Write(raw[..bytes], GuestAbi.BigEndian, (ulong)values[i]);
            Assert.True(Memory.TryWrite((ulong)(at + i * bytes), raw[..bytes]));
        }

        return at;
    }

    /// <summary>Reads an integer of the guest.</summary>
    public ulong Number(long address, int bytes)
    {
        Span<byte> raw = stackalloc byte[bytes];
        Assert.True(Memory.TryRead((ulong)address, raw));
        return GuestNumber.Read(raw, GuestAbi.BigEndian, signed: false);
    }

    /// <summary>Reads a field of a struct by the names of our layouts.</summary>
    public ulong Field(long address, string layout, string field)
    {
        StructField found = _tables.Layout(layout)!.Fields.Last(f => f.Name == field);
        return Number(address + found.Offset, found.Bytes);
    }

    public string ReadText(long address, int bytes)
    {
        byte[] raw = new byte[bytes];
        Assert.True(Memory.TryRead((ulong)address, raw));
        return Encoding.UTF8.GetString(raw);
    }

    SysArgs ILinuxAbi.Arguments(GuestThread thread) => default;

    void ILinuxAbi.SetResult(GuestThread thread, long result)
    {
    }

    void ILinuxAbi.Rewind(GuestThread thread, long number)
    {
    }

    bool ILinuxAbi.PushFrame(GuestThread thread, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask) => false;

    bool ILinuxAbi.PopFrame(GuestThread thread, out ulong mask)
    {
        mask = 0;
        return false;
    }

    void ILinuxAbi.PrepareChild(GuestThread child, ulong stack, bool setTls, ulong tls)
    {
    }

    string ILinuxAbi.DescribeRegisters(GuestThread thread) => "";

    IReadOnlyList<Regset> ILinuxAbi.Regsets => [];
}
