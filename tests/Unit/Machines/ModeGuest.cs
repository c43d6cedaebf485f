using Suite.Tests.PcBios;

namespace Suite.Tests.Machines;

/// <summary>
/// A guest for snapshots, in 16-, 32- (without paging) or 64-bit mode: it counts timer interrupts at 1 kHz at 500h, fills registers after five, says S on its serial line, and waits for 600h
/// to change. Then it checks every register it has filled, waits for five more interrupts, and leaves the count at port F4h; F0h and up when a register was lost.
/// </summary>
internal static class ModeGuest
{
    /// <summary>The guest's code, for F000:0000.</summary>
    public static byte[] Assemble(int bits) => Nasm.Assemble($"%define MODE {bits}\n{Start}\n{bits switch { 16 => Real, 32 => Protected, _ => Long }}\n{Tail}");

    private const string Start = """
        bits 16
        org 0
        %macro expect 3         ; value, should be, code
            cmp %1, %2
            mov al, %3
            jne lost
        %endmacro
        ; vectors by their image, which kernels that emulate a guest's kernel mode can do: control words, ST0, XMM3
        %macro fill_vectors 0
            fxsave [0A00h]
            mov word [0A00h], 0C7Fh
            mov byte [0A04h], 80h
            mov word [0A02h], 3800h
            mov dword [0A20h], 0
            mov dword [0A24h], 0A0000000h
            mov word [0A28h], 4000h
            mov dword [0A18h], 3F80h
            mov dword [0A00h + 160 + 48], 13572468h
            mov dword [0A00h + 160 + 60], 24681357h
            fxrstor [0A00h]
        %endmacro
        %macro check_vectors 0
            fxsave [0C00h]
            expect word [0C00h], 0C7Fh, 0FAh
            expect byte [0C04h], 80h, 0FAh
            expect dword [0C24h], 0A0000000h, 0FBh
            expect word [0C28h], 4000h, 0FBh
            expect dword [0C18h], 3F80h, 0FCh
            expect dword [0C00h + 160 + 48], 13572468h, 0FDh
            expect dword [0C00h + 160 + 60], 24681357h, 0FDh
        %endmacro
            cli
            xor ax, ax
            mov ds, ax
            mov es, ax
            mov ss, ax
            mov sp, 7000h
            mov [500h], ax
            mov [600h], ax
            mov al, 11h
            out 20h, al
        %if MODE == 16
            mov al, 8
        %else
            mov al, 20h
        %endif
            out 21h, al
            mov al, 4
            out 21h, al
            mov al, 1
            out 21h, al
            mov al, 0FEh
            out 21h, al
            mov al, 34h
            out 43h, al
            mov al, 0A9h
            out 40h, al
            mov al, 4
            out 40h, al
        """;

    private const string Real = """
            mov eax, cr4
            or ah, 2                 ; OSFXSR
            mov cr4, eax
            mov word [20h], tick
            mov word [22h], 0F000h
            call five
            mov ax, 1234h
            mov fs, ax
            mov byte [fs:0], 77h
            mov ebx, 12345678h
            mov ebp, 9ABCDEF0h
            fill_vectors
            call say_and_wait
            check_vectors
            mov dx, fs
            expect dx, 1234h, 0F0h
            expect byte [fs:0], 77h, 0F1h
            expect ebx, 12345678h, 0F2h
            expect ebp, 9ABCDEF0h, 0F3h
            jmp finish
        """;

    private const string Protected = """
            mov eax, 200h            ; OSFXSR
            mov cr4, eax
            o32 lgdt [cs:gdt_at]
            o32 lidt [cs:idt_at]
            mov eax, 1
            mov cr0, eax
            jmp dword 8:0F0000h + flat
        bits 32
        flat:
            mov ax, 10h
            mov ds, ax
            mov es, ax
            mov ss, ax
            mov ax, 18h
            mov fs, ax
            mov esp, 7000h
            call five
            mov dword [fs:0], 0CAFE1234h
            mov ebx, 12345678h
            mov esi, 87654321h
            mov edi, 700h
            mov ebp, 9ABCDEF0h
            mov eax, 6600h
            mov dr1, eax
            fill_vectors
            call say_and_wait
            check_vectors
            expect dword [fs:0], 0CAFE1234h, 0F0h
            expect dword [8000h], 0CAFE1234h, 0F1h
            expect ebx, 12345678h, 0F2h
            expect ebp, 9ABCDEF0h, 0F3h
            expect esi, 87654321h, 0F5h
            mov byte [edi], 1
            expect byte [700h], 1, 0F4h
            mov edx, dr1
            expect edx, 6600h, 0F6h
            mov edx, cr4
            expect edx, 200h, 0F7h
            mov dx, fs
            expect dx, 18h, 0F8h
            jmp finish
        align 8
        gdt: dq 0, 00CF9B000000FFFFh, 00CF93000000FFFFh, 004093008000FFFFh
        gdt_at: dw 31
            dd 0F0000h + gdt
        align 8
        idt: times 32 dq 0
            dw tick, 8
            dw 8E00h, 0Fh
        idt_at: dw 33 * 8 - 1
            dd 0F0000h + idt
        """;

    private const string Long = """
            mov ax, 1000h            ; tables at 10000h: the first 2 MiB, and once more at 512 GiB
            mov es, ax
            xor di, di
            xor eax, eax
            mov cx, 3 * 1024
            rep stosd
            mov dword [es:0], 11003h
            mov dword [es:8], 11003h
            mov dword [es:1000h], 12003h
            mov dword [es:2000h], 83h
            mov eax, 10000h
            mov cr3, eax
            mov eax, 220h            ; PAE, OSFXSR
            mov cr4, eax
            mov ecx, 0C0000080h
            rdmsr
            or eax, 901h             ; NXE, LME, SCE
            wrmsr
            o32 lgdt [cs:gdt_at]
            o32 lidt [cs:idt_at]
            mov eax, 80000001h
            mov cr0, eax
            jmp dword 8:0F0000h + flat
        bits 64
        flat:
            mov ax, 10h
            mov ds, ax
            mov es, ax
            mov ss, ax
            mov esp, 7000h
            mov ecx, 0C0000100h      ; fs base
            mov edx, 80h
            mov eax, 8000h
            wrmsr
            mov ecx, 0C0000082h      ; LSTAR
            mov eax, 0F0000h + flat
            mov edx, 80h
            wrmsr
            call five
            mov rax, 0CAFE1234DEADBEEFh
            mov [fs:0], rax
            mov rbx, 123456789ABCDEF0h
            mov r8, rbx
            not r8
            mov r15, 0FEDCBA9876543210h
            mov rbp, 8000000700h
            mov eax, 6600h
            mov dr1, rax
            fill_vectors
            call say_and_wait
            check_vectors
            mov rcx, 0CAFE1234DEADBEEFh
            expect [fs:0], rcx, 0F0h
            expect [8000h], rcx, 0F1h
            mov rcx, 123456789ABCDEF0h
            expect rbx, rcx, 0F2h
            not rcx
            expect r8, rcx, 0F3h
            mov rcx, 0FEDCBA9876543210h
            expect r15, rcx, 0F5h
            mov byte [rbp], 1
            expect byte [700h], 1, 0F6h
            mov rdx, dr1
            expect rdx, 6600h, 0F7h
            mov ecx, 0C0000082h
            rdmsr
            expect edx, 80h, 0F8h
            mov ecx, 0C0000080h
            rdmsr
            mov edx, eax
            expect edx, 0D01h, 0F9h
            jmp finish
        align 8
        gdt: dq 0, 00209B0000000000h, 0000930000000000h
        gdt_at: dw 23
            dd 0F0000h + gdt
        align 8
        idt: times 64 dq 0
            dw tick, 8
            dw 8E00h, 0Fh
            dd 0, 0
        idt_at: dw 33 * 16 - 1
            dd 0F0000h + idt
        """;

    private const string Tail = """
        five:
            call pause
            cmp byte [500h], 5
            jb five
            ret
        say_and_wait:
            cli
            mov dx, 3F8h
            mov al, 'S'
            out dx, al
        .spin: cmp byte [600h], 0
            je .spin
            ret
        finish:
            call pause
            cmp byte [500h], 10
            jb finish
            mov al, [500h]
        lost:
            out 0F4h, al
            cli
            hlt
            jmp lost
        pause:
            sti
            hlt
            cli
            ret
        tick:
        %if MODE == 64
            push rax
        %else
            push eax
        %endif
        %if MODE == 16
            push ds
            xor ax, ax
            mov ds, ax
        %endif
            inc byte [500h]
            mov al, 20h
            out 20h, al
        %if MODE == 16
            pop ds
        %endif
        %if MODE == 64
            pop rax
            iretq
        %elif MODE == 32
            pop eax
            add esp, 12              ; from pause to who called it: kernels that emulate a guest's kernel mode have no iret here
            ret
        %else
            pop eax
            iret
        %endif
        """;
}
