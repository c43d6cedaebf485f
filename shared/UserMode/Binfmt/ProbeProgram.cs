using System.Buffers.Binary;
using Suite.LinuxUser.Loader;

namespace Suite.UserMode.Binfmt;

/// <summary>
/// A guest program of some eighty bytes for each target, that says what it was started as: it writes argv[0] with its NUL, then its effective user id
/// (four bytes in the target's order), and ends with <see cref="ExitStatus"/>. It needs no file but itself.
/// </summary>
public static class ProbeProgram
{
    /// <summary>How it ends.</summary>
    public const int ExitStatus = 42;

    /// <summary>The file.</summary>
    public static byte[] Build(ElfTarget target)
    {
        ReadOnlySpan<byte> code = target.Is64 ? X64 : target.BigEndian ? Ppc : I386;
        const uint Base = 0x10000000;
        int headers = target.Is64 ? 64 + 56 : 52 + 32;
        byte[] file = new byte[headers + code.Length];
        Writer w = new(file, target.Is64, target.BigEndian);
        w.Bytes("\u007fELF"u8);
        w.Bytes([(byte)(target.Is64 ? 2 : 1), (byte)(target.BigEndian ? 2 : 1), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        w.Half(2); // ET_EXEC
        w.Half(target.Machine);
        w.Word(1);
        w.Address(Base + (uint)headers); // entry
        w.Address(target.Is64 ? 64u : 52u); // program headers
        w.Address(0); // no section headers
        w.Word(0);
        w.Half(target.Is64 ? 64 : 52);
        w.Half(target.Is64 ? 56 : 32);
        w.Half(1);
        w.Half(0);
        w.Half(0);
        w.Half(0);
        const uint Load = 1, ReadExecute = 5;
        w.Word(Load);
        if (target.Is64)
            w.Word(ReadExecute);
        w.Address(0);
        w.Address(Base);
        w.Address(Base);
        w.Address((uint)file.Length);
        w.Address((uint)file.Length);
        if (!target.Is64)
            w.Word(ReadExecute);
        w.Address(0x1000);
        w.Bytes(code);
        return file;
    }

    private static ReadOnlySpan<byte> X64 =>
    [
        0x48, 0x8b, 0x74, 0x24, 0x08, // mov rsi, [rsp+8]         argv[0]
        0x31, 0xd2,                   // xor edx, edx
        0x80, 0x3c, 0x16, 0x00,       // cmp byte [rsi+rdx], 0
        0x8d, 0x52, 0x01,             // lea edx, [rdx+1]
        0x75, 0xf7,                   // jne back to cmp
        0x6a, 0x01, 0x5f,             // push 1; pop rdi          standard output
        0x89, 0xf8, 0x0f, 0x05,       // mov eax, edi; syscall    write
        0x6a, 0x6b, 0x58, 0x0f, 0x05, // push 107; pop rax; syscall  geteuid
        0x50, 0x54, 0x5e,             // push rax; push rsp; pop rsi
        0x6a, 0x04, 0x5a,             // push 4; pop rdx
        0x6a, 0x01, 0x5f,             // push 1; pop rdi
        0x89, 0xf8, 0x0f, 0x05,       // mov eax, edi; syscall    write
        0x6a, 0x2a, 0x5f,             // push 42; pop rdi
        0xb8, 0xe7, 0, 0, 0,          // mov eax, 231             exit_group
        0x0f, 0x05,                   // syscall
    ];

    private static ReadOnlySpan<byte> I386 =>
    [
        0x8b, 0x4c, 0x24, 0x04,       // mov ecx, [esp+4]         argv[0]
        0x31, 0xd2,                   // xor edx, edx
        0x80, 0x3c, 0x11, 0x00,       // cmp byte [ecx+edx], 0
        0x8d, 0x52, 0x01,             // lea edx, [edx+1]
        0x75, 0xf7,                   // jne back to cmp
        0x6a, 0x01, 0x5b,             // push 1; pop ebx          standard output
        0x6a, 0x04, 0x58, 0xcd, 0x80, // push 4; pop eax; int 0x80   write
        0xb8, 0xc9, 0, 0, 0,          // mov eax, 201
        0xcd, 0x80,                   // int 0x80                 geteuid32
        0x50, 0x89, 0xe1,             // push eax; mov ecx, esp
        0x6a, 0x04, 0x5a, 0x89, 0xd0, // push 4; pop edx; mov eax, edx
        0xcd, 0x80,                   // int 0x80                 write
        0x6a, 0x2a, 0x5b,             // push 42; pop ebx
        0xb8, 0xfc, 0, 0, 0,          // mov eax, 252             exit_group
        0xcd, 0x80,                   // int 0x80
    ];

    private static ReadOnlySpan<byte> Ppc =>
    [
        0x80, 0x81, 0x00, 0x04, // lwz r4,4(r1)      argv[0]
        0x38, 0xa0, 0x00, 0x00, // li r5,0
        0x7c, 0xc4, 0x28, 0xae, // lbzx r6,r4,r5
        0x38, 0xa5, 0x00, 0x01, // addi r5,r5,1
        0x2c, 0x06, 0x00, 0x00, // cmpwi r6,0
        0x40, 0x82, 0xff, 0xf4, // bne back to lbzx
        0x38, 0x60, 0x00, 0x01, // li r3,1           standard output
        0x38, 0x00, 0x00, 0x04, // li r0,4           write
        0x44, 0x00, 0x00, 0x02, // sc
        0x38, 0x00, 0x00, 0x31, // li r0,49          geteuid
        0x44, 0x00, 0x00, 0x02, // sc
        0x90, 0x61, 0xff, 0xf0, // stw r3,-16(r1)
        0x38, 0x81, 0xff, 0xf0, // addi r4,r1,-16
        0x38, 0xa0, 0x00, 0x04, // li r5,4
        0x38, 0x60, 0x00, 0x01, // li r3,1
        0x38, 0x00, 0x00, 0x04, // li r0,4           write
        0x44, 0x00, 0x00, 0x02, // sc
        0x38, 0x60, 0x00, 0x2a, // li r3,42
        0x38, 0x00, 0x00, 0xea, // li r0,234         exit_group
        0x44, 0x00, 0x00, 0x02, // sc
    ];

    private ref struct Writer(Span<byte> file, bool is64, bool bigEndian)
    {
        private readonly Span<byte> _file = file;
        private int _at;

        public void Bytes(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_file[_at..]);
            _at += bytes.Length;
        }

        public void Half(int value)
        {
            Span<byte> bytes = stackalloc byte[2];
            if (bigEndian)
                BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
            Bytes(bytes);
        }

        public void Word(uint value)
        {
            Half((int)(bigEndian ? value >> 16 : value & 0xffff));
            Half((int)(bigEndian ? value & 0xffff : value >> 16));
        }

        public void Address(uint value)
        {
            // No big-endian 64-bit target: the high half comes second.
            Word(value);
            if (is64)
                Word(0);
        }
    }
}
