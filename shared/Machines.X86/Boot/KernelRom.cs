using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Jit.Memory;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>
/// A kernel under firmware of others: an option ROM with a boot entry (BIOS Boot Specification 1.01). When the firmware boots from it, the ROM's
/// code writes to a port, the kernel is put into memory, and the code goes on in the kernel.
/// </summary>
public sealed class KernelRom : Device, IBusDevice
{
    /// <summary>The port; our own firmware, which has it otherwise, is not there then.</summary>
    public const int Port = PcFirmware.ServicePort;

    /// <summary>Name by which the firmware finds the ROM in fw_cfg, and what it calls it in its boot order.</summary>
    public const string FileName = "genroms/kernel.bin", BootOrderLine = "/rom@" + FileName + "\n";

    private const int Bytes = 1024, PnpHeader = 0x20, Text = 0x40, Code = 0x60, GdtPointer = 0x58;

    private readonly BootPlan _plan;
    private readonly PhysicalMemory _memory;

    /// <summary>Makes the ROM.</summary>
    /// <exception cref="BootException">The kernel wants a state that the ROM cannot make.</exception>
    public KernelRom(BootPlan plan, PhysicalMemory memory)
        : base("kernel-rom")
    {
        (_plan, _memory) = (plan, memory);
        if (plan.Start.Mode == EntryMode.Long)
            throw new BootException($"{plan.Description}: is entered in 64-bit mode, which firmware given with -bios cannot do: leave -bios out");
        Image = Make(plan.Start);
    }

    /// <summary>The ROM's image.</summary>
    public byte[] Image { get; }

    public ulong Read(ulong offset, int size) => ulong.MaxValue;

    public void Write(ulong offset, int size, ulong value) => _plan.Load(_memory);

    private static byte[] Make(CpuStart start)
    {
        byte[] rom = new byte[Bytes];
        (rom[0], rom[1], rom[2], rom[3]) = (0x55, 0xAA, Bytes / 512, 0xCB); // retf: nothing to initialize
        rom[0x1A] = PnpHeader;
        Span<byte> pnp = rom.AsSpan(PnpHeader, 32);
        "$PnP"u8.CopyTo(pnp);
        (pnp[4], pnp[5], pnp[0x10], pnp[0x12], pnp[0x15], pnp[0x1A]) = (1, 2, Text, 2, 0x14, Code);
        "Kernel given with -kernel\0"u8[..20].CopyTo(rom.AsSpan(Text));
        BinaryPrimitives.WriteUInt16LittleEndian(rom.AsSpan(GdtPointer), (ushort)(CpuStart.Gdt(is64: false).Length - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(rom.AsSpan(GdtPointer + 2), (uint)start.GdtAddress);
        byte[] code = start.Mode == EntryMode.Real ? RealCode(start) : ProtectedCode(start);
        code.CopyTo(rom, Code);
        pnp[9] = Negative(pnp);
        rom[Bytes - 1] = Negative(rom);
        return rom;
    }

    private static byte[] RealCode(CpuStart start) =>
    [
        0xBA, Port & 0xFF, Port >> 8, 0xEE, 0xFA, 0xFC, // mov dx, port; out dx, al; cli; cld
        0xB8, .. Word(start.RealData16), // mov ax, segment
        0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xE0, 0x8E, 0xE8, 0x8E, 0xD0, // ds, es, fs, gs, ss = ax
        0xBC, .. Word((ushort)start.Rsp), // mov sp
        0xEA, .. Word((ushort)start.Rip), .. Word(start.RealCs), // jmp far
    ];

    private static byte[] ProtectedCode(CpuStart start)
    {
        byte[] enter =
        [
            0xBA, Port & 0xFF, Port >> 8, 0xEE, 0xFA, 0xFC, // mov dx, port; out dx, al; cli; cld
            0x66, 0x31, 0xDB, 0x8C, 0xCB, 0x66, 0xC1, 0xE3, 0x04, // xor ebx, ebx; mov bx, cs; shl ebx, 4
            0x66, 0x81, 0xC3, 0, 0, 0, 0, // add ebx, offset of what follows
            0x66, 0x2E, 0x0F, 0x01, 0x16, GdtPointer, 0x00, // lgdt cs:[..]
            0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, // mov eax, cr0; or al, 1; mov cr0, eax
            0x66, 0x6A, (byte)CpuStart.CodeSelector, 0x66, 0x53, 0x66, 0xCB, // push dword selector; push ebx; retf
        ];
        BinaryPrimitives.WriteInt32LittleEndian(enter.AsSpan(18), Code + enter.Length);
        return
        [
            .. enter,
            0xB8, (byte)CpuStart.DataSelector, 0, 0, 0, // mov eax, selector
            0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xE0, 0x8E, 0xE8, 0x8E, 0xD0, // ds, es, fs, gs, ss = ax
            0xB8, .. Dword((uint)start.Rax), 0xBB, .. Dword((uint)start.Rbx), 0xBE, .. Dword((uint)start.Rsi), // mov eax, ebx, esi
            0x31, 0xED, 0x31, 0xFF, // xor ebp, ebp; xor edi, edi
            0xB9, .. Dword((uint)start.Rip), 0xFF, 0xE1, // mov ecx, entry; jmp ecx
        ];
    }

    private static byte[] Word(ushort value) => BitConverter.GetBytes(value);

    private static byte[] Dword(uint value) => BitConverter.GetBytes(value);

    private static byte Negative(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return (byte)-sum;
    }
}
