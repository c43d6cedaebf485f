using System.Diagnostics;

namespace Suite.Tests.PcBios;

/// <summary>Assembles a test's guest program.</summary>
internal static class Nasm
{
    /// <summary>Null when nasm is there; else why the test cannot run.</summary>
    public static string? Missing { get; } = Array.Exists(["/usr/bin/nasm", "/usr/local/bin/nasm"], File.Exists) ? null : "nasm is not installed (apt-get install nasm)";

    /// <summary>Flat binary of a source.</summary>
    public static byte[] Assemble(string source)
    {
        string folder = Directory.CreateTempSubdirectory("suite-nasm-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.asm"), source);
            using Process nasm = Process.Start(new ProcessStartInfo("nasm", ["-f", "bin", "-o", "a.bin", "a.asm"]) { WorkingDirectory = folder, RedirectStandardError = true })!;
            string errors = nasm.StandardError.ReadToEnd();
            nasm.WaitForExit();
            return nasm.ExitCode == 0 ? File.ReadAllBytes(Path.Combine(folder, "a.bin")) : throw new InvalidOperationException(errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A ROM at F0000h that enters flat 32-bit mode without paging, ds set, and goes on with the source.</summary>
    public static byte[] FlatRom(string source) => Assemble($"""
        bits 16
        org 0
            cli
            o32 lgdt [cs:gdt_at]
            mov eax, cr0
            or al, 1
            mov cr0, eax
            jmp dword 8:0F0000h + flat
        align 8
        gdt: dq 0, 00CF9B000000FFFFh, 00CF93000000FFFFh
        gdt_at: dw 23
            dd 0F0000h + gdt
        bits 32
        flat:
            mov ax, 10h
            mov ds, ax
        {source}
        """);

    /// <summary>A boot sector: the source is placed at 7C00h, with helpers say (al), hex (ax), bye; further sectors follow the signature.</summary>
    public static byte[] BootSector(string source, int totalBytes = 1474560)
    {
        byte[] code = Assemble($"""
            bits 16
            org 7C00h
            jmp start
            say: out 0E9h, al
                 ret
            hex: push cx
                 mov cx, 4
            .next: rol ax, 4
                 push ax
                 and al, 15
                 add al, '0'
                 cmp al, '9'
                 jbe .digit
                 add al, 7
            .digit: out 0E9h, al
                 pop ax
                 loop .next
                 mov ch, al
                 mov al, ' '
                 out 0E9h, al
                 mov al, ch
                 pop cx
                 ret
            bye: out 0F4h, al
                 hlt
                 jmp bye
            start:
            {source}
            mov al, 0
            jmp bye
            times 510-($-$$) db 0
            dw 0AA55h
            """);
        byte[] disk = new byte[totalBytes];
        code.CopyTo(disk, 0);
        return disk;
    }
}

/// <summary>A test that needs nasm; skipped with the reason where it is missing.</summary>
public sealed class NasmFactAttribute : FactAttribute
{
    public NasmFactAttribute() => Skip = Nasm.Missing;
}

/// <summary>A test that needs /dev/kvm and nasm; skipped with the reason where one is missing.</summary>
public sealed class BiosFactAttribute : Machines.KvmFactAttribute
{
    public BiosFactAttribute() => Skip ??= Nasm.Missing;
}
