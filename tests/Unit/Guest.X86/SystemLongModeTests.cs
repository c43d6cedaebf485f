using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit.Memory;

namespace Suite.Tests.Guest.X86;

/// <summary>64-bit mode with 4 KiB pages: what an operating system does all the time, and what it costs.</summary>
public sealed unsafe class SystemLongModeTests : IDisposable
{
    private const ulong Tables = 0x10_0000, Gdt = 0x4_0000, Idt = 0x4_1000, Tss = 0x4_2000, Code = 0x6000, Handler = 0x5000, KernelStack = 0x8000, UserStack = 0x9000, KernelStackOfTest = UserStack;

    private readonly SystemBench _bench = new();

    public SystemLongModeTests()
    {
        X86Cpu* cpu = _bench.Cpu;
        _bench.Write64(Tables, (Tables + 0x1000) | 7);
        _bench.Write64(Tables + 0x1000, (Tables + 0x2000) | 7);
        for (ulong i = 0; i < 4; i++)
            _bench.Write64(Tables + 0x2000 + i * 8, (Tables + 0x3000 + i * 0x1000) | 7);
        for (ulong i = 0; i < SystemBench.RamBytes / 4096; i++)
            _bench.Write64(Tables + 0x3000 + i * 8, (i << 12) | 7);
        _bench.Write64(Gdt + 8, 0x00AF_9B00_0000_FFFF);
        _bench.Write64(Gdt + 0x10, 0x00CF_9300_0000_FFFF);
        _bench.Write64(Gdt + 0x18, 0x00CF_F300_0000_FFFF);
        _bench.Write64(Gdt + 0x20, 0x00AF_FB00_0000_FFFF);
        for (ulong vector = 0; vector < 256; vector++)
            _bench.Write64(Idt + vector * 16, Handler | 8UL << 16 | 0xEE00UL << 32);
        _bench.Write64(Tss + 4, KernelStack);
        cpu->Cr0 = X86Cpu.Cr0Pg | X86Cpu.Cr0Wp | X86Cpu.Cr0Ne | X86Cpu.Cr0Et | X86Cpu.Cr0Pe;
        cpu->Cr4 = X86Cpu.Cr4Pae | X86Cpu.Cr4Pge | X86Cpu.Cr4Osfxsr;
        cpu->Cr3 = Tables;
        cpu->Efer = X86Cpu.EferSce | X86Cpu.EferLme | X86Cpu.EferLma | X86Cpu.EferNxe;
        cpu->Gdtr = new TableRegister { Base = Gdt, Limit = 0xFF };
        cpu->Idtr = new TableRegister { Base = Idt, Limit = 0xFFF };
        cpu->Star = 0x0010_0008_0000_0000;
        cpu->Lstar = Handler;
        cpu->Sfmask = X86Cpu.FlagIf | X86Cpu.FlagTf | X86Cpu.FlagDf;
        cpu->Seg(SegmentName.Tr) = new Segment { Base = Tss, Limit = 0x67, Attributes = 0x8B, Selector = 0x28 };
        _bench.Core.StateChanged();
        _bench.Log.Clear();
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void System_calls_and_interrupts_allocate_nothing()
    {
        Instruction syscall = Decode(0x0F, 0x05), sysret = Decode(0x48, 0x0F, 0x07), iret = Decode(0x48, 0xCF), push = Decode(0x50), pop = Decode(0x58);
        User();
        long before = 0;
        for (int i = 0; i < 2000; i++)
        {
            if (i == 1000)
                before = GC.GetAllocatedBytesForCurrentThread();
            _bench.Core.Execute(syscall);
            _bench.Core.Execute(sysret);
            _bench.Core.Interrupt(0x40);
            _bench.Core.Execute(iret);
            _bench.Core.Execute(push);
            _bench.Core.Execute(pop);
            _bench.Core.TryTranslate(0x123456, MemoryAccess.Read, true, out _, out _, out _);
            _ = ModeKey.Of(_bench.Cpu);
            _bench.Cpu->Rip = Code;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal((3, UserStack), (_bench.Cpu->Cpl, _bench.Cpu->Gpr[4]));
    }

    [Fact]
    public void Accessed_and_dirty_bits_are_set_when_they_are_due()
    {
        ulong entry = Tables + 0x3000 + 0x300 * 8;
        Assert.True(Translate(0x30_0123, MemoryAccess.Read, out ulong physical, out PageRights rights));
        Assert.Equal(0x30_0123UL, physical);
        Assert.Equal(PageRights.Read | PageRights.Fetch | PageRights.User, rights);
        Assert.Equal(0x30_0027UL, _bench.Read64(entry));
        Assert.Equal(0x27UL, _bench.Read64(Tables) & 0xFFF);
        Assert.True(Translate(0x30_0123, MemoryAccess.Write, out _, out rights));
        Assert.Equal(PageRights.Read | PageRights.Write | PageRights.Fetch | PageRights.User, rights);
        Assert.Equal(0x30_0067UL, _bench.Read64(entry));
    }

    [Theory]
    [InlineData(0x87UL, PageRights.Large, 0x20_0000UL)]
    [InlineData(0x187UL, PageRights.Large | PageRights.Global, 0x20_0000UL)]
    public void A_large_page_tells_its_size(ulong bits, PageRights expected, ulong at)
    {
        _bench.Write64(Tables + 0x2000 + 8, at | bits);
        Assert.True(Translate(at + 0x12345, MemoryAccess.Read, out ulong physical, out PageRights rights));
        Assert.Equal((at + 0x12345, expected), (physical, rights & (PageRights.Large | PageRights.Huge | PageRights.Global)));
    }

    [Fact]
    public void A_bit_above_the_physical_width_is_reserved()
    {
        // The bench's model has 52 bits; what is above belongs to software or NX.
        using var bench = new SystemBench(SystemBench.Model("qemu64"));
        Assert.Equal(((1UL << 52) - 1) & ~((1UL << Width(bench)) - 1), bench.Core.Cpuid.AboveWidth);

        static int Width(SystemBench bench) => (int)(bench.Core.Cpuid.Query(0x8000_0008, 0).Eax & 0xFF);
    }

    [Fact]
    public void A_gigabyte_page_tells_its_size()
    {
        _bench.Write64(Tables + 0x1000 + 8, 0x87);
        Assert.True(Translate(0x4000_1234, MemoryAccess.Read, out ulong physical, out PageRights rights));
        Assert.Equal((0x1234UL, PageRights.Huge), (physical, rights & (PageRights.Large | PageRights.Huge)));
    }

    [Fact]
    public void A_write_across_pages_writes_nothing_when_the_second_is_missing()
    {
        _bench.Write64(Tables + 0x3000 + 0x301 * 8, 0);
        var fault = Assert.Throws<X86Fault>(() => _bench.Core.WriteLinear(0x30_0FFC, 8, ulong.MaxValue, false));
        Assert.Equal((X86Vector.PageFault, 2u, 0x30_1000UL), (fault.Vector, fault.Error, fault.Address));
        Assert.Equal(0UL, _bench.Read64(0x30_0FFC));
    }

    [Fact]
    public void An_access_across_pages_goes_to_both()
    {
        _bench.Write64(Tables + 0x3000 + 0x301 * 8, 0x50_0007);
        _bench.Core.WriteLinear(0x30_0FFE, 4, 0x4433_2211, false);
        Assert.Equal((0x2211, 0x4433), (_bench.Read16(0x30_0FFE), _bench.Read16(0x50_0000)));
        Assert.Equal(0x4433_2211UL, _bench.Core.ReadLinear(0x30_0FFE, 4, false));
    }

    [Fact]
    public void Writes_to_pages_with_code_are_reported()
    {
        List<string> written = [];
        _bench.Memory.CodeWritten += (block, offset, length) => written.Add($"{offset:x}+{length}");
        _bench.Core.WriteLinear(0x30_0000, 4, 1, false);
        _bench.Ram.HasCode[0x300] = 1;
        _bench.Core.WriteLinear(0x30_0010, 4, 1, false);
        User();
        (_bench.Cpu->Gpr[1], _bench.Cpu->Gpr[7]) = (0x300, 0x2F_F000);
        Execute(0xF3, 0x48, 0xAB); // rep stosq
        Assert.Equal(["300010+4", "300000+2048"], written);
    }

    [Fact]
    public void Devices_are_read_and_written_in_one_access()
    {
        _bench.Write64(Tables + 0x3000 + 0x300 * 8, 0xFEE0_0007);
        Assert.Equal(0x5566_7788UL, _bench.Core.ReadLinear(0x30_0080, 4, false));
        _bench.Core.WriteLinear(0x30_00B0, 4, 7, false);
        Assert.Equal(["read fee00080/4", "write fee000b0/4 7"], _bench.Log);
    }

    [Fact]
    public void A_stale_translation_lives_until_it_is_flushed()
    {
        _bench.Write64(0x30_0000, 1);
        _bench.Write64(0x50_0000, 2);
        Assert.Equal(1UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        _bench.Write64(Tables + 0x3000 + 0x300 * 8, 0x50_0007);
        _bench.Cpu->Gpr[0] = 0x30_0000;
        Kernel();
        Execute(0x0F, 0x01, 0x38); // invlpg [rax]
        Assert.Equal(2UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        _bench.Write64(Tables + 0x3000 + 0x300 * 8, 0x30_0007);
        _bench.Cpu->Gpr[0] = Tables;
        Execute(0x0F, 0x22, 0xD8); // mov cr3, rax
        Assert.Equal(1UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        Assert.Equal(["flush page 300000", "flush"], _bench.Log);
    }

    [Fact]
    public void Memory_that_is_mapped_anew_is_found()
    {
        using var other = new RamBlock("other", 0x1000);
        *(ulong*)other.Host = 77;
        Assert.Equal(0UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        _bench.Memory.MapRam(0x30_0000, other, 0, 0x1000);
        Assert.Equal(77UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
    }

    [Fact]
    public void A_long_repetition_lets_interrupts_in_and_goes_on()
    {
        Kernel();
        _bench.Cpu->Rflags |= X86Cpu.FlagIf;
        (_bench.Cpu->Gpr[1], _bench.Cpu->Gpr[7], _bench.Cpu->Gpr[0]) = (0x10_0000, 0x40_0000, 0x5A);
        _bench.Write(Code, [0xF3, 0xAA, 0xF4]); // rep stosb; hlt
        _bench.Step();
        Assert.Equal(Code, _bench.Cpu->Rip);
        Assert.InRange(_bench.Cpu->Gpr[1], 1UL, 0x10_0000UL - 1);
        _bench.Core.Interrupt(0x40);
        Assert.Equal(X86Cpu.FlagRf, _bench.Read64(KernelStackOfTest - 24) & X86Cpu.FlagRf);
        Execute(0x48, 0xCF); // iretq
        _bench.Run();
        Assert.Equal((0UL, 0x50_0000UL), (_bench.Cpu->Gpr[1], _bench.Cpu->Gpr[7]));
        Assert.Equal(0x5A, _bench.Ram.Host[0x4F_FFFF]);
    }

    [Fact]
    public void A_handler_that_cannot_be_reached_shuts_down()
    {
        Kernel();
        _bench.Cpu->Idtr.Limit = 0;
        _bench.Core.RaiseFault(X86Vector.InvalidOpcode);
        Assert.True(_bench.Core.IsShutDown);
        _bench.Core.Reset();
        Assert.False(_bench.Core.IsShutDown);
    }

    [Fact]
    public void An_nmi_blocks_others_until_iret()
    {
        Kernel();
        _bench.Cpu->Halted = 1;
        _bench.Core.DeliverNmi();
        Assert.Equal((1, 0, Handler), (_bench.Cpu->NmiBlocked, _bench.Cpu->Halted, _bench.Cpu->Rip));
        Execute(0x48, 0xCF);
        Assert.Equal((0, Code), (_bench.Cpu->NmiBlocked, _bench.Cpu->Rip));
    }

    [Fact]
    public void A_page_fault_sets_cr2_only_when_it_is_delivered()
    {
        User();
        _bench.Write64(Tables + 0x3000 + 0x300 * 8, 0);
        _bench.Cpu->Gpr[4] = 0x30_1000;
        _bench.Write(Code, [0x50]); // push rax
        X86Fault fault = Assert.Throws<X86Fault>(() => _bench.Core.Execute(Decode(0x50)));
        Assert.Equal((0UL, 0x30_1000UL, Code), (_bench.Cpu->Cr2, _bench.Cpu->Gpr[4], _bench.Cpu->Rip));
        _bench.Core.RaiseFault(fault);
        Assert.Equal((0x30_0FF8UL, Handler, 6UL), (_bench.Cpu->Cr2, _bench.Cpu->Rip, _bench.Read64(KernelStack - 48)));
    }

    [Fact]
    public void The_a20_gate_folds_addresses()
    {
        _bench.Write64(0x20_0000, 2);
        _bench.Write64(0x30_0000, 3);
        _bench.Cpu->Cr0 &= ~X86Cpu.Cr0Pg;
        _bench.Cpu->Efer = 0;
        _bench.Core.StateChanged();
        Assert.Equal(3UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        _bench.Core.SetA20(open: false);
        Assert.Equal(2UL, _bench.Core.ReadLinear(0x30_0000, 8, false));
        Assert.Equal(2UL, _bench.Core.ReadPhysical(0x30_0000, 8));
        Assert.Contains("flush all", _bench.Log);
    }

    [Fact]
    public void Where_the_decoder_thinks_the_code_is_does_not_matter()
    {
        Kernel();
        _bench.Write64(Code + 0x1000 + 6, 0x1234);
        byte[] jump = [0xEB, 0x10], load = [0xFF, 0x35, 0x00, 0x10, 0x00, 0x00]; // jmp +16; push [rip+1000h]
        foreach ((byte[] bytes, ulong rip) in new[] { (jump, Code + 18), (load, Code + 6) })
        {
            _bench.Cpu->Rip = Code;
            var decoder = Decoder.Create(64, bytes);
            decoder.IP = 0xFFFF_8000_0000_0000;
            _bench.Core.Execute(decoder.Decode());
            Assert.Equal(rip, _bench.Cpu->Rip);
        }

        Assert.Equal(0x1234UL, _bench.Core.ReadLinear(_bench.Cpu->Gpr[4], 8, false));
    }

    [Fact]
    public void The_mode_follows_the_state()
    {
        User();
        ModeKey mode = ModeKey.Of(_bench.Cpu);
        Assert.Equal((true, true, true), (mode.Is64, mode.IsUser, mode.IsProtected));
        Assert.Equal((false, true, true), (mode.IsSseOff, mode.IsAvxOff, mode.IsAvx512Off));
        Assert.Equal((false, false, false), (mode.IsTaskSwitched, mode.IsEmulated, mode.ChecksAlignment));
        Execute(0x0F, 0x05);
        mode = ModeKey.Of(_bench.Cpu);
        Assert.False(mode.IsUser);
        Assert.Equal((CpuMode.Bits64, 8), (mode.CodeSize, mode.StackBytes));
    }

    private void User()
    {
        _bench.Cpu->Seg(SegmentName.Cs) = new Segment { Limit = uint.MaxValue, Attributes = 0xA0FB, Selector = 0x23 };
        _bench.Cpu->Seg(SegmentName.Ss) = new Segment { Limit = uint.MaxValue, Attributes = 0xC0F3, Selector = 0x1B };
        (_bench.Cpu->Cpl, _bench.Cpu->Rip, _bench.Cpu->Gpr[4], _bench.Cpu->Rflags) = (3, Code, UserStack, 0x202);
    }

    private void Kernel()
    {
        _bench.Cpu->Seg(SegmentName.Cs) = new Segment { Limit = uint.MaxValue, Attributes = 0xA09B, Selector = 0x08 };
        _bench.Cpu->Seg(SegmentName.Ss) = new Segment { Limit = uint.MaxValue, Attributes = 0xC093, Selector = 0x10 };
        (_bench.Cpu->Cpl, _bench.Cpu->Rip, _bench.Cpu->Gpr[4], _bench.Cpu->Rflags) = (0, Code, KernelStackOfTest, 2);
    }

    private bool Translate(ulong linear, MemoryAccess access, out ulong physical, out PageRights rights) =>
        _bench.Core.TryTranslate(linear, access, true, out physical, out rights, out _);

    private void Execute(params byte[] bytes) => _bench.Core.Execute(Decode(bytes));

    private static Instruction Decode(params byte[] bytes)
    {
        var decoder = Decoder.Create(64, bytes);
        decoder.IP = Code;
        return decoder.Decode();
    }
}
