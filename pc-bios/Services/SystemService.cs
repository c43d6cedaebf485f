using System.Buffers.Binary;
using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>INT 11h, 12h and 15h: equipment, memory sizes and map, A20, waiting, block move, power management, pointing device.</summary>
internal sealed class SystemService(Bios bios, MouseService mouse)
{
    private const byte Unsupported = 0x86, FunctionRefused = 0x86;
    private const uint MapSignature = 0x534D_4150; // "SMAP"
    private const int MapEntryBytes = 20, SystemControl = 0x92, A20Bit = 2, SixteenMib = 16 << 20, OneMib = 1 << 20;
    private const int WaitEnd = 0x60; // in the EBDA: when a wait is over, in nanoseconds
    private const int Pm1Control = PcDescription.PmBase + 4, SleepEnable = 1 << 13;

    public IReadOnlyList<MemoryRange> Map { get; set; } = [];

    public void Equipment(ServiceCall call) => call.Ax = bios.Memory.Word(BiosData.Equipment);

    public void MemorySize(ServiceCall call) => call.Ax = bios.Memory.Word(BiosData.MemoryKib);

    public void Handle(ServiceCall call)
    {
        switch (call.Ah)
        {
            case 0x24:
                A20(call);
                break;
            case 0x4F: // keyboard intercept: nobody has taken it
                call.Carry = true;
                break;
            case 0x53:
                PowerManagement(call);
                break;
            case 0x83:
            case 0x86:
                Wait(call);
                break;
            case 0x87:
                BlockMove(call);
                break;
            case 0x88:
                call.Ax = (ushort)Math.Min((Extended() - OneMib) >> 10, 0xFFFF);
                call.Carry = false;
                break;
            case 0x90 or 0x91 or 0x80 or 0x81 or 0x82 or 0x85: // device busy and ready, SysRq: hooks for operating systems
                call.Succeed();
                break;
            case 0xC0:
                (call.Es, call.Bx) = (0xF000, BiosRom.ConfigTable);
                call.Succeed();
                break;
            case 0xC1:
                call.Es = bios.Memory.Word(BiosData.EbdaSegment);
                call.Carry = false;
                break;
            case 0xC2:
                mouse.Handle(call);
                break;
            case 0xE8:
                Sizes(call);
                break;
            default:
                call.Fail(Unsupported);
                break;
        }
    }

    /// <summary>End of the RAM that begins at 1 MiB.</summary>
    private ulong Extended() => Map.Where(r => r.Start == OneMib && r.Kind == MemoryKind.Usable).Select(r => r.Start + r.Length).FirstOrDefault((ulong)OneMib);

    private void A20(ServiceCall call)
    {
        byte control = bios.In(SystemControl);
        switch (call.Al)
        {
            case 0 or 1:
                bios.Out(SystemControl, call.Al == 1 ? control | A20Bit : control & ~A20Bit);
                break;
            case 2:
                call.Al = (byte)((control & A20Bit) != 0 ? 1 : 0);
                break;
            case 3:
                call.Bx = 3; // by the keyboard controller, and by port 92h
                break;
            default:
                call.Fail(Unsupported);
                return;
        }

        call.Succeed();
    }

    private void Sizes(ServiceCall call)
    {
        switch (call.Al)
        {
            case 0x20 when call.Edx == MapSignature:
                MapEntry(call);
                break;
            case 0x01 or 0x81:
                ulong end = Extended();
                uint below = (uint)((Math.Min(end, SixteenMib) - OneMib) >> 10), above = (uint)(Math.Max(end, SixteenMib) - SixteenMib >> 16);
                if (call.Al == 0x01)
                    (call.Ax, call.Bx, call.Cx, call.Dx) = ((ushort)below, (ushort)above, (ushort)below, (ushort)above);
                else
                    (call.Eax, call.Ebx, call.Ecx, call.Edx) = (below, above, below, above);
                call.Carry = false;
                break;
            default:
                call.Fail(Unsupported);
                break;
        }
    }

    private void MapEntry(ServiceCall call)
    {
        uint index = call.Ebx;
        if (index >= (uint)Map.Count || call.Ecx < MapEntryBytes)
        {
            call.Fail(Unsupported);
            return;
        }

        Span<byte> entry = stackalloc byte[MapEntryBytes];
        MemoryRange range = Map[(int)index];
        BinaryPrimitives.WriteUInt64LittleEndian(entry, range.Start);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], range.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], (uint)range.Kind);
        bios.Memory.Write(call.EsAt(call.Di), entry);
        (call.Eax, call.Ecx, call.Ebx) = (MapSignature, MapEntryBytes, index + 1 < (uint)Map.Count ? index + 1 : 0);
        call.Carry = false;
    }

    // cx:dx microseconds. AH=83h sets bit 7 of a byte at es:bx when they are over; here they are over at once for it.
    private void Wait(ServiceCall call)
    {
        if (call.Ah == 0x83)
        {
            if (call.Al == 0)
                bios.Memory.SetByte(call.EsAt(call.Bx), bios.Memory.Byte(call.EsAt(call.Bx)) | 0x80);
            call.Succeed();
            return;
        }

        long now = bios.Parts.Clock.Now;
        Span<byte> end = stackalloc byte[8];
        if (call.Step == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(end, now + ((long)call.Cx << 16 | call.Dx) * 1000);
            bios.Memory.Write(MemoryMap.Ebda + WaitEnd, end);
            call.Step = 1;
        }

        bios.Memory.Read(MemoryMap.Ebda + WaitEnd, end);
        if (now < BinaryPrimitives.ReadInt64LittleEndian(end))
        {
            call.Action = ServiceFrame.Poll;
            return;
        }

        call.Succeed();
    }

    // es:si points to descriptors; those at 10h and 18h give source and target. Addresses are physical.
    private void BlockMove(ServiceCall call)
    {
        Span<byte> table = stackalloc byte[0x20];
        bios.Memory.Read(call.EsAt(call.Si), table);
        uint length = (uint)call.Cx * 2;
        ulong source = Base(table[0x10..]), target = Base(table[0x18..]);
        byte[] bytes = new byte[length];
        bool done = bios.Parts.Memory.TryRead(source, bytes) && bios.Parts.Memory.TryWrite(target, bytes);
        if (done)
            call.Succeed();
        else
            call.Fail(3);
    }

    private static ulong Base(ReadOnlySpan<byte> descriptor) => (uint)(descriptor[2] | descriptor[3] << 8 | descriptor[4] << 16 | descriptor[7] << 24);

    // APM 1.2 by its real-mode interface: enough to connect and to switch off (Advanced Power Management BIOS Interface Specification 1.2).
    private void PowerManagement(ServiceCall call)
    {
        switch (call.Al)
        {
            case 0x00:
                (call.Ah, call.Al, call.Bx, call.Cx) = (1, 2, 0x504D, 0); // version 1.2, "PM", real mode only
                call.Carry = false;
                break;
            case 0x01 or 0x04 or 0x05 or 0x08 or 0x0D or 0x0F: // connect, disconnect, idle, enable, engage
                call.Succeed();
                break;
            case 0x0E:
                call.Ax = Math.Min(call.Cx, (ushort)0x0102);
                call.Carry = false;
                break;
            case 0x07 when call.Bx == 1 && call.Cx == 3:
                PowerOff();
                call.Succeed();
                break;
            case 0x07:
                call.Succeed();
                break;
            case 0x0A: // on line, no battery
                (call.Bx, call.Cx, call.Dx) = (0x01FF, 0x80FF, 0xFFFF);
                call.Succeed();
                break;
            case 0x0B: // no event
                call.Fail(0x80);
                break;
            default:
                call.Fail(FunctionRefused);
                break;
        }
    }

    private void PowerOff()
    {
        if (!bios.Pc.IsMicrovm)
            bios.OutWord(Pm1Control, SleepEnable);
    }
}
