using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>INT 1Ah AH=00h-07h and interrupt 8 of the clock: ticks, date and time of the CMOS clock.</summary>
internal sealed class TimeService(Bios bios)
{
    private const int Seconds = 0, SecondsAlarm = 1, Minutes = 2, MinutesAlarm = 3, Hours = 4, HoursAlarm = 5, Day = 7, Month = 8, Year = 9, StatusB = 0x0B, StatusC = 0x0C, Century = 0x32;
    private const byte Hold = 0x80, AlarmEnable = 0x20, Daylight = 1, AlarmFlag = 0x20, UserAlarmVector = 0x4A;

    public void Handle(ServiceCall call)
    {
        BiosMemory memory = bios.Memory;
        call.Carry = false;
        switch (call.Ah)
        {
            case 0x00:
                uint ticks = memory.Dword(BiosData.Ticks);
                (call.Cx, call.Dx, call.Al) = ((ushort)(ticks >> 16), (ushort)ticks, memory.Byte(BiosData.Midnight));
                memory.SetByte(BiosData.Midnight, 0);
                break;
            case 0x01:
                memory.SetDword(BiosData.Ticks, (uint)call.Cx << 16 | call.Dx);
                memory.SetByte(BiosData.Midnight, 0);
                break;
            case 0x02:
                (call.Ch, call.Cl, call.Dh, call.Dl) = (bios.Cmos(Hours), bios.Cmos(Minutes), bios.Cmos(Seconds), (byte)(bios.Cmos(StatusB) & Daylight));
                break;
            case 0x03:
                bios.SetCmos(StatusB, bios.Cmos(StatusB) | Hold);
                bios.SetCmos(Hours, call.Ch);
                bios.SetCmos(Minutes, call.Cl);
                bios.SetCmos(Seconds, call.Dh);
                bios.SetCmos(StatusB, (bios.Cmos(StatusB) & ~(Hold | Daylight)) | (call.Dl & Daylight));
                break;
            case 0x04:
                (call.Ch, call.Cl, call.Dh, call.Dl) = (bios.Cmos(Century), bios.Cmos(Year), bios.Cmos(Month), bios.Cmos(Day));
                break;
            case 0x05:
                bios.SetCmos(StatusB, bios.Cmos(StatusB) | Hold);
                bios.SetCmos(Century, call.Ch);
                bios.SetCmos(Year, call.Cl);
                bios.SetCmos(Month, call.Dh);
                bios.SetCmos(Day, call.Dl);
                bios.SetCmos(StatusB, bios.Cmos(StatusB) & ~Hold);
                break;
            case 0x06:
                if ((bios.Cmos(StatusB) & AlarmEnable) != 0)
                {
                    call.Carry = true;
                    break;
                }

                bios.SetCmos(HoursAlarm, call.Ch);
                bios.SetCmos(MinutesAlarm, call.Cl);
                bios.SetCmos(SecondsAlarm, call.Dh);
                bios.SetCmos(StatusB, bios.Cmos(StatusB) | AlarmEnable);
                break;
            case 0x07:
                bios.SetCmos(StatusB, bios.Cmos(StatusB) & ~AlarmEnable);
                break;
            default:
                call.Carry = true;
                break;
        }
    }

    /// <summary>Interrupt 8: reading what it was for lets the next one come; an alarm is passed on.</summary>
    public void Interrupt(ServiceCall call)
    {
        call.Eoi = ServiceFrame.EoiFirst | ServiceFrame.EoiSecond;
        if (call.Step == 0 && (bios.Cmos(StatusC) & bios.Cmos(StatusB) & AlarmFlag) != 0)
            bios.CallGuest(call, bios.Vector(UserAlarmVector), isInterrupt: true, step: 1);
    }

    /// <summary>Ticks since midnight by the CMOS clock.</summary>
    public uint TicksNow()
    {
        uint seconds = (uint)((FromBcd(bios.Cmos(Hours)) * 60 + FromBcd(bios.Cmos(Minutes))) * 60 + FromBcd(bios.Cmos(Seconds)));
        return (uint)((ulong)seconds * BiosData.TicksPerDay / 86400);
    }

    private static int FromBcd(byte value) => (value >> 4) * 10 + (value & 15);
}
