namespace Suite.PcBios.Services;

/// <summary>INT 14h and 17h: serial and parallel ports.</summary>
internal sealed class PortService(Bios bios)
{
    private const byte TimedOut = 0x80, PrinterTimedOut = 1, TransmitterEmpty = 0x20, DataReady = 1;

    /// <summary>Divisors of 115200 for INT 14h AH=00h's rates 110 to 9600.</summary>
    private static ReadOnlySpan<ushort> Divisors => [1047, 768, 384, 192, 96, 48, 24, 12];

    public void Serial(ServiceCall call)
    {
        int port = call.Dx < 4 ? bios.Memory.Word(BiosData.Com + (uint)call.Dx * 2) : 0;
        if (port == 0)
            return;
        switch (call.Ah)
        {
            case 0x00:
                SetLine(port, Divisors[call.Al >> 5], call.Al & 0x1F);
                call.Ax = SerialStatus(port);
                break;
            case 0x01:
                bios.Out(port + 4, 3); // DTR and RTS
                bool canSend = (bios.In(port + 5) & TransmitterEmpty) != 0;
                if (canSend)
                    bios.Out(port, call.Al);
                call.Ah = (byte)(bios.In(port + 5) & 0x7F | (canSend ? 0 : TimedOut));
                break;
            case 0x02:
                bios.Out(port + 4, 1);
                byte line = bios.In(port + 5);
                if ((line & DataReady) != 0)
                    call.Al = bios.In(port);
                call.Ah = (byte)((line & DataReady) != 0 ? line & 0x1E : TimedOut);
                break;
            case 0x03:
                call.Ax = SerialStatus(port);
                break;
        }
    }

    public void Printer(ServiceCall call)
    {
        int port = call.Dx < 3 ? bios.Memory.Word(BiosData.Lpt + (uint)call.Dx * 2) : 0;
        if (port == 0)
        {
            call.Ah = PrinterTimedOut;
            return;
        }

        switch (call.Ah)
        {
            case 0x00:
                bios.Out(port, call.Al);
                bios.Out(port + 2, 0x0D); // strobe
                bios.Out(port + 2, 0x0C);
                break;
            case 0x01:
                bios.Out(port + 2, 0x08); // initialize
                bios.Out(port + 2, 0x0C);
                break;
        }

        call.Ah = (byte)((bios.In(port + 1) ^ 0x48) & 0xF8);
    }

    private void SetLine(int port, ushort divisor, int format)
    {
        bios.Out(port + 3, 0x80 | format);
        bios.Out(port, divisor);
        bios.Out(port + 1, divisor >> 8);
        bios.Out(port + 3, format);
        bios.Out(port + 1, 0);
    }

    private ushort SerialStatus(int port) => (ushort)(bios.In(port + 5) << 8 | bios.In(port + 6));
}
