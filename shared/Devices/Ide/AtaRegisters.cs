namespace Suite.Devices.Ide;

// Bits and commands of ATA/ATAPI-7 (T13 1532D).
internal static class AtaRegisters
{
    public const byte StatusError = 0x01, StatusDataRequest = 0x08, StatusSeekDone = 0x10, StatusReady = 0x40, StatusBusy = 0x80;

    public const byte ErrorAbort = 0x04, ErrorNotFound = 0x10, ErrorUncorrectable = 0x40;

    public const byte DeviceSecond = 0x10, DeviceLba = 0x40, DeviceFixed = 0xA0;

    public const byte ControlNoInterrupt = 0x02, ControlReset = 0x04, ControlHighOrder = 0x80;

    public const byte DiagnosticPassed = 0x01;

    // Bits of the sector count of a packet command: command or data, to or from the host.
    public const byte ReasonCommand = 0x01, ReasonToHost = 0x02;
}
