namespace Suite.PcBios.Rom;

/// <summary>
/// Builds the 64 KiB at F000:0000. Programs know some addresses by heart, so what IBM documented (Personal System/2 and PC BIOS Interface Technical
/// Reference, compatibility) lies where it always was; stubs and tables fill the room between.
/// </summary>
internal static class BiosRom
{
    /// <summary>Entry offsets that must not move.</summary>
    public const int PostEntry = 0xE05B, ConfigTable = 0xE6F5, DisketteTable = 0xEFC7, Font8 = 0xFA6E, DummyReturn = 0xFF53, ResetVector = 0xFFF0, DateText = 0xFFF5, ModelByte = 0xFFFE;

    /// <summary>Room for tables (ACPI root pointer, SMBIOS, MP, PIRQ), filled at power-on, and for the fonts.</summary>
    public const int TablesStart = 0x1000, TablesEnd = 0x8000, Font14 = 0x8000, Font16 = 0x9000, StubsStart = 0xA000, VideoData = 0xC000;

    /// <summary>AT compatible (INT 15h AH=C0h has it too).</summary>
    public const byte Model = 0xFC;

    public const string Date = "06/23/99";

    private const ushort EbdaSegment = (ushort)(MemoryMap.Ebda >> 4);

    /// <summary>Interrupts that are services in C#, with the offset that IBM's BIOS had them at; 0: anywhere.</summary>
    private static readonly (byte Vector, int Offset)[] Services =
    [
        (0x05, 0xFF54), (0x09, 0xE987), (0x0E, 0xEF57), (0x10, 0xF065), (0x11, 0xF84D), (0x12, 0xF841), (0x13, 0xE3FE), (0x14, 0xE739), (0x15, 0xF859), (0x16, 0xE82E),
        (0x17, 0xEFD2), (0x18, 0), (0x19, 0xE6F2), (0x1A, 0xFE6E), (0x40, 0xEC59), (0x70, 0), (0x74, 0), (0x76, 0),
    ];

    /// <summary>The image, and where each interrupt's handler lies in it.</summary>
    public static (byte[] Image, ushort[] Vectors, ushort Bios32, ushort Pci32) Build()
    {
        RomWriter rom = new() { Position = StubsStart };
        ushort[] vectors = new ushort[256];
        Common(rom);
        Irq0(rom);
        OtherIrqs(rom);
        Pci32Stub.Write(rom);
        // Those that programs of old find zero stay so: 60h-67h are theirs, 1Dh, 41h and 46h lead to tables that are not there.
        Array.Fill(vectors, (ushort)DummyReturn, 0, 0x78);
        foreach (int free in (ReadOnlySpan<int>)[0x1D, 0x41, 0x46, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67])
            vectors[free] = 0;
        vectors[0x08] = rom.Offset("irq0");
        for (int i = 0x0A; i <= 0x0F; i++)
            vectors[i] = rom.Offset("irq-first");
        for (int i = 0x70; i <= 0x77; i++)
            vectors[i] = rom.Offset("irq-second");
        vectors[0x75] = rom.Offset("irq13");
        foreach ((byte vector, int offset) in Services)
        {
            int next = rom.Position;
            if (offset != 0)
                rom.Position = offset;
            vectors[vector] = (ushort)rom.Position;
            rom.Label($"int{vector:x2}");
            // INT 19h has three bytes before the configuration table begins.
            if (vector == 0x19)
                rom.Near("boot", 0xE9);
            else
                rom.Put(0x6A, vector).Near("common", 0xE9); // push vector; jmp common
            if (offset != 0)
                rom.Position = next;
        }

        rom.Label("boot").Put(0x6A, 0x19).Near("common", 0xE9);
        vectors[0x1E] = DisketteTable;
        Post(rom);
        FixedData(rom);
        return (rom.Finish(), vectors, rom.Offset("bios32"), rom.Offset("pci32"));
    }

    // Saves everything, tells the service where the frame lies, and does what the service asks for.
    private static void Common(RomWriter rom)
    {
        rom.Label("common")
            .Put(0xFA, 0xFC) // cli; cld
            .Put(0x66, 0x60) // pushad
            .Put(0x1E, 0x06, 0x0F, 0xA0, 0x0F, 0xA8) // push ds; push es; push fs; push gs
            .Put(0x66, 0x6A, 0x00) // push dword 0
            .Put(0x66, 0x68).Dword(ServiceFrame.MagicValue) // push dword magic
            .Label("again")
            .Put(0x8C, 0xD0, 0x66, 0xC1, 0xE0, 0x10, 0x89, 0xE0) // mov ax, ss; shl eax, 16; mov ax, sp
            .Put(0xBA).Word(PcFirmware.ServicePort) // mov dx, port
            .Put(0x66, 0xEF) // out dx, eax
            .Put(0x89, 0xE5) // mov bp, sp
            .Put(0x8A, 0x46, ServiceFrame.Action) // mov al, [bp+action]
            .Put(0x3C, ServiceFrame.Wait).Short("done", 0x72).Short("wait", 0x74) // cmp al, 1; jb done; je wait
            .Put(0x3C, ServiceFrame.Poll).Short("call", 0x72) // cmp al, 4; jb call
            .Put(0xFB, 0x90, 0x90, 0xFA).Short("again", 0xEB) // sti; nop; nop; cli; jmp again
            .Label("wait")
            .Put(0xFB, 0xF4, 0xFA).Short("again", 0xEB) // sti; hlt; cli; jmp again
            .Label("done")
            .Put(0xF6, 0x46, ServiceFrame.Eoi, ServiceFrame.EoiFirst).Short("restore", 0x74) // test byte [bp+eoi], first; jz
            .Put(0xF6, 0x46, ServiceFrame.Eoi, ServiceFrame.EoiSecond, 0xB0, 0x20).Short("first", 0x74) // test ..., second; mov al, 20h; jz
            .Put(0xE6, 0xA0) // out A0h, al
            .Label("first").Put(0xE6, 0x20) // out 20h, al
            .Label("restore")
            .Put(0x66, 0x58, 0x66, 0x58) // pop eax; pop eax
            .Put(0x0F, 0xA9, 0x0F, 0xA1, 0x07, 0x1F) // pop gs; pop fs; pop es; pop ds
            .Put(0x66, 0x61) // popad
            .Put(0x83, 0xC4, 0x02) // add sp, 2
            .Put(0xCF) // iret
            .Label("call")
            .Put(0x3C, ServiceFrame.CallFar) // cmp al, 2
            .Put(0xB8).Word(EbdaSegment).Put(0x8E, 0xD8) // mov ax, ebda; mov ds, ax
            .Put(0xFF, 0x36).Word(ServiceFrame.BlockWords).Put(0xFF, 0x36).Word(ServiceFrame.BlockWords + 2) // push [..]
            .Put(0xFF, 0x36).Word(ServiceFrame.BlockWords + 4).Put(0xFF, 0x36).Word(ServiceFrame.BlockWords + 6)
            .Short("far", 0x74).Put(0xF9, 0x9C) // je far; stc; pushf
            .Label("far");
        Load(rom, 0x1E, ServiceFrame.BlockBx); // mov bx, [..]
        Load(rom, 0x0E, ServiceFrame.BlockCx);
        Load(rom, 0x16, ServiceFrame.BlockDx);
        Load(rom, 0x36, ServiceFrame.BlockSi);
        Load(rom, 0x3E, ServiceFrame.BlockDi);
        rom.Put(0x8E, 0x06).Word(ServiceFrame.BlockEs) // mov es, [..]
            .Put(0xA1).Word(ServiceFrame.BlockAx) // mov ax, [..]
            .Put(0xFF, 0x1E).Word(ServiceFrame.BlockTarget) // call far [..]
            .Put(0xFA, 0xFC, 0x9C, 0x5D, 0x83, 0xC4, 0x08) // cli; cld; pushf; pop bp; add sp, 8
            .Put(0x50, 0x55) // push ax; push bp
            .Put(0xB8).Word(EbdaSegment).Put(0x8E, 0xD8) // mov ax, ebda; mov ds, ax
            .Put(0x8F, 0x06).Word(ServiceFrame.BlockFlags) // pop [..]
            .Put(0x8F, 0x06).Word(ServiceFrame.BlockAx)
            .Put(0x89, 0x1E).Word(ServiceFrame.BlockBx) // mov [..], bx
            .Put(0x89, 0x3E).Word(ServiceFrame.BlockDi)
            .Put(0x8C, 0x06).Word(ServiceFrame.BlockEs) // mov [..], es
            .Near("again", 0xE9);
    }

    private static void Load(RomWriter rom, byte modRm, int address) => rom.Put(0x8B, modRm).Word(address);

    // The timer interrupt needs no service: it counts, calls the user's hook and ends the interrupt.
    private static void Irq0(RomWriter rom) => rom.Label("irq0")
        .Put(0x1E, 0x50, 0x31, 0xC0, 0x8E, 0xD8) // push ds; push ax; xor ax, ax; mov ds, ax
        .Put(0x66, 0xFF, 0x06, 0x6C, 0x04) // inc dword [46Ch]
        .Put(0x66, 0x81, 0x3E, 0x6C, 0x04).Dword(BiosData.TicksPerDay) // cmp dword [46Ch], ticks of a day
        .Short("same-day", 0x72) // jb
        .Put(0x66, 0xC7, 0x06, 0x6C, 0x04).Dword(0) // mov dword [46Ch], 0
        .Put(0xFE, 0x06, 0x70, 0x04) // inc byte [470h]
        .Label("same-day")
        .Put(0xCD, 0x1C) // int 1Ch
        .Put(0xFA, 0xB0, 0x20, 0xE6, 0x20) // cli; mov al, 20h; out 20h, al
        .Put(0x58, 0x1F, 0xCF); // pop ax; pop ds; iret

    // Interrupts that nobody has claimed are ended, unless they are spurious: then no bit is in service.
    private static void OtherIrqs(RomWriter rom)
    {
        rom.Label("irq-second").Put(0x50, 0xB0, 0x0B, 0xE6, 0xA0, 0xE4, 0xA0, 0x08, 0xC0) // push ax; mov al, 0Bh; out A0h, al; in al, A0h; or al, al
            .Short("second-spurious", 0x74).Put(0xB0, 0x20, 0xE6, 0xA0) // jz; mov al, 20h; out A0h, al
            .Label("second-spurious").Put(0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF); // mov al, 20h; out 20h, al; pop ax; iret
        rom.Label("irq-first").Put(0x50, 0xB0, 0x0B, 0xE6, 0x20, 0xE4, 0x20, 0x08, 0xC0)
            .Short("first-spurious", 0x74).Put(0xB0, 0x20, 0xE6, 0x20)
            .Label("first-spurious").Put(0x58, 0xCF);
        rom.Label("irq13").Put(0x50, 0x30, 0xC0, 0xE6, 0xF0, 0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58) // xor al, al; out F0h, al; mov al, 20h; out A0h, al; out 20h, al
            .Put(0xCD, 0x02, 0xCF); // int 2; iret
    }

    // Interrupt controllers and timer are set by code here, since an accelerator may have them out of the device library's reach.
    private static void Post(RomWriter rom)
    {
        rom.Position = PostEntry;
        rom.Near("post", 0xE9);
        rom.Position = ResetVector;
        rom.Put(0xEA).Word(PostEntry).Word(0xF000);
        rom.Position = PostCode;
        rom.Label("post").Put(0xFA, 0xFC, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0xBC).Word(BiosData.BootAddress); // cli; cld; xor ax, ax; ds, es, ss = ax; mov sp
        foreach ((byte port, byte value) in (ReadOnlySpan<(byte, byte)>)
            [
                (0x20, 0x11), (0xA0, 0x11), (0x21, 0x08), (0xA1, 0x70), (0x21, 0x04), (0xA1, 0x02), (0x21, 0x01), (0xA1, 0x01), (0x21, 0xB8), (0xA1, 0x8E),
                (0x43, 0x36), (0x40, 0x00), (0x40, 0x00), (0x43, 0x54), (0x41, 0x12),
            ])
            rom.Put(0xB0, value, 0xE6, port); // mov al, value; out port, al
        // ELCR: the links' interrupts and the SCI are level triggered.
        rom.Put(0xBA).Word(0x4D1).Put(0xB0, ElcrSecond, 0xEE) // mov dx, 4D1h; mov al, ...; out dx, al
            .Put(0x9C, 0x0E, 0x68).Word(PostEntry) // pushf; push cs; push entry
            .Put(0x6A, ServiceFrame.PostVector).Near("common", 0xE9);
    }

    /// <summary>The Plug and Play entry points.</summary>
    public const int DummyFarReturn = 0xFF60;

    /// <summary>Interrupts 9, 10 and 11.</summary>
    private const byte ElcrSecond = 0x0E;

    private const int PostCode = 0xA800;

    private static void FixedData(RomWriter rom)
    {
        rom.Position = DummyReturn;
        rom.Put(0xCF);
        rom.Position = DummyFarReturn;
        rom.Put(0xB8, 0x82, 0x00, 0xCB); // mov ax, function not supported; retf
        // INT 15h AH=C0h: length, model, submodel, revision, features: second PIC, RTC, keyboard intercept, EBDA.
        rom.Position = ConfigTable;
        rom.Word(8).Put(Model, 0, 0, 0x74, 0, 0, 0, 0);
        // Step rate, DMA, motor-off ticks, bytes/sector (512), sectors/track, gap, data length, format gap, fill, settle, start.
        rom.Position = DisketteTable;
        rom.Put(0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08);
        rom.Position = Font8;
        rom.Put(BiosFont.Make8()[..(128 * 8)]);
        rom.Position = Font14;
        rom.Put(BiosFont.Make14());
        rom.Position = Font16;
        rom.Put(BiosFont.Make16());
        rom.Position = DateText;
        rom.Ascii(Date);
        rom.Position = ModelByte;
        rom.Put(Model);
        // The upper half of the 8x8 font has no fixed place.
        rom.Position = Font8Upper;
        rom.Put(BiosFont.Make8()[(128 * 8)..]);
    }

    /// <summary>Glyphs 128-255 of 8x8, where INT 1Fh points.</summary>
    public const int Font8Upper = 0xB000;
}
