using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Timer;
using Suite.PcBios;

namespace Suite.Tests.PcBios;

/// <summary>The firmware without a processor: a frame is put on a stack as a stub does it, and the service is called through its port.</summary>
internal sealed unsafe class BiosBench : IGuestMemory, IDisposable
{
    public const int RamBytes = 4 << 20;
    private const uint Stack = 0x7000;
    private const int Es = 12, Ds = 14, Edi = 16, Esi = 20, Ebp = 24, Ebx = 32, Edx = 36, Ecx = 40, Eax = 44, Vector = 48, Ip = 50, Cs = 52, Flags = 54, Size = 56;

    private readonly byte* _ram = (byte*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(RamBytes);
    private readonly byte[] _frame = new byte[Size];
    private long _now;

    public BiosBench(IReadOnlyList<IFirmwareDisk>? disks = null, PcDescription? pc = null, BootOrder? boot = null, IReadOnlyList<byte[]>? roms = null)
    {
        VirtualClock clock = new(() => _now);
        Rtc rtc = new(clock, IrqLine.Unconnected(), new DateTime(2026, 11, 23, 12, 34, 56, DateTimeKind.Utc));
        Io.Attach(rtc, "rtc", 0x70, 2);
        FirmwareParts parts = new() { Io = Io, Mmio = Mmio, Memory = this, Clock = clock, Disks = disks ?? [], Boot = boot ?? new BootOrder(), OptionRoms = roms ?? [], Log = Log.Add };
        Firmware = new PcFirmware(pc ?? new PcDescription { RamBytes = RamBytes }, parts);
        Firmware.Reset();
        Firmware.PowerOn();
        Firmware.Rom.Span.CopyTo(Ram[0xF0000..]);
    }

    public Bus Io { get; } = new("io", 0x10000);

    public Bus Mmio { get; } = new("memory", 1UL << 40);

    public PcFirmware Firmware { get; }

    public List<string> Log { get; } = [];

    public Span<byte> Ram => new(_ram, RamBytes);

    public uint A { get => Get(Eax); set => Put(Eax, value); }

    public uint B { get => Get(Ebx); set => Put(Ebx, value); }

    public uint C { get => Get(Ecx); set => Put(Ecx, value); }

    public uint D { get => Get(Edx); set => Put(Edx, value); }

    public uint Si { set => Put(Esi, value); }

    public uint Di { set => Put(Edi, value); }

    public uint Bp { set => Put(Ebp, value); }

    public ushort DsSegment { set => BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(Ds), value); }

    public ushort EsSegment { get => BinaryPrimitives.ReadUInt16LittleEndian(_frame.AsSpan(Es)); set => BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(Es), value); }

    public bool Carry => (_frame[Flags] & 1) != 0;

    public bool Zero => (_frame[Flags] & 64) != 0;

    public (ushort Cs, ushort Ip) Return => (BinaryPrimitives.ReadUInt16LittleEndian(_frame.AsSpan(Cs)), BinaryPrimitives.ReadUInt16LittleEndian(_frame.AsSpan(Ip)));

    /// <summary>What the service asks of the stub: 0 return, 1 wait, 2 far call, 3 interrupt call, 4 poll.</summary>
    public byte Action => _frame[4];

    public byte Step { get => _frame[5]; set => _frame[5] = value; }

    /// <summary>Calls a service with the registers set so far. The carry flag is set before, so that success has to clear it.</summary>
    public BiosBench Call(byte vector, bool again = false)
    {
        if (!again)
            _frame[5] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(_frame, 0x4F49_4253);
        _frame[4] = 0;
        _frame[Vector] = vector;
        BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(Flags), 0x203);
        _frame.CopyTo(Ram[(int)Stack..]);
        Firmware.Write(0, 4, Stack);
        Ram.Slice((int)Stack, Size).CopyTo(_frame);
        return this;
    }

    /// <summary>ax, then a call.</summary>
    public BiosBench Int(byte vector, ushort ax)
    {
        A = ax;
        return Call(vector);
    }

    public void Advance(long nanoseconds) => _now += nanoseconds;

    public uint Dword(int at) => BinaryPrimitives.ReadUInt32LittleEndian(Ram[at..]);

    public ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(Ram[at..]);

    public bool TryRead(ulong address, Span<byte> into)
    {
        if (!Has(address, into.Length))
            return false;
        Ram.Slice((int)address, into.Length).CopyTo(into);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        if (!Has(address, from.Length))
            return false;
        from.CopyTo(Ram[(int)address..]);
        return true;
    }

    public bool TryMap(ulong address, int length, bool forWriting, out byte* pointer)
    {
        pointer = _ram + address;
        return Has(address, length);
    }

    public void Written(ulong address, int length)
    {
    }

    public void Dispose() => System.Runtime.InteropServices.NativeMemory.Free(_ram);

    private static bool Has(ulong address, int length) => address <= RamBytes && (ulong)length <= RamBytes - address;

    private uint Get(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(at));

    private void Put(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(at), value);
}
