using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>
/// INT 15h AH=C2h and interrupt 12: the PS/2 mouse. Packets are collected in the EBDA and handed to the routine that a driver has named
/// (IBM Personal System/2 and PC BIOS Interface Technical Reference, INT 15h C2h).
/// </summary>
internal sealed class MouseService(Bios bios)
{
    private const int Data = 0x60, Command = 0x64;
    private const byte ToMouse = 0xD4, ReadCommandByte = 0x20, WriteCommandByte = 0x60, EnablePort = 0xA8, OutputFull = 1, FromMouse = 0x20, Acknowledge = 0xFA;
    private const byte EnableReporting = 0xF4, DisableReporting = 0xF5, ResetMouse = 0xFF, SetRate = 0xF3, SetResolution = 0xE8, ReadId = 0xF2, Status = 0xE9, Scale1 = 0xE6, Scale2 = 0xE7;
    private const byte InvalidFunction = 1, InvalidInput = 2, InterfaceError = 3, NoDriver = 5;

    // In the EBDA, where IBM has them: the driver's routine, flags (index, size of a packet), the packet.
    private const uint Routine = MemoryMap.Ebda + 0x22, Flags1 = MemoryMap.Ebda + 0x26, Flags2 = MemoryMap.Ebda + 0x27, Packet = MemoryMap.Ebda + 0x28;
    private const int QueueBytes = 64;
    private const byte IndexMask = 7, HasRoutine = 0x80;

    private static ReadOnlySpan<byte> Rates => [10, 20, 40, 60, 80, 100, 200];

    public void Handle(ServiceCall call)
    {
        byte status = call.Al switch
        {
            0 => Enable(call.Bh),
            1 => Reset(call),
            2 => call.Bh < Rates.Length ? Send(SetRate, Rates[call.Bh]) : InvalidInput,
            3 => call.Bh <= 3 ? Send(SetResolution, call.Bh) : InvalidInput,
            4 => Identify(call),
            5 => call.Bh is >= 1 and <= 8 ? Initialize(call) : InvalidInput,
            6 => Extended(call),
            7 => SetRoutine(call),
            _ => InvalidFunction,
        };
        call.Ah = status;
        call.Carry = status != 0;
    }

    /// <summary>Interrupt 12: one byte of a packet.</summary>
    public void Interrupt(ServiceCall call)
    {
        call.Eoi = ServiceFrame.EoiFirst | ServiceFrame.EoiSecond;
        if (call.Step != 0 || (bios.In(Command) & (OutputFull | FromMouse)) != (OutputFull | FromMouse))
            return;
        byte value = bios.In(Data);
        BiosMemory memory = bios.Memory;
        byte flags = memory.Byte(Flags2);
        if ((flags & HasRoutine) == 0)
            return;
        int index = memory.Byte(Flags1) & IndexMask, size = Math.Clamp((memory.Byte(Flags2) & IndexMask) + 1, 1, 8);
        memory.SetByte(Packet + (uint)index, value);
        if (index + 1 < size)
        {
            memory.SetByte(Flags1, index + 1);
            return;
        }

        memory.SetByte(Flags1, 0);
        bios.CallGuestWithWords(call, memory.Dword(Routine), memory.Byte(Packet), memory.Byte(Packet + 1), memory.Byte(Packet + 2), 0);
    }

    private byte Enable(byte how)
    {
        if (how > 1)
            return InvalidInput;
        if (how == 1 && (bios.Memory.Byte(Flags2) & HasRoutine) == 0)
            return NoDriver;
        // Interrupt 12 on (bit 1 of the command byte), the port's clock on (bit 5 clear).
        bios.Out(Command, ReadCommandByte);
        byte command = bios.In(Data);
        bios.Out(Command, WriteCommandByte);
        bios.Out(Data, how == 1 ? (command | 2) & ~0x20 : command & ~2);
        return Send(how == 1 ? EnableReporting : DisableReporting);
    }

    private byte Reset(ServiceCall call)
    {
        byte status = Send(ResetMouse);
        (call.Bl, call.Bh) = (ReadByte() ?? 0xAA, ReadByte() ?? 0);
        return status;
    }

    private byte Identify(ServiceCall call)
    {
        byte status = Send(ReadId);
        call.Bh = ReadByte() ?? 0;
        return status;
    }

    private byte Initialize(ServiceCall call)
    {
        bios.Memory.SetByte(Flags1, 0);
        bios.Memory.SetByte(Flags2, (bios.Memory.Byte(Flags2) & ~IndexMask) | (call.Bh - 1));
        return Reset(call);
    }

    private byte Extended(ServiceCall call)
    {
        if (call.Bh is 1 or 2)
            return Send(call.Bh == 1 ? Scale1 : Scale2);
        if (call.Bh != 0)
            return InvalidInput;
        byte status = Send(Status);
        (call.Bl, call.Cl, call.Dl) = (ReadByte() ?? 0, ReadByte() ?? 0, ReadByte() ?? 0);
        return status;
    }

    private byte SetRoutine(ServiceCall call)
    {
        bool has = (call.Es | call.Bx) != 0;
        bios.Memory.SetDword(Routine, (uint)call.Es << 16 | call.Bx);
        byte flags = bios.Memory.Byte(Flags2);
        bios.Memory.SetByte(Flags2, has ? flags | HasRoutine : flags & ~HasRoutine);
        return 0;
    }

    private byte Send(params ReadOnlySpan<byte> bytes)
    {
        if (!bios.Pc.HasI8042)
            return InterfaceError;
        bios.Out(Command, EnablePort);
        foreach (byte b in bytes)
        {
            for (int i = 0; i < QueueBytes && ReadByte() is not null; i++)
            {
            }

            bios.Out(Command, ToMouse);
            bios.Out(Data, b);
            if (ReadByte() != Acknowledge)
                return InterfaceError;
        }

        return 0;
    }

    private byte? ReadByte() => (bios.In(Command) & (OutputFull | FromMouse)) == (OutputFull | FromMouse) ? bios.In(Data) : null;
}
