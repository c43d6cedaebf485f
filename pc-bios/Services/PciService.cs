namespace Suite.PcBios.Services;

/// <summary>INT 1Ah AH=B1h and the 32-bit PCI services (PCI BIOS Specification 2.1).</summary>
internal sealed class PciService(Bios bios)
{
    public const byte Function = 0xB1;

    private const byte Successful = 0, Unsupported = 0x81, BadVendor = 0x83, NotFound = 0x86, BadRegister = 0x87;
    private const int MostFunctions = 256, MultiFunction = 0x80;
    private const uint PciSignature = 0x2049_4350; // "PCI "

    private readonly uint[] _registers = new uint[6]; // of the 32-bit entry: eax ebx ecx esi edi edx as they came, then the results
    private int _next;

    /// <summary>The 32-bit entry begins to hand over registers.</summary>
    public void Begin() => _next = 0;

    /// <summary>A register of the 32-bit entry's caller; with the last one the call is made.</summary>
    public void Push(uint value)
    {
        if (_next >= _registers.Length)
            return;
        _registers[_next++] = value;
        if (_next < _registers.Length)
            return;
        PciCall call = new() { Eax = _registers[0], Ebx = _registers[1], Ecx = _registers[2], Esi = _registers[3], Edi = _registers[4], Edx = _registers[5] };
        Handle(ref call);
        (_registers[0], _registers[1], _registers[2], _registers[3], _registers[4]) = (call.Ebx, call.Ecx, call.Edx, call.Carry ? 1u : 0, call.Eax);
        _next = 0;
    }

    /// <summary>The next result for the 32-bit entry.</summary>
    public uint Pop()
    {
        uint value = _registers[_next % _registers.Length];
        _next = (_next + 1) % _registers.Length;
        return value;
    }

    public void Handle(ServiceCall call)
    {
        PciCall pci = new() { Eax = call.Eax, Ebx = call.Ebx, Ecx = call.Ecx, Edx = call.Edx, Esi = call.Esi, Edi = call.Edi };
        Handle(ref pci);
        (call.Eax, call.Ebx, call.Ecx, call.Edx, call.Carry) = (pci.Eax, pci.Ebx, pci.Ecx, pci.Edx, pci.Carry);
        if ((byte)pci.Eax == 1 && !pci.Carry)
            call.Edi = Bit32Entry;
    }

    /// <summary>Physical address of the 32-bit entry, for the presence check.</summary>
    public uint Bit32Entry { get; set; }

    private void Handle(ref PciCall call)
    {
        int register = (int)(call.Edi & 0xFFF), target = (int)(call.Ebx & 0xFFFF);
        byte status = Successful;
        switch ((byte)call.Eax)
        {
            case 0x01 when !bios.Pc.IsMicrovm: // present: mechanism 1, version 2.10, last bus 0
                call.Edx = PciSignature;
                call.Ebx = (call.Ebx & 0xFFFF_0000) | 0x0210;
                call.Ecx &= 0xFFFF_FF00;
                call.Eax = (call.Eax & 0xFFFF_0000) | 0x01;
                call.Carry = false;
                return;
            case 0x02:
                status = (ushort)call.Edx == 0xFFFF ? BadVendor : Find(ref call, 0, (call.Ecx & 0xFFFF) << 16 | (call.Edx & 0xFFFF), uint.MaxValue);
                break;
            case 0x03:
                status = Find(ref call, 8, call.Ecx << 8, 0xFFFF_FF00);
                break;
            case 0x08:
                call.Ecx = (call.Ecx & 0xFFFF_FF00) | bios.PciRead(target, register, 1);
                break;
            case 0x09 or 0x0A or 0x0C or 0x0D when register > 0xFF || (register & ((byte)call.Eax is 0x09 or 0x0C ? 1 : 3)) != 0:
                status = BadRegister;
                break;
            case 0x09:
                call.Ecx = (call.Ecx & 0xFFFF_0000) | bios.PciRead(target, register, 2);
                break;
            case 0x0A:
                call.Ecx = bios.PciRead(target, register, 4);
                break;
            case 0x0B:
                bios.PciWrite(target, register, 1, call.Ecx & 0xFF);
                break;
            case 0x0C:
                bios.PciWrite(target, register, 2, call.Ecx & 0xFFFF);
                break;
            case 0x0D:
                bios.PciWrite(target, register, 4, call.Ecx);
                break;
            default:
                status = Unsupported;
                break;
        }

        call.Eax = (call.Eax & 0xFFFF_00FF) | (uint)status << 8;
        call.Carry = status != Successful;
    }

    private byte Find(ref PciCall call, int register, uint wanted, uint mask)
    {
        int skip = (int)(call.Esi & 0xFFFF);
        for (int function = 0; function < MostFunctions; function++)
        {
            if ((function & 7) != 0 && (bios.PciRead(function & ~7, 0x0E, 1) & MultiFunction) == 0)
                continue;
            if (bios.PciRead(function, 0, 2) == 0xFFFF || (bios.PciRead(function, register, 4) & mask) != (wanted & mask) || skip-- > 0)
                continue;
            call.Ebx = (call.Ebx & 0xFFFF_0000) | (uint)function;
            return Successful;
        }

        return NotFound;
    }

    private struct PciCall
    {
        public uint Eax, Ebx, Ecx, Edx, Esi, Edi;
        public bool Carry;
    }
}
