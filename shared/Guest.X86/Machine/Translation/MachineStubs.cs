using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// The ways into and out of generated code. While it runs, guest registers are in the host registers of the same number, but for four: rsp stays the host's, the guest's rsp is in
/// r15, and r13, r14 and r15 of the guest live in memory, which frees r13 and r14 for addresses.
/// </summary>
internal sealed unsafe class MachineStubs
{
    /// <summary>Where the guest's stack pointer is.</summary>
    public const Reg StackPointer = Reg.R15;

    /// <summary>Free for sequences.</summary>
    public const Reg S0 = Reg.R14, S1 = Reg.R13;

    private const int GuestRsp = 4;

    private readonly byte*[] _missCalls = new byte*[VcpuArea.Seams / VcpuArea.SeamEntries];
    private readonly byte*[] _exits = new byte*[(int)MachineExit.Done + 1];
    private readonly byte*[] _exitsHostFlags = new byte*[(int)MachineExit.Done + 1];

    // Saved and loaded in this order: host register, guest register.
    private static ReadOnlySpan<byte> HostRegisters => [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15];

    /// <summary>Emits them.</summary>
    /// <param name="a">Where to; the position moves on.</param>
    /// <param name="miss">Managed <c>ulong miss(VcpuArea*)</c>, called for a TLB miss.</param>
    /// <param name="hasXsaveopt">Host feature.</param>
    public MachineStubs(ref X64Asm a, delegate* unmanaged<VcpuArea*, ulong> miss, bool hasXsaveopt)
    {
        byte* leave = EmitLeave(ref a, hasXsaveopt);
        for (int i = 0; i < _exits.Length; i++)
        {
            _exitsHostFlags[i] = a.Position;
            EmitSaveFlags(ref a);
            _exits[i] = a.Position;
            EmitSaveRegisters(ref a);
            a.MovImm(Reg.Rax, (ulong)i);
            a.Jmp(leave);
        }

        FaultExit = a.Position;
        EmitSaveFlags(ref a, AreaSlot.FaultFlags);
        a.Jmp(_exits[(int)MachineExit.HostFault]);
        Enter = a.Position;
        EmitEnter(ref a);
        LoadVectors = a.Position;
        EmitLoadVectors(ref a);
        byte* missCall = a.Position;
        EmitMiss(ref a, miss, leave, hasXsaveopt);
        for (int table = 0; table < _missCalls.Length; table++)
        {
            _missCalls[table] = a.Position;
            EmitSeam(ref a, table * VcpuArea.SeamEntries * 8, missCall);
        }
    }

    /// <summary><c>uint enter()</c>: runs from <see cref="VcpuArea.EnterTarget"/> with the flags in <see cref="VcpuArea.Flags"/>; the result is a <see cref="MachineExit"/>.</summary>
    public byte* Enter { get; }

    /// <summary>Where a thread goes on behind an exception of the host's processor; its flags go to <see cref="VcpuArea.FaultFlags"/>.</summary>
    public byte* FaultExit { get; }

    /// <summary>Called by a block that uses vector or floating-point registers which are not loaded. Keeps all registers but the flags and S0.</summary>
    public byte* LoadVectors { get; }

    /// <summary>Called with a linear address in S0 and the site in <see cref="VcpuArea.ExitSite"/>; returns with the host address in S0, or leaves. S1 and the flags are lost.</summary>
    public byte* MissCall(int view, bool isWrite) => _missCalls[VcpuArea.SeamTable(view, isWrite) / VcpuArea.SeamEntries];

    /// <summary>Where to leave: with the flags in host flags, or saved already.</summary>
    public byte* Exit(MachineExit reason, bool flagsInHost) => flagsInHost ? _exitsHostFlags[(int)reason] : _exits[(int)reason];

    /// <summary>Flags to memory. Needs no free register.</summary>
    public static void EmitSaveFlags(ref X64Asm a) => EmitSaveFlags(ref a, AreaSlot.Flags);

    /// <summary>Flags to memory, by way of a free register.</summary>
    public static void EmitSaveFlags(ref X64Asm a, Reg free)
    {
        a.Mov(free, Reg.Rax);
        a.Lahf();
        a.SetoAl();
        a.MovWord(AreaSlot.At(AreaSlot.Flags), Reg.Rax);
        a.Mov(Reg.Rax, free);
    }

    /// <summary>Flags from memory. Needs no free register.</summary>
    public static void EmitLoadFlags(ref X64Asm a)
    {
        a.Mov(AreaSlot.At(AreaSlot.RaxSave), Reg.Rax);
        a.MovzxWord(Reg.Rax, AreaSlot.At(AreaSlot.Flags));
        a.AddAl7F();
        a.Sahf();
        a.Mov(Reg.Rax, AreaSlot.At(AreaSlot.RaxSave));
    }

    /// <summary>Flags from memory, by way of a free register.</summary>
    public static void EmitLoadFlags(ref X64Asm a, Reg free)
    {
        a.Mov(free, Reg.Rax);
        a.MovzxWord(Reg.Rax, AreaSlot.At(AreaSlot.Flags));
        a.AddAl7F();
        a.Sahf();
        a.Mov(Reg.Rax, free);
    }

    private static void EmitSaveFlags(ref X64Asm a, int slot)
    {
        a.Mov(AreaSlot.At(AreaSlot.RaxSave), Reg.Rax);
        a.Lahf();
        a.SetoAl();
        a.MovWord(AreaSlot.At(slot), Reg.Rax);
        a.Mov(Reg.Rax, AreaSlot.At(AreaSlot.RaxSave));
    }

    /// <summary>Guest register that a host register holds.</summary>
    private static int GuestOf(int host) => host == (int)StackPointer ? GuestRsp : host;

    private static void EmitSaveRegisters(ref X64Asm a)
    {
        foreach (byte host in HostRegisters)
            a.Mov(AreaSlot.Gpr(GuestOf(host)), (Reg)host);
    }

    private static void EmitSaveVectors(ref X64Asm a, bool hasXsaveopt)
    {
        a.Cmp32(AreaSlot.At(AreaSlot.VectorsLoaded), 0);
        byte* notLoaded = a.JccForward(Cond.E);
        a.Mov(Reg.R11, Reg.Rax);
        a.Mov(Reg.Rcx, AreaSlot.At(AreaSlot.Vectors));
        a.Mov32(Reg.Rax, AreaSlot.At(AreaSlot.VectorMask));
        a.Xor32(Reg.Rdx, Reg.Rdx);
        if (hasXsaveopt)
            a.Xsaveopt64(Mem.At(Reg.Rcx));
        else
            a.Xsave64(Mem.At(Reg.Rcx));
        a.Vzeroupper();
        a.Ldmxcsr(AreaSlot.At(AreaSlot.HostMxcsr));
        a.Mov(Reg.Rax, Reg.R11);
        a.Here(notLoaded);
    }

    // Registers are saved, the reason is in eax.
    private static byte* EmitLeave(ref X64Asm a, bool hasXsaveopt)
    {
        byte* leave = a.Position;
        EmitSaveVectors(ref a, hasXsaveopt);
        a.Mov32(AreaSlot.At(AreaSlot.VectorsLoaded), 0);
        a.Mov(Reg.Rsp, AreaSlot.At(AreaSlot.HostSp));
        foreach (Reg r in (ReadOnlySpan<Reg>)[Reg.R15, Reg.R14, Reg.R13, Reg.R12, Reg.Rbp, Reg.Rbx])
            a.Pop(r);
        a.Ret();
        return leave;
    }

    private static void EmitEnter(ref X64Asm a)
    {
        foreach (Reg r in (ReadOnlySpan<Reg>)[Reg.Rbx, Reg.Rbp, Reg.R12, Reg.R13, Reg.R14, Reg.R15])
            a.Push(r);
        a.Mov(AreaSlot.At(AreaSlot.HostSp), Reg.Rsp);
        a.Sub(Reg.Rsp, 8);
        foreach (byte host in HostRegisters)
            a.Mov((Reg)host, AreaSlot.Gpr(GuestOf(host)));
        a.Jmp(AreaSlot.At(AreaSlot.EnterTarget));
    }

    private static void EmitLoadVectors(ref X64Asm a)
    {
        a.Mov(AreaSlot.At(AreaSlot.RaxSave), Reg.Rax);
        a.Mov(AreaSlot.At(AreaSlot.Temp), Reg.Rdx);
        a.Mov(S0, AreaSlot.At(AreaSlot.Vectors));
        a.Mov32(Reg.Rax, AreaSlot.At(AreaSlot.VectorMask));
        a.Xor32(Reg.Rdx, Reg.Rdx);
        a.Xrstor64(Mem.At(S0));
        a.Mov32(AreaSlot.At(AreaSlot.VectorsLoaded), 1);
        a.Mov(Reg.Rdx, AreaSlot.At(AreaSlot.Temp));
        a.Mov(Reg.Rax, AreaSlot.At(AreaSlot.RaxSave));
        a.Ret();
    }

    // An operand across two pages that are mapped side by side.
    private static void EmitSeam(ref X64Asm a, int table, byte* miss)
    {
        a.Mov32(S1, S0);
        a.Shift(Shift.Shr, S1, 12, wide: false);
        a.And32(S1, VcpuArea.SeamEntries - 1);
        a.Sub(S0, AreaSlot.Indexed(S1, AreaSlot.SeamTags + table));
        a.Cmp(S0, VcpuArea.SeamBytes);
        byte* none = a.JccForward(Cond.AE);
        a.Add(S0, AreaSlot.Indexed(S1, AreaSlot.SeamHosts + table));
        a.Ret();
        a.Here(none);
        a.Add(S0, AreaSlot.Indexed(S1, AreaSlot.SeamTags + table));
        a.Jmp(miss);
    }

    // Entered by a call: the stack is 8 off its alignment.
    private static void EmitMiss(ref X64Asm a, delegate* unmanaged<VcpuArea*, ulong> miss, byte* leave, bool hasXsaveopt)
    {
        a.Mov(AreaSlot.At(AreaSlot.ExitAddress), S0);
        EmitSaveRegisters(ref a);
        EmitSaveVectors(ref a, hasXsaveopt);
        a.Mov(Reg.Rdi, AreaSlot.At(AreaSlot.Self));
        a.MovImm(Reg.Rax, (ulong)miss);
        a.Sub(Reg.Rsp, 8);
        a.Bytes([0xFF, 0xD0]); // call rax
        a.Add(Reg.Rsp, 8);
        a.Cmp(Reg.Rax, (int)MachineExit.Done);
        byte* found = a.JccForward(Cond.A);
        a.Mov32(AreaSlot.At(AreaSlot.VectorsLoaded), 0); // they are saved
        a.Jmp(leave);
        a.Here(found);
        a.Mov(S0, Reg.Rax);
        a.Cmp32(AreaSlot.At(AreaSlot.VectorsLoaded), 0);
        byte* notLoaded = a.JccForward(Cond.E);
        a.Mov(Reg.R11, AreaSlot.At(AreaSlot.Vectors));
        a.Mov32(Reg.Rax, AreaSlot.At(AreaSlot.VectorMask));
        a.Xor32(Reg.Rdx, Reg.Rdx);
        a.Xrstor64(Mem.At(Reg.R11));
        a.Here(notLoaded);
        foreach (byte host in HostRegisters)
            if (host < 12 && host != 3 && host != 5)
                a.Mov((Reg)host, AreaSlot.Gpr(host));
        a.Ret();
    }
}
