using Suite.Devices.Core;

namespace Suite.Devices.Acpi;

// The SMBus host of PIIX4 (data sheet, section 7.3) with an empty bus: every transaction ends with "device error", as an address nobody acknowledges.
internal sealed class SmbusHost : IBusDevice
{
    private const int Status = 0, Control = 2, Command = 3, Address = 4, Data0 = 5, Data1 = 6;
    private const ulong DeviceError = 4, Start = 0x40;

    private readonly Register _status, _control, _command, _address, _data0, _data1;

    public SmbusHost(DeviceState state)
    {
        _status = state.Register("SMBHSTSTS", 5);
        _control = state.Register("SMBHSTCNT", 6);
        _command = state.Register("SMBHSTCMD", 8);
        _address = state.Register("SMBHSTADD", 8);
        _data0 = state.Register("SMBHSTDAT0", 8);
        _data1 = state.Register("SMBHSTDAT1", 8);
    }

    public ulong Read(ulong offset, int size) => RegisterAt(offset)?.Value ?? 0;

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == Status)
            _status.Set(value, false);
        else if (RegisterAt(offset) is { } register)
            register.Value = value;
        if (offset == Control && (value & Start) != 0)
            _status.Set(DeviceError, true);
    }

    private Register? RegisterAt(ulong offset) => (int)offset switch
    {
        Status => _status,
        Control => _control,
        Command => _command,
        Address => _address,
        Data0 => _data0,
        Data1 => _data1,
        _ => null,
    };
}
