using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;

namespace Suite.Tests.Guest.X86;

/// <summary>cpuid, model-specific registers, x87 and vector state, tasks with faults.</summary>
public sealed unsafe class SystemStateTests : IDisposable
{
    private readonly SystemBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Cpuid_hides_what_the_machine_has_not()
    {
        SystemCpuid cpuid = _bench.Core.Cpuid;
        const uint vmx = 1 << 5, monitor = 1 << 3, hypervisor = 1u << 31, osxsave = 1 << 27, x2apic = 1 << 21;
        uint ecx = cpuid.Query(1, 0).Ecx;
        Assert.Equal(hypervisor | x2apic, ecx & (vmx | monitor | hypervisor | osxsave | x2apic));
        Assert.NotEqual(0u, cpuid.Query(1, 0, X86Cpu.Cr4Osxsave, 1).Ecx & osxsave);
        const uint pku = 1 << 3, la57 = 1 << 16, shstk = 1 << 7;
        Assert.Equal(0u, cpuid.Query(7, 0).Ecx & (pku | la57 | shstk));
        Assert.Equal(0x5447_4354u, cpuid.Query(0x4000_0000, 0).Ebx);
        Assert.Equal(0u, cpuid.Query(0xA, 0).Eax);
    }

    [Fact]
    public void Cpuid_tells_the_size_of_the_enabled_state()
    {
        SystemCpuid cpuid = _bench.Core.Cpuid;
        Assert.Equal(576u, cpuid.Query(0xD, 0, 0, 3).Ebx);
        Assert.Equal(832u, cpuid.Query(0xD, 0, 0, 7).Ebx);
        Assert.Equal(0xE7u, cpuid.Query(0xD, 0).Eax);
    }

    [Fact]
    public void Cpuid_shows_the_topology_of_the_machine()
    {
        var cpuid = new SystemCpuid(SystemBench.Model(), 5, new CpuTopology(2, 3, 2)); // socket 0, core 2, thread 1
        Assert.Equal((5u, 6u), (cpuid.Query(1, 0).Ebx >> 24, cpuid.Query(1, 0).Ebx >> 16 & 0xFF));
        Assert.Equal((1u, 2u, 5u), (cpuid.Query(0xB, 0).Eax, cpuid.Query(0xB, 0).Ebx, cpuid.Query(0xB, 0).Edx));
        Assert.Equal((3u, 6u), (cpuid.Query(0xB, 1).Eax, cpuid.Query(0xB, 1).Ebx));
        Assert.Equal(8u + 5, new CpuTopology(2, 3, 2).ApicId(11));
    }

    [Fact]
    public void A_32_bit_machine_has_no_long_mode()
    {
        var cpuid = new SystemCpuid(CpuModel.Parse("max,-lm", CpuFakeHost.Everything(), is64Bit: false), 0, new CpuTopology(1, 1, 1));
        Assert.Equal(0u, cpuid.Query(0x8000_0001, 0).Edx & (1u << 29));
        _bench.Core.Cpuid = cpuid;
        Assert.False(_bench.Core.TryWriteMsr(0xC000_0080, X86Cpu.EferLme));
        Assert.True(_bench.Core.TryWriteMsr(0xC000_0080, X86Cpu.EferNxe));
    }

    [Fact]
    public void A_guest_cannot_fill_memory_with_answers_of_cpuid()
    {
        SystemCpuid cpuid = _bench.Core.Cpuid;
        for (uint i = 0; i < 3000; i++)
            cpuid.Query(0x123, i);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 3000; i < 4000; i++)
            cpuid.Query(0x123, i);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Theory]
    [InlineData(0x277u, 0x0606_0606_0606_0606UL, true)]
    [InlineData(0x277u, 2UL, false)]
    [InlineData(0x2FFu, 0xC06UL, true)]
    [InlineData(0x2FFu, 0x1006UL, false)]
    [InlineData(0x200u, 0xF000_0006UL, true)]
    [InlineData(0x201u, 0xF000_0800UL, true)]
    [InlineData(0x201u, 0xF000_0001UL, false)]
    [InlineData(0x250u, 0x0606_0606_0606_0606UL, true)]
    [InlineData(0xC000_0082u, 0x8000_0000_0000UL, false)]
    [InlineData(0xC000_0102u, 0xFFFF_8000_0000_0000UL, true)]
    [InlineData(0xC000_0080u, 0x901UL, true)]
    [InlineData(0xC000_0080u, 0x902UL, false)]
    [InlineData(0x176u, 0xFFFF_FFFF_8000_0000UL, true)]
    [InlineData(0xDA0u, 1UL, false)]
    [InlineData(0x1234u, 0UL, false)]
    public void Msrs_take_what_is_valid(uint msr, ulong value, bool valid)
    {
        Assert.Equal(valid, _bench.Core.TryWriteMsr(msr, value));
        if (valid)
        {
            Assert.True(_bench.Core.TryReadMsr(msr, out ulong back));
            Assert.Equal(value, back);
        }
    }

    [Fact]
    public void The_time_stamp_counter_is_set_and_adjusted()
    {
        Assert.True(_bench.Core.TryWriteMsr(0x10, 1_000_000));
        Assert.Equal(1_000_000UL, _bench.Core.Tsc);
        Assert.True(_bench.Core.TryReadMsr(0x3B, out ulong adjust));
        Assert.True(_bench.Core.TryWriteMsr(0x3B, adjust + 5));
        Assert.Equal(1_000_005UL, _bench.Core.Tsc);
        // The local APIC compares with the counter without the offset.
        Assert.True(_bench.Core.TryWriteMsr(0x6E0, 1_000_105));
        Assert.Equal("msr 6e0 64", _bench.Log[^1]);
        Assert.True(_bench.Core.TryWriteMsr(0x6E0, 0));
        Assert.Equal("msr 6e0 0", _bench.Log[^1]);
    }

    [Fact]
    public void Fxsave_and_fxrstor_move_the_state()
    {
        byte* image = _bench.Cpu->Vectors;
        _bench.Cpu->Cr4 |= X86Cpu.Cr4Osfxsr;
        *(ulong*)(image + 512) = 3;
        for (int i = 0; i < 416; i++)
            image[i] = (byte)(i * 7);
        *(uint*)(image + 24) = 0x1FA0;
        *(uint*)(image + 28) = 0xFFFF;
        Execute(16, 0x0F, 0xAE, 0x06, 0x00, 0x40); // fxsave [4000h]
        Assert.Equal(new ReadOnlySpan<byte>(image + 32, 128).ToArray(), new ReadOnlySpan<byte>(_bench.Ram.Host + 0x4000 + 32, 128).ToArray());
        Assert.Equal(new ReadOnlySpan<byte>(image + 160, 128).ToArray(), new ReadOnlySpan<byte>(_bench.Ram.Host + 0x4000 + 160, 128).ToArray());
        Assert.Equal(0UL, _bench.Read64(0x4000 + 160 + 128)); // xmm8 and above are 64-bit mode's
        Assert.Equal(0x1FA0u, _bench.Read32(0x4018));
        _bench.Write64(0x40A0, 0x1122_3344_5566_7788);
        Execute(16, 0x0F, 0xAE, 0x0E, 0x00, 0x40); // fxrstor
        Assert.Equal(0x1122_3344_5566_7788UL, *(ulong*)(image + 160));
        _bench.Write32(0x4018, 0x1_0000);
        Assert.Equal(X86Vector.GeneralProtection, Fault(16, 0x0F, 0xAE, 0x0E, 0x00, 0x40).Vector);
        Assert.Equal(X86Vector.GeneralProtection, Fault(16, 0x0F, 0xAE, 0x06, 0x08, 0x40).Vector); // not aligned
    }

    [Fact]
    public void Xsave_leaves_out_what_is_not_asked_for_and_xrstor_makes_it_initial()
    {
        EnableXsave(7);
        byte* image = _bench.Cpu->Vectors;
        *(ulong*)(image + 512) = 7;
        *(uint*)(image + 24) = 0x1F80;
        *(ulong*)(image + 160) = 11;
        *(ulong*)(image + 576) = 22;
        _bench.Cpu->Gpr[0] = 6;
        Execute(16, 0x0F, 0xAE, 0x26, 0x00, 0x40); // xsave [4000h]
        Assert.Equal((6UL, 11UL, 22UL, 0UL), (_bench.Read64(0x4200), _bench.Read64(0x40A0), _bench.Read64(0x4240), _bench.Read64(0x4000)));
        _bench.Write64(0x4200, 2);
        _bench.Cpu->Gpr[0] = 7;
        Execute(16, 0x0F, 0xAE, 0x2E, 0x00, 0x40); // xrstor
        Assert.Equal((2UL, 11UL, 0UL), (*(ulong*)(image + 512), *(ulong*)(image + 160), *(ulong*)(image + 576)));
        Assert.Equal(0x37F, *(ushort*)image);
        _bench.Write64(0x4200, 1 << 9);
        Assert.Equal(X86Vector.GeneralProtection, Fault(16, 0x0F, 0xAE, 0x2E, 0x00, 0x40).Vector);
    }

    [Fact]
    public void Xsavec_packs_what_is_in_use()
    {
        EnableXsave(0xE7);
        byte* image = _bench.Cpu->Vectors;
        *(ulong*)(image + 512) = 0x44; // AVX and the upper halves of zmm0 to 15
        *(uint*)(image + 24) = 0x1F80;
        *(ulong*)(image + 576) = 22;
        *(ulong*)(image + 1152) = 33;
        _bench.Cpu->Gpr[0] = 0x46;
        Execute(16, 0x0F, 0xC7, 0x26, 0x00, 0x40); // xsavec
        Assert.Equal((0x44UL, 0x8000_0000_0000_0046UL), (_bench.Read64(0x4200), _bench.Read64(0x4208)));
        Assert.Equal((22UL, 33UL), (_bench.Read64(0x4240), _bench.Read64(0x4240 + 256)));
        *(ulong*)(image + 1152) = 0;
        Execute(16, 0x0F, 0xAE, 0x2E, 0x00, 0x40); // xrstor
        Assert.Equal(33UL, *(ulong*)(image + 1152));
    }

    [Theory]
    [InlineData(new byte[] { 0xD9, 0xE8 }, X86Cpu.Cr0Ts, X86Vector.DeviceNotAvailable)] // fld1
    [InlineData(new byte[] { 0xD9, 0xE8 }, X86Cpu.Cr0Em, X86Vector.DeviceNotAvailable)]
    [InlineData(new byte[] { 0x9B }, X86Cpu.Cr0Ts | X86Cpu.Cr0Mp, X86Vector.DeviceNotAvailable)] // fwait
    [InlineData(new byte[] { 0x0F, 0x6F, 0xC0 }, X86Cpu.Cr0Em, X86Vector.InvalidOpcode)] // movq mm0, mm0
    [InlineData(new byte[] { 0x0F, 0x6F, 0xC0 }, X86Cpu.Cr0Ts, X86Vector.DeviceNotAvailable)]
    [InlineData(new byte[] { 0x0F, 0x28, 0xC0 }, 0UL, X86Vector.InvalidOpcode)] // movaps, OSFXSR clear
    [InlineData(new byte[] { 0x0F, 0xAE, 0x10 }, 0UL, X86Vector.InvalidOpcode)] // ldmxcsr
    [InlineData(new byte[] { 0xC5, 0xF8, 0x28, 0xC0 }, 0UL, X86Vector.InvalidOpcode)] // vmovaps
    [InlineData(new byte[] { 0x0F, 0xAE, 0x20 }, 0UL, X86Vector.InvalidOpcode)] // xsave
    [InlineData(new byte[] { 0x0F, 0xAE, 0xF8 }, X86Cpu.Cr0Ts | X86Cpu.Cr0Em, null)] // sfence
    [InlineData(new byte[] { 0x0F, 0xC3, 0x00 }, X86Cpu.Cr0Ts | X86Cpu.Cr0Em, null)] // movnti
    [InlineData(new byte[] { 0xC4, 0xE2, 0x78, 0xF2, 0xC0 }, X86Cpu.Cr0Ts | X86Cpu.Cr0Em, null)] // andn
    [InlineData(new byte[] { 0x90 }, X86Cpu.Cr0Ts | X86Cpu.Cr0Em, null)]
    public void Control_bits_decide_what_may_run(byte[] bytes, ulong cr0, X86Vector? expected)
    {
        _bench.Cpu->Cr0 |= cr0 | X86Cpu.Cr0Pe;
        Instruction insn = Decode(32, bytes);
        X86Fault? fault = Record.Exception(() => _bench.Core.CheckFpu(insn)) as X86Fault;
        Assert.Equal(expected, fault?.Vector);
    }

    [Fact]
    public void A_pending_x87_exception_is_a_fault_or_a_line()
    {
        byte* image = _bench.Cpu->Vectors;
        *(ushort*)(image + 2) = 0x80;
        _bench.Core.RaiseFault(Assert.Throws<X86Fault>(() => _bench.Core.CheckFpu(Decode(16, 0xD9, 0xE8))));
        Assert.Equal("FERR True", _bench.Log[^1]);
        Assert.Equal(1, (int)_bench.Cpu->Halted); // until the interrupt that a PC makes of it
        _bench.Cpu->Cr0 |= X86Cpu.Cr0Ne;
        Assert.Equal(X86Vector.X87Fault, Assert.Throws<X86Fault>(() => _bench.Core.CheckFpu(Decode(16, 0x9B))).Vector);
        _bench.Core.CheckFpu(Decode(16, 0xDB, 0xE2)); // fnclex does not wait
    }

    [Fact]
    public void Fnstenv_writes_full_tags_and_masks_exceptions()
    {
        byte* image = _bench.Cpu->Vectors;
        *(ulong*)(image + 512) = 1;
        *(ushort*)image = 0x340;
        *(ushort*)(image + 2) = 6 << 11; // top 6: registers 6 and 7 are st0 and st1
        image[4] = 0xC0;
        *(ulong*)(image + 32) = 1UL << 63; // st0: 1.0
        *(ushort*)(image + 40) = 0x3FFF;
        Execute(16, 0xD9, 0x36, 0x00, 0x40); // fnstenv [4000h]
        Assert.Equal((0x340, 0x3000, 0x4FFF), (_bench.Read16(0x4000), _bench.Read16(0x4002), _bench.Read16(0x4004)));
        Assert.Equal(0x37F, *(ushort*)image);
        Execute(16, 0xD9, 0x26, 0x00, 0x40); // fldenv
        Assert.Equal((0x340, 0xC0), (*(ushort*)image, (int)image[4]));
    }

    [Fact]
    public void Maskmovdqu_writes_the_bytes_that_are_asked_for()
    {
        _bench.Cpu->Cr4 |= X86Cpu.Cr4Osfxsr;
        byte* image = _bench.Cpu->Vectors;
        *(ulong*)(image + 512) = 2;
        *(ulong*)(image + 160) = 0x1122_3344_5566_7788;
        *(ulong*)(image + 176) = 0x8000_0000_0080_0000;
        _bench.Cpu->Gpr[7] = 0x4000;
        Execute(16, 0x66, 0x0F, 0xF7, 0xC1);
        Assert.Equal(0x1100_0000_0066_0000UL, _bench.Read64(0x4000));
    }

    [Fact]
    public void A_gather_takes_the_elements_its_mask_names()
    {
        LongVectors(7);
        byte* image = _bench.Cpu->Vectors;
        for (ulong i = 0; i < 16; i++)
            _bench.Write32(0x4000 + i * 4, 0x100 + i);
        uint[] indices = [3, 15, 1, 0], mask = [uint.MaxValue, 0, 0x8000_0000, uint.MaxValue];
        for (int i = 0; i < 4; i++)
        {
            ((uint*)(image + 160))[i] = 0xAA; // xmm0: what is not named stays
            ((uint*)(image + 176))[i] = indices[i];
            ((uint*)(image + 192))[i] = mask[i];
        }

        *(ulong*)(image + 576) = 0x99; // the upper half of ymm0 goes
        _bench.Cpu->Gpr[0] = 0x4000;
        Execute(64, 0xC4, 0xE2, 0x69, 0x90, 0x04, 0x88); // vpgatherdd xmm0, [rax + xmm1*4], xmm2
        Assert.Equal([0x103, 0xAA, 0x101, 0x100], new ReadOnlySpan<uint>(image + 160, 4).ToArray());
        Assert.Equal((0UL, 0UL, 0UL), (*(ulong*)(image + 192), *(ulong*)(image + 200), *(ulong*)(image + 576)));
    }

    [Fact]
    public void A_gather_that_faults_goes_on_where_it_stopped()
    {
        LongVectors(7);
        byte* image = _bench.Cpu->Vectors;
        _bench.Write64(0x4000, 11);
        _bench.Write64(0x4008, 22);
        ((ulong*)(image + 176))[1] = 1UL << 60; // not canonical
        ((ulong*)(image + 192))[0] = ((ulong*)(image + 192))[1] = ulong.MaxValue;
        _bench.Cpu->Gpr[0] = 0x4000;
        byte[] gather = [0xC4, 0xE2, 0xE9, 0x91, 0x04, 0xC8]; // vpgatherqq xmm0, [rax + xmm1*8], xmm2
        ulong rip = _bench.Cpu->Rip;
        Assert.Equal(X86Vector.GeneralProtection, Fault(64, gather).Vector);
        Assert.Equal((11UL, 0UL, ulong.MaxValue, rip), (*(ulong*)(image + 160), *(ulong*)(image + 192), *(ulong*)(image + 200), _bench.Cpu->Rip));
        _bench.Write64(0x4000, 33);
        ((ulong*)(image + 176))[1] = 1;
        Execute(64, gather);
        Assert.Equal((11UL, 22UL, 0UL), (*(ulong*)(image + 160), *(ulong*)(image + 168), *(ulong*)(image + 200)));
    }

    [Fact]
    public void A_scatter_writes_the_elements_its_mask_names()
    {
        LongVectors(0xE7);
        byte* image = _bench.Cpu->Vectors;
        int masks = _bench.Core.Cpuid.Part(5).Offset, upper = _bench.Core.Cpuid.Part(7).Offset;
        for (int i = 0; i < 16; i++)
        {
            ((uint*)(image + upper))[i] = (uint)i; // zmm16: indices
            ((uint*)(image + upper + 64))[i] = 0x200 + (uint)i; // zmm17
        }

        ((ulong*)(image + masks))[1] = 0x8005;
        *(ulong*)(image + 512) = 0xE7;
        _bench.Cpu->Gpr[0] = 0x4000;
        Execute(64, 0x62, 0xE2, 0x7D, 0x41, 0xA0, 0x0C, 0x80); // vpscatterdd [rax + zmm16*4]{k1}, zmm17
        Assert.Equal((0x200u, 0u, 0x202u, 0x20Fu), (_bench.Read32(0x4000), _bench.Read32(0x4004), _bench.Read32(0x4008), _bench.Read32(0x403C)));
        Assert.Equal(0UL, ((ulong*)(image + masks))[1]);
    }

    [Theory]
    [InlineData(0x60, 0x1000, X86Vector.InvalidTss)] // ldt beyond the table
    [InlineData(0x4C, 0, X86Vector.InvalidTss)] // null cs
    [InlineData(0x4C, 0x10, X86Vector.InvalidTss)] // data as cs
    [InlineData(0x4C, 0x0B, X86Vector.InvalidTss)] // cs of another level
    [InlineData(0x4C, 0x30, X86Vector.SegmentNotPresent)]
    [InlineData(0x50, 0, X86Vector.InvalidTss)] // null ss
    [InlineData(0x50, 0x23, X86Vector.InvalidTss)] // ss of another level
    [InlineData(0x50, 0x38, X86Vector.StackFault)] // absent
    [InlineData(0x54, 0x28, X86Vector.InvalidTss)] // a task as ds
    [InlineData(0x5C, 0x38, X86Vector.SegmentNotPresent)]
    public void A_fault_in_a_task_switch_belongs_to_the_new_task(int field, int selector, X86Vector vector)
    {
        const ulong gdt = 0x4000, tss1 = 0x5000, tss2 = 0x6000;
        ulong[] table = [0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0, 0x00CF_F300_0000_FFFF, Task(tss1, 0x8B), 0x00CF_1B00_0000_FFFF, 0x00CF_1300_0000_FFFF, Task(tss2, 0x89)];
        for (int i = 0; i < table.Length; i++)
            _bench.Write64(gdt + (ulong)i * 8, table[i]);
        X86Cpu* cpu = _bench.Cpu;
        cpu->Gdtr = new TableRegister { Base = gdt, Limit = 0x47 };
        cpu->Cr0 |= X86Cpu.Cr0Pe;
        cpu->Seg(SegmentName.Cs) = new Segment { Limit = uint.MaxValue, Attributes = 0xC09B, Selector = 8 };
        cpu->Seg(SegmentName.Tr) = new Segment { Base = tss1, Limit = 0x67, Attributes = 0x8B, Selector = 0x28 };
        foreach ((int at, uint value) in new[] { (0x20, 0x7777u), (0x24, 2u), (0x48, 0x10u), (0x4C, 8u), (0x50, 0x10u), (0x54, 0x10u) })
            _bench.Write32(tss2 + (ulong)at, value);
        _bench.Write32(tss2 + (ulong)field, (uint)selector);
        cpu->Rip = 0x1234;
        X86Fault fault = Fault(32, 0xEA, 0, 0, 0, 0, 0x40, 0); // jmp 40h:0
        Assert.Equal((vector, (uint)selector & 0xFFFC), (fault.Vector, fault.Error));
        Assert.Equal((0x7777UL, 0x40), (cpu->Rip, cpu->Seg(SegmentName.Tr).Selector));
        Assert.Equal(0x1234u + 7, _bench.Read32(tss1 + 0x20));
        Assert.NotEqual(0UL, cpu->Cr0 & X86Cpu.Cr0Ts);

        static ulong Task(ulong at, ulong type) => 0x67 | at << 16 | type << 40;
    }

    [Fact]
    public void A_port_breakpoint_traps_behind_the_access()
    {
        X86Cpu* cpu = _bench.Cpu;
        cpu->Cr4 |= X86Cpu.Cr4De;
        cpu->Dr[0] = 0x80;
        cpu->Dr[7] = 0x0002_0402;
        Assert.True(_bench.Core.IsWatched);
        _bench.Write16(4, 0x3000);
        (cpu->Seg(SegmentName.Cs).Base, cpu->Rip, cpu->Gpr[4]) = (0, 0x1000, 0x2000);
        _bench.Write(0x1000, [0xE6, 0x81, 0xE6, 0x80]); // out 81h; out 80h
        _bench.Step();
        Assert.Equal(0x1002UL, cpu->Rip);
        _bench.Step();
        Assert.Equal((0x3000UL, 1UL), (cpu->Rip, cpu->Dr[6] & 15));
        Assert.Equal(0x1004, _bench.Read16(0x1FFA));
    }

    // 64-bit mode as far as the core looks at it, without paging.
    private void LongVectors(ulong components)
    {
        EnableXsave(components);
        _bench.Cpu->Efer = X86Cpu.EferLma | X86Cpu.EferLme;
        _bench.Cpu->Cr0 |= X86Cpu.Cr0Pe;
        _bench.Cpu->Seg(SegmentName.Cs) = new Segment { Limit = uint.MaxValue, Attributes = 0xA09B, Selector = 8 };
        *(ulong*)(_bench.Cpu->Vectors + 512) = 7;
    }

    private void EnableXsave(ulong components)
    {
        _bench.Cpu->Cr4 |= X86Cpu.Cr4Osxsave | X86Cpu.Cr4Osfxsr;
        _bench.Cpu->Xcr0 = components;
        _bench.Cpu->Gpr[2] = 0;
    }

    private void Execute(int bits, params byte[] bytes) => _bench.Core.Execute(Decode(bits, bytes));

    private X86Fault Fault(int bits, params byte[] bytes) => Assert.Throws<X86Fault>(() => Execute(bits, bytes));

    private static Instruction Decode(int bits, params byte[] bytes) => Decoder.Create(bits, bytes).Decode();
}
