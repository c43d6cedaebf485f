using Suite.PcBios;

namespace Suite.Tests.PcBios;

/// <summary>Boot sectors on KVM that call each service and say what they got.</summary>
public sealed class BootTests
{
    [BiosFact]
    public void A_floppy_boots_with_its_drive_number()
    {
        using BiosMachine m = new([Floppy("mov ax, dx \n call hex \n mov ax, cs \n call hex \n mov ax, sp \n call hex")]);
        Assert.Equal(0, m.Run());
        Assert.Equal("0000 0000 7C00 ", m.Said);
    }

    [BiosFact]
    public void Text_goes_to_the_screen_where_the_cursor_is()
    {
        using BiosMachine m = new([Floppy("""
            mov ax, 3
            int 10h
            mov ah, 2
            mov bh, 0
            mov dx, 0205h
            int 10h
            mov ax, 0E41h
            int 10h
            mov ax, 0E0Dh
            int 10h
            mov ax, 0E0Ah
            int 10h
            mov ax, 0942h
            mov bx, 0017h
            mov cx, 3
            int 10h
            mov ah, 3
            int 10h
            mov ax, dx
            call hex
            mov ah, 8
            int 10h
            call hex
            mov ah, 0Fh
            int 10h
            call hex
            """)]);
        Assert.Equal(0, m.Run());
        Assert.Equal("0300 1742 5003 ", m.Said);
        Assert.Equal("\n\n     A\nBBB", m.Screen);
    }

    [BiosFact]
    public void The_timer_ticks_and_calls_its_hook()
    {
        using BiosMachine m = new([Floppy("""
            xor ax, ax
            mov ds, ax
            mov word [1Ch*4], hook
            mov word [1Ch*4+2], 0
            sti
            mov ah, 0
            int 1Ah
            mov bx, dx
            add bx, 3
            .wait: hlt
            mov ah, 0
            int 1Ah
            cmp dx, bx
            jb .wait
            mov ax, [count]
            cmp ax, 3
            jae .good
            call hex
            .good: mov al, 'k'
            call say
            jmp done
            hook: inc word [cs:count]
            iret
            count: dw 0
            done:
            """)]);
        Assert.Equal(0, m.Run());
        Assert.Equal("k", m.Said);
    }

    [BiosFact]
    public void Keys_come_from_scan_codes()
    {
        using BiosMachine m = new([Floppy("""
            sti
            mov al, '?'
            call say
            mov ah, 0
            int 16h
            call hex
            mov al, '?'
            call say
            mov ah, 10h
            int 16h
            call hex
            mov ah, 1
            int 16h
            jz .none
            mov al, '!'
            call say
            .none:
            """)]);
        int asked = 0;
        m.Heard = c =>
        {
            if (c != '?')
                return;
            if (asked++ == 0)
                Press(m, (0x12, false, true), (0x1C, false, true), (0x1C, false, false), (0x12, false, false)); // shift a
            else
                Press(m, (0x75, true, true), (0x75, true, false)); // up
        };
        Assert.Equal(0, m.Run());
        Assert.Equal("?1E41 ?48E0 ", m.Said);
    }

    [BiosFact]
    public void A_hard_disk_is_read_by_sector_and_by_packet()
    {
        byte[] disk = Nasm.BootSector("""
            mov ax, 0201h
            mov bx, 1000h
            mov cx, 0002h
            mov dx, 0080h
            int 13h
            call hex
            mov ax, [1000h]
            call hex
            mov ah, 41h
            mov bx, 55AAh
            mov dl, 80h
            int 13h
            mov ax, bx
            call hex
            mov si, packet
            mov ah, 42h
            int 13h
            call hex
            mov ax, [1200h]
            call hex
            mov ah, 8
            int 13h
            mov ax, cx
            call hex
            mov ax, dx
            call hex
            mov si, packet
            mov dl, 80h
            mov dword [packet+8], 7FFFFFFFh
            mov ah, 42h
            int 13h
            call hex
            jmp done
            packet: db 16, 0
            dw 2
            dw 1000h, 0
            dq 5
            done:
            """, 64 << 20);
        (disk[512], disk[513], disk[6 * 512], disk[6 * 512 + 1]) = (0x34, 0x12, 0x78, 0x56);
        using BiosMachine m = new([new MemoryDisk(FirmwareDiskKind.HardDisk, disk)]);
        Assert.Equal(0, m.Run());
        // 130 cylinders of 16 heads and 63 sectors.
        Assert.Equal("0001 1234 AA55 0055 5678 813F 0F01 0401 ", m.Said);
    }

    [BiosFact]
    public void Option_roms_are_initialized_and_booted_from()
    {
        byte[] rom = Nasm.Assemble("""
            bits 16
            org 0
            db 55h, 0AAh, 1
            jmp init
            times 1Ah-($-$$) db 0
            dw pnp
            init: mov al, 'I'
            out 0E9h, al
            mov ax, es
            cmp ax, 0F000h
            jne .no
            cmp dword [es:di], '$PnP'
            jne .no
            mov al, 'p'
            out 0E9h, al
            .no: retf
            boot: mov al, 'V'
            out 0E9h, al
            mov al, 6
            out 0F4h, al
            hlt
            name: db 'Test ROM', 0
            align 16
            pnp: db '$PnP', 1, 2
            dw 0
            db 0, 0
            dd 0
            dw name, name
            db 2, 0, 0, 14h
            dw 0, 0, boot, 0, 0
            times 511-($-$$) db 0
            db 0
            """);
        byte sum = 0;
        foreach (byte b in rom)
            sum += b;
        rom[511] = (byte)-sum;
        using BiosMachine m = new([], roms: [rom]);
        Assert.Equal(6, m.Run());
        Assert.Equal("IpV", m.Said);
        Assert.Equal("Booting from Test ROM ...", m.Screen);
        rom[511]++;
        using BiosMachine bad = new([], roms: [rom]);
        Assert.Equal(-1, bad.Run(seconds: 1));
        Assert.Contains(bad.Log, line => line.Contains("checksum", StringComparison.Ordinal));
    }

    [BiosFact]
    public void A_hook_sees_scan_codes_first_and_may_change_or_swallow_them()
    {
        using BiosMachine m = new([Floppy("""
            xor ax, ax
            mov ds, ax
            mov eax, [15h*4]
            mov [old], eax
            mov word [15h*4], hook
            mov word [15h*4+2], 0
            sti
            mov al, '?'
            call say
            mov ah, 0
            int 16h
            call hex
            jmp done
            hook: cmp ah, 4Fh
            jne .pass
            cmp al, 1Eh
            jne .keep
            mov al, 30h
            .keep: cmp al, 20h
            je .swallow
            stc
            retf 2
            .swallow: clc
            retf 2
            .pass: jmp far [cs:old]
            old: dd 0
            done:
            """)]);
        m.Heard = c =>
        {
            if (c == '?')
                Press(m, (0x23, false, true), (0x1C, false, true)); // d is swallowed, a becomes b
        };
        Assert.Equal(0, m.Run());
        Assert.Equal("?3062 ", m.Said);
    }

    [BiosFact]
    public void A_boot_program_that_gives_up_is_followed_by_the_next()
    {
        byte[] second = Nasm.BootSector("mov al, '2' \n call say");
        using BiosMachine m = new([Floppy("mov al, '1' \n call say \n int 18h"), new MemoryDisk(FirmwareDiskKind.HardDisk, second)], new BootOrder { Order = "ac" });
        Assert.Equal(0, m.Run());
        Assert.Equal("12", m.Said);
    }

    [BiosFact]
    public void The_menu_takes_a_number()
    {
        using BiosMachine m = new(
            [Floppy("mov al, '1' \n call say"), new MemoryDisk(FirmwareDiskKind.HardDisk, Nasm.BootSector("mov al, '2' \n call say"))],
            new BootOrder { Order = "ac", Menu = true, MenuTimeout = 60_000 });
        using Timer press = new(_ => m.Machine.Post(() => Press(m, (0x1E, false, true))), null, 500, 500); // the key 2
        Assert.Equal(0, m.Run());
        Assert.Equal("2", m.Said);
    }

    [BiosFact]
    public void A_direct_start_has_its_segments_and_the_interrupt_services()
    {
        using BiosMachine m = new([]);
        m.Firmware.Direct = new Suite.PcBios.Boot.DirectStart(0x1020, 0, 0x1000, 0xE000);
        byte[] code = Nasm.Assemble("""
            bits 16
            mov al, 'D'
            out 0E9h, al
            mov ax, ss
            cmp ax, 1000h
            jne .no
            mov ax, ds
            cmp ax, 1000h
            jne .no
            cmp sp, 0E000h
            jne .no
            int 12h
            cmp ax, 639
            jne .no
            mov al, 'k'
            out 0E9h, al
            .no: out 0F4h, al
            hlt
            """);
        m.Prepare = () => code.CopyTo(m.Ram[0x10200..]);
        Assert.Equal('k', m.Run());
        Assert.Equal("Dk", m.Said);
    }

    private static void Press(BiosMachine m, params (byte Code, bool IsExtended, bool IsPressed)[] keys)
    {
        foreach ((byte code, bool isExtended, bool isPressed) in keys)
            m.Keyboard.Key(code, isExtended, isPressed);
    }

    private static MemoryDisk Floppy(string source) => new(FirmwareDiskKind.Floppy, Nasm.BootSector(source));
}
