using System.Buffers.Binary;
using Suite.Devices.Pci;
using Suite.Devices.Virtio;
using Suite.Machines.X86.Kvm;
using Suite.Tests.PcBios;

namespace Suite.Tests.Machines;

/// <summary>
/// A small guest drives a virtio device of the board the same way under every accelerator: it rings the doorbell and waits for the message that says that the device is done. The
/// test does what firmware and driver do before: places, rings, vectors.
/// </summary>
public sealed class VirtioGuestTests
{
    private const int Descriptors = 0x8000, Available = 0x8100, Used = 0x9000, Buffer = 0xA000, Interrupts = 0x5000, BufferBytes = 64;
    private const ulong MsixTable = 0xFD000000, Registers = 0xFE000000, Ports = 0xC000;

    // Leaves 16 * the used index + the number of interrupts.
    private const string Guest = """
            lidt [0F0000h + idt_at]
            mov ss, ax
            mov esp, 7000h
            mov dword [0FEE000F0h], 1FFh     ; local APIC on
            sti
        %ifdef LEGACY
            mov dx, 0C010h
            xor eax, eax
            out dx, ax
        %else
            mov word [0FE003000h], 0
        %endif
        wait_for_it:
            hlt
            jmp wait_for_it
        done:                                ; it leaves from here: kernels that emulate a guest's kernel mode have no iret
            inc byte [5000h]
            mov al, [9002h]
            shl al, 4
            add al, [5000h]
            out 0F4h, al
            hlt
        align 8
        idt: times 65 dq 0
            dw done, 8
            dw 8E00h, 0Fh
        idt_at: dw 66 * 8 - 1
            dd 0F0000h + idt
        """;

    [NasmFact]
    public void Under_translation() => Runs("translation");

    [BiosFact]
    public void Under_kvm() => Runs("kvm");

    [BiosFact]
    public void Under_kvm_with_split_controllers() => Runs("kvm,kernel-irqchip=split");

    [BiosFact]
    public void Under_kvm_without_kernel_controllers() => Runs("kvm,kernel-irqchip=off");

    private static void Runs(string accelerator)
    {
        foreach (bool isLegacy in new[] { false, true })
        {
            using TinyPc pc = new($"-accel {accelerator} -net none -vga none -m 4 -device virtio-rng-pci", Nasm.FlatRom((isLegacy ? "%define LEGACY\n" : "") + Guest));
            VirtioPci function = (VirtioPci)pc.Board.Plugged.Single(d => d.Virtio is VirtioRng).Function!;
            pc.Machine.Resetting += () => Drive(pc, function, isLegacy);
            int left = pc.Run();
            Assert.True(pc.Failure is null, pc.Failure);
            Assert.Equal(0x11, left);
            byte[] given = new byte[BufferBytes];
            pc.Machine.Spaces.Memory.TryRead(Buffer, given);
            Assert.Contains(given, b => b != 0);
            if (pc.Board.Accelerator is KvmAccelerator kvm)
                Assert.Contains("ioeventfd on", kvm.Description, StringComparison.Ordinal);
        }
    }

    private static void Drive(TinyPc pc, PciFunction function, bool isLegacy)
    {
        function.WriteConfiguration(0x10, 4, (uint)Ports);
        function.WriteConfiguration(0x14, 4, (uint)MsixTable);
        function.WriteConfiguration(0x20, 4, (uint)Registers);
        function.WriteConfiguration(4, 2, 7);
        int capability = (int)function.ReadConfiguration(0x34, 1);
        Assert.Equal(0x11u, function.ReadConfiguration(capability, 1));
        function.WriteConfiguration(capability + 2, 2, 0x8000);
        Span<byte> rings = new byte[0x300];
        BinaryPrimitives.WriteUInt64LittleEndian(rings, Buffer);
        BinaryPrimitives.WriteUInt32LittleEndian(rings[8..], BufferBytes);
        rings[12] = 2; // the device writes it
        int available = isLegacy ? 8 * 16 : Available - Descriptors;
        rings[available + 2] = 1;
        Assert.True(pc.Machine.Spaces.Memory.TryWrite(Descriptors, rings));
        pc.Machine.Spaces.Memory.Write(Interrupts, 1, 0);
        var (io, mmio) = (pc.Machine.Spaces.Io, pc.Machine.Spaces.Mmio);
        mmio.Write(MsixTable + 16, 4, 0xFEE00000);
        mmio.Write(MsixTable + 16 + 8, 4, 0x41);
        mmio.Write(MsixTable + 16 + 12, 4, 0);
        if (isLegacy)
        {
            foreach ((ulong port, int size, ulong value) in new (ulong, int, ulong)[] { (18, 1, 3), (14, 2, 0), (22, 2, 1), (8, 4, Descriptors >> 12), (18, 1, 7) })
                io.Write(Ports + port, size, value);
            return;
        }

        foreach ((ulong offset, int size, ulong value) in new (ulong, int, ulong)[]
        {
            (20, 1, 3), (8, 4, 1), (12, 4, 1), (20, 1, 0xB), (22, 2, 0), (24, 2, 8), (26, 2, 1), (32, 4, Descriptors), (40, 4, Available), (48, 4, Used), (28, 2, 1), (20, 1, 0xF),
        })
            mmio.Write(Registers + offset, size, value);
    }
}
