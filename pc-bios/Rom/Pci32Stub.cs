namespace Suite.PcBios.Rom;

/// <summary>
/// 32-bit code for protected mode: the BIOS32 service directory and the PCI services it leads to (PCI BIOS Specification 2.1). Registers go
/// through the second service port one by one, since the caller's stack may lie behind paging.
/// </summary>
internal static class Pci32Stub
{
    private const uint PciService = 0x4943_5024; // "$PCI"

    public static void Write(RomWriter rom)
    {
        rom.Align(16).Label("bios32")
            .Put(0x9C, 0x3D).Dword(PciService).Short("no-service", 0x75) // pushfd; cmp eax, "$PCI"; jne
            .Put(0xBB).Dword(MemoryMap.RomStart).Put(0xB9).Dword(RomWriter.Size).Put(0xBA); // mov ebx, base; mov ecx, length; mov edx, offset
        int offset = rom.Position;
        rom.Dword(0).Put(0x30, 0xC0, 0x9D, 0xCB) // xor al, al; popfd; retf
            .Label("no-service").Put(0xB0, 0x80, 0x9D, 0xCB); // mov al, 80h; popfd; retf
        int entry = rom.Position;
        rom.Position = offset;
        rom.Dword((uint)entry);
        rom.Position = entry;
        rom.Label("pci32")
            .Put(0x9C, 0xFA, 0x52, 0xBA).Dword(PcFirmware.ServicePort + 4) // pushfd; cli; push edx; mov edx, port
            .Put(0xEE, 0xEF) // out dx, al (begins); out dx, eax
            .Put(0x93, 0xEF, 0x93, 0x91, 0xEF, 0x91, 0x96, 0xEF, 0x96, 0x97, 0xEF, 0x97) // ebx, ecx, esi, edi by xchg with eax; out dx, eax
            .Put(0x50, 0x8B, 0x44, 0x24, 0x04, 0xEF, 0x58) // push eax; mov eax, [esp+4]; out dx, eax (edx); pop eax
            .Put(0xED, 0x93, 0xED, 0x91) // in eax, dx; xchg eax, ebx; in eax, dx; xchg eax, ecx
            .Put(0xED, 0x89, 0x04, 0x24) // in eax, dx; mov [esp], eax (edx)
            .Put(0xED, 0x83, 0x64, 0x24, 0x04, 0xFE, 0x09, 0x44, 0x24, 0x04) // in eax, dx; and dword [esp+4], ~1; or [esp+4], eax (carry)
            .Put(0xED, 0x5A, 0x9D, 0xCB); // in eax, dx; pop edx; popfd; retf
    }
}
