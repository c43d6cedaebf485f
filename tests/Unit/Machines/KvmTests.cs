using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;
using Suite.Machines;
using Suite.Machines.X86;
using Suite.Machines.X86.Kvm;

namespace Suite.Tests.Machines;

public sealed unsafe class KvmTests
{
    private static readonly byte[] SayAndExit =
    [
        0xB0, (byte)'o', 0xE6, 0xE9, // mov al, 'o'; out 0E9h, al
        0xB0, (byte)'k', 0xE6, 0xE9,
        0xB0, 0x07, 0xE6, 0xF4, // mov al, 7; out 0F4h, al
        0xF4, // hlt
    ];

    [Fact]
    public void A_missing_device_says_what_to_do()
    {
        KvmException e = Assert.Throws<KvmException>(() => new KvmAccelerator(new AddressSpaces(new Lock()), IrqChipMode.On, path: "/dev/no-such-kvm"));
        Assert.Contains("there is no /dev/no-such-kvm", e.Message, StringComparison.Ordinal);
        Assert.Contains("modprobe", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_device_is_refused()
    {
        KvmException e = Assert.Throws<KvmException>(() => new KvmAccelerator(new AddressSpaces(new Lock()), IrqChipMode.On, path: "/dev/null"));
        Assert.Contains("/dev/null", e.Message, StringComparison.Ordinal);
    }

    [KvmFact]
    public void Real_mode_code_reaches_ports() => RunsInMode(IrqChipMode.On);

    [KvmFact]
    public void So_does_it_with_split_controllers() => RunsInMode(IrqChipMode.Split);

    [KvmFact]
    public void And_with_none_in_the_kernel() => RunsInMode(IrqChipMode.Off);

    [KvmFact]
    public void Ports_of_all_widths_and_string_instructions()
    {
        using TinyMachine m = new();
        m.Answer = static (port, size) => port == 0xE4 ? 0x12345678u >> (32 - 8 * size) : 0;
        m.Load(
            TinyMachine.Start,
            0xBA, 0xE0, 0x00, // mov dx, 0E0h
            0xB8, 0x22, 0x11, 0xEF, // mov ax, 1122h; out dx, ax
            0x66, 0xB8, 0x44, 0x33, 0x22, 0x11, 0x66, 0xEF, // mov eax, 11223344h; out dx, eax
            0xBA, 0xE4, 0x00, 0x66, 0xED, // mov dx, 0E4h; in eax, dx
            0xBA, 0xE0, 0x00, 0x66, 0xEF, // mov dx, 0E0h; out dx, eax
            0xBE, 0x00, 0x20, 0xB9, 0x03, 0x00, 0xBA, 0xE9, 0x00, 0xFC, 0xF3, 0x6E, // mov si, 2000h; mov cx, 3; mov dx, 0E9h; cld; rep outsb
            0xE6, 0xF4);
        m.Load(0x2000, (byte)'a', (byte)'b', (byte)'c');
        Assert.Equal(0x78, m.Run());
        Assert.Equal([(0xE0, 2, 0x1122), (0xE0, 4, 0x11223344), (0xE0, 4, 0x12345678)], m.Writes);
        Assert.Equal("abc", m.Said);
    }

    [KvmFact]
    public void Registers_in_memory_and_writes_to_rom_reach_the_bus()
    {
        using TinyMachine m = new();
        Recorder device = new();
        m.Machine.Spaces.Mmio.Attach(device, "test", 0x100000, 0x1000, widest: 4);
        m.Load(
            TinyMachine.Start,
            0xB8, 0xFF, 0xFF, 0x8E, 0xD8, // mov ax, 0FFFFh; mov ds, ax
            0x66, 0xA1, 0x14, 0x00, // mov eax, [14h]   (100004h)
            0x66, 0xA3, 0x18, 0x00, // mov [18h], eax
            0xC6, 0x06, 0x1C, 0x00, 0x55, // mov byte [1Ch], 55h
            0xE6, 0xF4);
        Assert.Equal(0xEF, m.Run());
        Assert.Equal(["read 4 4", "write 8 4 deadbeef", "write c 1 55"], device.Log);
    }

    [KvmFact]
    public void Changes_of_the_map_are_followed()
    {
        using TinyMachine m = new();
        using RamBlock other = new("other", 0x1000);
        *other.Host = 0x99;
        m.Answer = (_, _) =>
        {
            m.Machine.Spaces.Memory.MapRam(0x8000, other, 0, 0x1000);
            return 0;
        };
        m.Load(
            TinyMachine.Start,
            0xC6, 0x06, 0x00, 0x80, 0x11, // mov byte [8000h], 11h
            0xE4, 0xE4, // in al, 0E4h
            0xA0, 0x00, 0x80, // mov al, [8000h]
            0xE6, 0xF4);
        Assert.Equal(0x99, m.Run());
    }

    [KvmFact]
    public void Long_mode_runs()
    {
        using TinyMachine m = new();
        LongMode.Load(m, [0x48, 0xB8, 1, 0, 0, 0, 2, 0, 0, 0, 0x48, 0xC1, 0xE8, 0x20, 0xE6, 0xF4]); // mov rax, 200000001h; shr rax, 32; out 0F4h, al
        Assert.Equal(2, m.Run());
    }

    [KvmFact]
    public void An_interrupt_from_this_process_is_taken()
    {
        foreach (IrqChipMode mode in new[] { IrqChipMode.Off, IrqChipMode.Split })
        {
            using TinyMachine m = new(mode);
            m.Answer = (_, _) =>
            {
                m.PendingVector = 0x40;
                m.Machine.Vcpus[0].SetInterrupt(true);
                return 0;
            };
            m.Load(
                TinyMachine.Start,
                0x31, 0xC0, 0x8E, 0xD0, 0xBC, 0x00, 0x70, // xor ax, ax; mov ss, ax; mov sp, 7000h
                0xC7, 0x06, 0x00, 0x01, 0x00, 0x30, // mov word [100h], 3000h
                0xC7, 0x06, 0x02, 0x01, 0x00, 0x00, // mov word [102h], 0
                0xE4, 0xE4, // in al, 0E4h
                0xFB, 0xF4, // sti; hlt
                0xB0, 0x01, 0xE6, 0xF4); // mov al, 1; out 0F4h, al
            m.Load(0x3000, 0xB0, 0x2A, 0xE6, 0xF4); // mov al, 42; out 0F4h, al
            Assert.Equal(42, m.Run());
        }
    }

    [KvmFact]
    public void A_second_processor_starts()
    {
        using TinyMachine m = new(cpus: 2);
        LongMode.Load(m,
        [
            0xBB, 0x00, 0x03, 0xE0, 0xFE, // mov ebx, 0FEE00300h
            0xC7, 0x43, 0x10, 0, 0, 0, 1, // mov dword [rbx+10h], 1000000h: to processor 1
            0xC7, 0x03, 0x00, 0x45, 0x00, 0x00, // mov dword [rbx], 4500h: INIT
            0xC7, 0x03, 0x08, 0x46, 0x00, 0x00, // SIPI at 8000h
            0xEB, 0xFE, // jmp $
        ]);
        m.Load(0x8000, 0x8C, 0xC8, 0xC1, 0xE8, 0x08, 0xE6, 0xF4); // mov ax, cs; shr ax, 8; out 0F4h, al
        Assert.Equal(8, m.Run());
    }

    [KvmFact]
    public void State_goes_both_ways()
    {
        using TinyMachine m = new();
        m.Load(TinyMachine.Start, 0xE4, 0xE4, 0x80, 0x3E, 0x00, 0x20, 0x00, 0x74, 0xF9, 0xE6, 0xF4); // in al, 0E4h; wait: cmp byte [2000h], 0; je wait; out 0F4h, al
        m.Answer = (_, _) =>
        {
            m.Machine.Post(() => m.Machine.WhileParked(() =>
            {
                IX86Vcpu vcpu = (IX86Vcpu)m.Machine.Vcpus[0];
                vcpu.Fetch();
                Assert.InRange(vcpu.State->Rip, TinyMachine.Start + 2UL, TinyMachine.Start + 7UL);
                Assert.Equal(0x11u, vcpu.State->Gpr[0] & 0xFF);
                vcpu.State->Gpr[0] = 0x33;
                vcpu.State->Cr2 = 0x1234;
                vcpu.State->Dr[2] = 0x4321;
                vcpu.State->Star = 0x0023001000000000;
                X86Cpu given = *vcpu.State;
                vcpu.Store(withTime: false);
                vcpu.Fetch();
                Assert.Equal((given.Cr2, given.Star, given.Rflags, given.Seg(SegmentName.Cs)), (vcpu.State->Cr2, vcpu.State->Star, vcpu.State->Rflags, vcpu.State->Seg(SegmentName.Cs)));
                Assert.Equal(0x4321u, vcpu.State->Dr[2]);
                m.Ram[0x2000] = 1;
            }));
            return 0x11;
        };
        Assert.Equal(0x33, m.Run());
    }

    [KvmFact]
    public void A_triple_fault_resets_the_machine()
    {
        using TinyMachine m = new();
        m.Load(
            TinyMachine.Start,
            0xB0, (byte)'x', 0xE6, 0xE9, // say x
            0xFE, 0x06, 0x00, 0x20, // inc byte [2000h]
            0x80, 0x3E, 0x00, 0x20, 0x02, // cmp byte [2000h], 2
            0x75, 0x04, // jne over
            0xB0, 0x05, 0xE6, 0xF4, // exit 5
            0x0F, 0x01, 0x1E, 0x00, 0x21, // lidt [2100h], which has limit 0
            0xCC); // int3
        Assert.Equal(5, m.Run());
        Assert.Equal("xx", m.Said);
    }

    [KvmFact]
    public void Single_step_and_breakpoints_stop_the_machine()
    {
        using TinyMachine m = new();
        m.Load(TinyMachine.Start, 0x90, 0x90, 0x90, 0x90, 0xB0, 0x01, 0xE6, 0xF4);
        List<ulong> stops = [];
        bool first = true;
        m.Machine.DebugStopped += stopped => m.Machine.Post(() =>
        {
            m.Machine.WhileParked(() =>
            {
                IX86Vcpu vcpu = (IX86Vcpu)stopped;
                vcpu.Fetch();
                stops.Add(vcpu.State->Rip);
                vcpu.SetDebug(stops.Count == 1 ? new DebugRequest(true, [], []) : DebugRequest.None);
            });
            m.Machine.Continue();
        });
        m.Machine.Resetting += () =>
        {
            if (first)
                ((IX86Vcpu)m.Machine.Vcpus[0]).SetDebug(new DebugRequest(false, [TinyMachine.Start + 2], []));
            first = false;
        };
        Assert.Equal(1, m.Run());
        Assert.Equal([TinyMachine.Start + 2, TinyMachine.Start + 3], stops);
    }

    [KvmFact]
    public void The_guest_finds_kvmclock_and_its_page_is_filled()
    {
        using TinyMachine m = new();
        m.Load(
            TinyMachine.Start,
            0x66, 0xB8, 0x01, 0x00, 0x00, 0x40, 0x0F, 0xA2, // mov eax, 40000001h; cpuid
            0xA8, 0x08, 0xB0, 0x01, 0x74, 0x26, // test al, 8 (the clock's newer MSRs); mov al, 1; jz lost
            0x66, 0xB9, 0x01, 0x4D, 0x56, 0x4B, // mov ecx, 4B564D01h
            0x66, 0x31, 0xD2, 0x66, 0xB8, 0x01, 0x30, 0x00, 0x00, 0x0F, 0x30, // xor edx, edx; mov eax, 3001h; wrmsr
            0xE4, 0xE4, // in al, 0E4h: the kernel fills the page before the guest goes on
            0x66, 0x83, 0x3E, 0x18, 0x30, 0x00, 0xB0, 0x02, 0x74, 0x09, // cmp dword [3018h], 0 (the multiplier); mov al, 2; jz lost
            0xF6, 0x06, 0x00, 0x30, 0x01, 0x75, 0x02, 0xB0, 0x00, // test byte [3000h], 1 (the version); jnz lost; mov al, 0
            0xE6, 0xF4); // lost: out 0F4h, al
        Assert.Equal(0, m.Run());
    }

    private static void RunsInMode(IrqChipMode mode)
    {
        using TinyMachine m = new(mode);
        m.Load(TinyMachine.Start, SayAndExit);
        Assert.Equal(7, m.Run());
        Assert.Null(m.Failure);
        Assert.Equal("ok", m.Said);
    }

    private sealed class Recorder : Suite.Devices.Core.IBusDevice
    {
        public List<string> Log { get; } = [];

        public ulong Read(ulong offset, int size)
        {
            Log.Add($"read {offset:x} {size}");
            return 0xDEADBEEF;
        }

        public void Write(ulong offset, int size, ulong value) => Log.Add($"write {offset:x} {size} {value:x}");
    }
}
