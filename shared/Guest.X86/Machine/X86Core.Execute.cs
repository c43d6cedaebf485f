using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Which instructions are special, and what is done for each.</summary>
public sealed unsafe partial class X86Core
{
    private ulong _nextRip;
    private byte _shadow;

    /// <summary>True for instructions that <see cref="Execute"/> must do; false for plain computation on registers and at most one memory operand.</summary>
    public static bool IsSpecial(in Instruction insn)
    {
        if (insn.FlowControl != FlowControl.Next || insn.IsStackInstruction || insn.IsStringInstruction || insn.IsPrivileged || insn.IsVsib || insn.Code == Code.INVALID)
            return true;
        switch (insn.Mnemonic)
        {
            case Mnemonic.Mov:
                return insn.Code is Code.Mov_Sreg_rm16 or Code.Mov_Sreg_r32m16 or Code.Mov_Sreg_r64m16 or Code.Mov_rm16_Sreg or Code.Mov_r32m16_Sreg or Code.Mov_r64m16_Sreg;
            case Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lss or Mnemonic.Lfs or Mnemonic.Lgs:
            case Mnemonic.Lar or Mnemonic.Lsl or Mnemonic.Verr or Mnemonic.Verw or Mnemonic.Arpl:
            case Mnemonic.Sgdt or Mnemonic.Sidt or Mnemonic.Sldt or Mnemonic.Str or Mnemonic.Smsw or Mnemonic.Lgdt or Mnemonic.Lidt or Mnemonic.Lldt or Mnemonic.Ltr or Mnemonic.Lmsw:
            case Mnemonic.Cli or Mnemonic.Sti or Mnemonic.Hlt or Mnemonic.Clts or Mnemonic.Invlpg or Mnemonic.Invpcid or Mnemonic.Wbinvd or Mnemonic.Invd or Mnemonic.Wbnoinvd:
            case Mnemonic.In or Mnemonic.Out:
            case Mnemonic.Rdmsr or Mnemonic.Wrmsr or Mnemonic.Rdtsc or Mnemonic.Rdtscp or Mnemonic.Rdpmc or Mnemonic.Rdpid or Mnemonic.Cpuid:
            case Mnemonic.Xgetbv or Mnemonic.Xsetbv or Mnemonic.Stac or Mnemonic.Clac or Mnemonic.Swapgs:
            case Mnemonic.Rdfsbase or Mnemonic.Rdgsbase or Mnemonic.Wrfsbase or Mnemonic.Wrgsbase:
            case Mnemonic.Monitor or Mnemonic.Mwait or Mnemonic.Monitorx or Mnemonic.Mwaitx:
            case Mnemonic.Bound or Mnemonic.Xlatb:
            case Mnemonic.Daa or Mnemonic.Das or Mnemonic.Aaa or Mnemonic.Aas or Mnemonic.Aam or Mnemonic.Aad or Mnemonic.Salc:
            case Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu:
            case Mnemonic.Fxsave or Mnemonic.Fxsave64 or Mnemonic.Fxrstor or Mnemonic.Fxrstor64:
            case Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or Mnemonic.Xsavec64 or Mnemonic.Xsaves or Mnemonic.Xsaves64:
            case Mnemonic.Xrstor or Mnemonic.Xrstor64 or Mnemonic.Xrstors or Mnemonic.Xrstors64:
            case Mnemonic.Fnsave or Mnemonic.Frstor or Mnemonic.Fnstenv or Mnemonic.Fldenv:
            case Mnemonic.Vmfunc or Mnemonic.Getsec or Mnemonic.Xtest or Mnemonic.Rsm or Mnemonic.Encls or Mnemonic.Enclu or Mnemonic.Enclv:
            // The host may have these, the machine has not: see SystemCpuid.
            case Mnemonic.Rdpkru or Mnemonic.Wrpkru or Mnemonic.Rdpru or Mnemonic.Clzero or Mnemonic.Movdir64b or Mnemonic.Enqcmd or Mnemonic.Enqcmds or Mnemonic.Ptwrite:
            case Mnemonic.Umonitor or Mnemonic.Umwait or Mnemonic.Tpause or Mnemonic.Clui or Mnemonic.Stui or Mnemonic.Testui or Mnemonic.Uiret or Mnemonic.Senduipi:
            case Mnemonic.Ldtilecfg or Mnemonic.Sttilecfg or Mnemonic.Tilezero or Mnemonic.Tileloadd or Mnemonic.Tileloaddt1 or Mnemonic.Tilestored or Mnemonic.Tilerelease:
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Performs the special instruction at Rip and advances Rip, or jumps. A repeated string instruction does a bounded number of iterations and
    /// leaves Rip where it is while some are left. Where the decoder thought the instruction is does not matter.
    /// </summary>
    /// <exception cref="X86Fault">It faulted; nothing has changed.</exception>
    public void Execute(in Instruction insn)
    {
        SetNextRip(insn);
        _inRepeat = false;
        _shadow = 0;
        _stepRule = StepRule.Before;
        if (!Dispatch(insn))
            _cpu->Rip = _nextRip;
        _cpu->InterruptShadow = _shadow;
        if ((_pendingDebug & DrTaskSwitch) != 0)
            DeliverPendingDebug();
    }

    // True when Rip has been set.
    private bool Dispatch(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Jmp:
                Jump(insn);
                return true;
            case Mnemonic.Call:
                Call(insn);
                return true;
            case Mnemonic.Ret:
                NearReturn(insn);
                return true;
            case Mnemonic.Retf:
                FarReturn(FarSize(insn.Code is Code.Retfw or Code.Retfw_imm16, insn.Code is Code.Retfq or Code.Retfq_imm16), insn.OpCount == 0 ? 0 : insn.Immediate16);
                return true;
            case Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq:
                InterruptReturn(FarSize(insn.Code == Code.Iretw, insn.Code == Code.Iretq));
                return true;
            case Mnemonic.Loop or Mnemonic.Loope or Mnemonic.Loopne:
                Loop(insn);
                return true;
            case Mnemonic.Jcxz or Mnemonic.Jecxz or Mnemonic.Jrcxz:
                int countBits = insn.Mnemonic == Mnemonic.Jcxz ? 16 : insn.Mnemonic == Mnemonic.Jecxz ? 32 : 64;
                BranchIf(insn, Cut(_cpu->Gpr[Rcx], countBits) == 0);
                return true;
            case Mnemonic.Int:
                SoftwareInterrupt(insn.Immediate8, Cause.Software, NextRip);
                return true;
            case Mnemonic.Int3:
                SoftwareInterrupt((int)X86Vector.Breakpoint, Cause.SoftwareException, NextRip);
                return true;
            case Mnemonic.Int1:
                SoftwareInterrupt((int)X86Vector.Debug, Cause.Exception, NextRip);
                return true;
            case Mnemonic.Into:
                if ((_cpu->Rflags & X86Cpu.FlagOf) == 0)
                    return false;
                SoftwareInterrupt((int)X86Vector.Overflow, Cause.SoftwareException, NextRip);
                return true;
            case Mnemonic.Syscall:
                SystemCall(NextRip);
                return true;
            case Mnemonic.Sysret or Mnemonic.Sysretq:
                SystemReturn(insn.Code == Code.Sysretq ? 8 : 4);
                return true;
            case Mnemonic.Sysenter:
                SystemEnter();
                return true;
            case Mnemonic.Sysexit or Mnemonic.Sysexitq:
                SystemExit(insn.Code == Code.Sysexitq ? 8 : 4);
                return true;
            case Mnemonic.Out:
                // What the device does may look at, and change, the processor: it is behind the instruction then.
                ulong before = _cpu->Rip;
                _cpu->Rip = NextRip;
                try
                {
                    Out(insn);
                }
                catch (X86Fault)
                {
                    _cpu->Rip = before;
                    throw;
                }

                return true;
            default:
                if (insn.IsJccShortOrNear)
                {
                    BranchIf(insn, Holds(insn.ConditionCode));
                    return true;
                }

                if (!DispatchStack(insn) && !DispatchString(insn) && !DispatchSystem(insn) && !DispatchRest(insn))
                    throw Undefined();
                return false;
        }
    }

    private bool DispatchStack(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Push:
                PushInstruction(insn);
                return true;
            case Mnemonic.Pop:
                PopInstruction(insn);
                return true;
            case Mnemonic.Pusha or Mnemonic.Pushad:
                PushGeneral(insn.Code == Code.Pushaw ? 2 : 4);
                return true;
            case Mnemonic.Popa or Mnemonic.Popad:
                PopGeneral(insn.Code == Code.Popaw ? 2 : 4);
                return true;
            case Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq:
                PushFlags(FarSize(insn.Code == Code.Pushfw, insn.Code == Code.Pushfq));
                return true;
            case Mnemonic.Popf or Mnemonic.Popfd or Mnemonic.Popfq:
                PopFlags(FarSize(insn.Code == Code.Popfw, insn.Code == Code.Popfq));
                return true;
            case Mnemonic.Enter:
                Enter(FarSize(insn.Code == Code.Enterw_imm16_imm8, insn.Code == Code.Enterq_imm16_imm8), insn.Immediate16, insn.Immediate8_2nd & 31);
                return true;
            case Mnemonic.Leave:
                Leave(FarSize(insn.Code == Code.Leavew, insn.Code == Code.Leaveq));
                return true;
            default:
                return false;
        }
    }

    private bool DispatchString(in Instruction insn)
    {
        switch (insn.Code)
        {
            case Code.Movsb_m8_m8 or Code.Movsw_m16_m16 or Code.Movsd_m32_m32 or Code.Movsq_m64_m64:
                StringInstruction(insn, StringKind.Move, 1 << (insn.Code - Code.Movsb_m8_m8));
                return true;
            case Code.Stosb_m8_AL or Code.Stosw_m16_AX or Code.Stosd_m32_EAX or Code.Stosq_m64_RAX:
                StringInstruction(insn, StringKind.Store, 1 << (insn.Code - Code.Stosb_m8_AL));
                return true;
            case Code.Lodsb_AL_m8 or Code.Lodsw_AX_m16 or Code.Lodsd_EAX_m32 or Code.Lodsq_RAX_m64:
                StringInstruction(insn, StringKind.Load, 1 << (insn.Code - Code.Lodsb_AL_m8));
                return true;
            case Code.Cmpsb_m8_m8 or Code.Cmpsw_m16_m16 or Code.Cmpsd_m32_m32 or Code.Cmpsq_m64_m64:
                StringInstruction(insn, StringKind.Compare, 1 << (insn.Code - Code.Cmpsb_m8_m8));
                return true;
            case Code.Scasb_AL_m8 or Code.Scasw_AX_m16 or Code.Scasd_EAX_m32 or Code.Scasq_RAX_m64:
                StringInstruction(insn, StringKind.Scan, 1 << (insn.Code - Code.Scasb_AL_m8));
                return true;
            case Code.Insb_m8_DX or Code.Insw_m16_DX or Code.Insd_m32_DX:
                StringInstruction(insn, StringKind.In, 1 << (insn.Code - Code.Insb_m8_DX));
                return true;
            case Code.Outsb_DX_m8 or Code.Outsw_DX_m16 or Code.Outsd_DX_m32:
                StringInstruction(insn, StringKind.Out, 1 << (insn.Code - Code.Outsb_DX_m8));
                return true;
            default:
                return false;
        }
    }

    private bool DispatchSystem(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Mov:
                MoveSystem(insn);
                return true;
            case Mnemonic.In:
                In(insn);
                return true;
            case Mnemonic.Cli:
                ClearInterrupts();
                return true;
            case Mnemonic.Sti:
                SetInterrupts();
                return true;
            case Mnemonic.Hlt:
                Halt();
                return true;
            case Mnemonic.Swapgs:
                SwapGs();
                return true;
            case Mnemonic.Rdmsr:
                ReadMsr();
                return true;
            case Mnemonic.Wrmsr:
                WriteMsr();
                return true;
            case Mnemonic.Rdtsc:
                ReadTsc(withAux: false);
                return true;
            case Mnemonic.Rdtscp:
                ReadTsc(withAux: true);
                return true;
            case Mnemonic.Rdpid:
                SetRegister(insn.Op0Register, _cpu->TscAux);
                return true;
            case Mnemonic.Rdpmc:
                if (_cpu->Cpl != 0 && (_cpu->Cr4 & X86Cpu.Cr4Pce) == 0)
                    throw Protection(0);
                SetPair(0);
                return true;
            case Mnemonic.Cpuid:
                IdentifyProcessor();
                return true;
            case Mnemonic.Invlpg:
                InvalidatePage(insn);
                return true;
            case Mnemonic.Invpcid:
                InvalidateByPcid(insn);
                return true;
            case Mnemonic.Wbinvd or Mnemonic.Invd or Mnemonic.Wbnoinvd:
                RequireKernel();
                return true;
            case Mnemonic.Clts:
                ClearTaskSwitched();
                return true;
            case Mnemonic.Lmsw:
                LoadMachineStatus(insn);
                return true;
            case Mnemonic.Smsw:
                StoreMachineStatus(insn);
                return true;
            case Mnemonic.Lgdt:
                LoadTable(insn, ref _cpu->Gdtr);
                return true;
            case Mnemonic.Lidt:
                LoadTable(insn, ref _cpu->Idtr);
                return true;
            case Mnemonic.Sgdt:
                StoreTable(insn, _cpu->Gdtr);
                return true;
            case Mnemonic.Sidt:
                StoreTable(insn, _cpu->Idtr);
                return true;
            case Mnemonic.Lldt:
                LoadSystemSegment(insn, task: false);
                return true;
            case Mnemonic.Ltr:
                LoadSystemSegment(insn, task: true);
                return true;
            case Mnemonic.Sldt:
                StoreSelector(insn, SegmentName.Ldtr);
                return true;
            case Mnemonic.Str:
                StoreSelector(insn, SegmentName.Tr);
                return true;
            case Mnemonic.Stac:
                SetAlignmentFlag(true);
                return true;
            case Mnemonic.Clac:
                SetAlignmentFlag(false);
                return true;
            case Mnemonic.Xgetbv:
                GetExtendedControl();
                return true;
            case Mnemonic.Xsetbv:
                SetExtendedControl();
                return true;
            case Mnemonic.Rdfsbase or Mnemonic.Wrfsbase:
                AccessBase(insn, SegmentName.Fs, insn.Mnemonic == Mnemonic.Wrfsbase);
                return true;
            case Mnemonic.Rdgsbase or Mnemonic.Wrgsbase:
                AccessBase(insn, SegmentName.Gs, insn.Mnemonic == Mnemonic.Wrgsbase);
                return true;
            case Mnemonic.Monitor:
                Monitor(insn);
                return true;
            case Mnemonic.Mwait:
                MonitorWait();
                return true;
            default:
                return false;
        }
    }

    private bool DispatchRest(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Lds:
                LoadFarPointer(insn, SegmentName.Ds);
                return true;
            case Mnemonic.Les:
                LoadFarPointer(insn, SegmentName.Es);
                return true;
            case Mnemonic.Lss:
                LoadFarPointer(insn, SegmentName.Ss);
                return true;
            case Mnemonic.Lfs:
                LoadFarPointer(insn, SegmentName.Fs);
                return true;
            case Mnemonic.Lgs:
                LoadFarPointer(insn, SegmentName.Gs);
                return true;
            case Mnemonic.Lar:
                LoadRights(insn, limit: false);
                return true;
            case Mnemonic.Lsl:
                LoadRights(insn, limit: true);
                return true;
            case Mnemonic.Verr:
                Verify(insn, write: false);
                return true;
            case Mnemonic.Verw:
                Verify(insn, write: true);
                return true;
            case Mnemonic.Arpl:
                AdjustRpl(insn);
                return true;
            case Mnemonic.Bound:
                Bound(insn);
                return true;
            case Mnemonic.Xlatb:
                Translate(insn);
                return true;
            case Mnemonic.Daa or Mnemonic.Das:
                DecimalAdjust(insn.Mnemonic == Mnemonic.Das);
                return true;
            case Mnemonic.Aaa or Mnemonic.Aas:
                AsciiAdjust(insn.Mnemonic == Mnemonic.Aas);
                return true;
            case Mnemonic.Aam:
                AsciiMultiply(insn.Immediate8);
                return true;
            case Mnemonic.Aad:
                AsciiDivide(insn.Immediate8);
                return true;
            case Mnemonic.Salc:
                SetRegister(Register.AL, (_cpu->Rflags & X86Cpu.FlagCf) != 0 ? 0xFFu : 0);
                return true;
            default:
                return DispatchFpu(insn);
        }
    }

    private static int FarSize(bool word, bool quad) => word ? 2 : quad ? 8 : 4;

    private void ReadTsc(bool withAux)
    {
        if (_cpu->Cpl != 0 && (_cpu->Cr4 & X86Cpu.Cr4Tsd) != 0)
            throw Protection(0);
        SetPair(Tsc);
        if (withAux)
            _cpu->Gpr[Rcx] = (uint)_cpu->TscAux;
    }

    private void IdentifyProcessor()
    {
        Cpu.CpuidLeaf leaf = Cpuid.Query((uint)_cpu->Gpr[Rax], (uint)_cpu->Gpr[Rcx], _cpu->Cr4, _cpu->Xcr0);
        _cpu->Gpr[Rax] = leaf.Eax;
        _cpu->Gpr[Rbx] = leaf.Ebx;
        _cpu->Gpr[Rcx] = leaf.Ecx;
        _cpu->Gpr[Rdx] = leaf.Edx;
    }

    private void MoveSystem(in Instruction insn)
    {
        switch (insn.Code)
        {
            case Code.Mov_r32_cr or Code.Mov_r64_cr:
                MoveFromControl(insn);
                break;
            case Code.Mov_cr_r32 or Code.Mov_cr_r64:
                MoveToControl(insn);
                break;
            case Code.Mov_r32_dr or Code.Mov_r64_dr:
                MoveFromDebug(insn);
                break;
            case Code.Mov_dr_r32 or Code.Mov_dr_r64:
                MoveToDebug(insn);
                break;
            case Code.Mov_rm16_Sreg or Code.Mov_r32m16_Sreg or Code.Mov_r64m16_Sreg:
                WriteOperand(insn, 0, 2, _cpu->Seg(insn.Op1Register - Register.ES).Selector);
                break;
            case Code.Mov_Sreg_rm16 or Code.Mov_Sreg_r32m16 or Code.Mov_Sreg_r64m16:
                SegmentName name = (SegmentName)(insn.Op0Register - Register.ES);
                if (name == SegmentName.Cs)
                    throw Undefined();
                LoadSegment(name, (ushort)ReadOperand(insn, 1, 2));
                if (name == SegmentName.Ss)
                    HoldTraps();
                break;
            default:
                throw Undefined(); // test registers
        }
    }

    // Behind a load of SS neither interrupts nor debug traps come in before the next instruction.
    private void HoldTraps()
    {
        _shadow = ShadowOfStack;
        _stepRule = StepRule.Never;
    }

    private void LoadFarPointer(in Instruction insn, SegmentName name)
    {
        int size = RegisterBytes(insn.Op0Register);
        ulong offset = ReadMemory(insn, 0, size);
        LoadSegment(name, (ushort)ReadMemory(insn, size, 2));
        SetRegister(insn.Op0Register, offset);
        if (name == SegmentName.Ss)
            HoldTraps();
    }

    private static bool IsSegment(Register r) => r is >= Register.ES and <= Register.GS;

    private void PushInstruction(in Instruction insn)
    {
        int size = -insn.StackPointerIncrement;
        ulong value = insn.Op0Kind switch
        {
            OpKind.Register => GetRegister(insn.Op0Register),
            OpKind.Memory => ReadOperand(insn, 0, size),
            _ => insn.GetImmediate(0),
        };
        Push(value, size);
    }

    private void PopInstruction(in Instruction insn)
    {
        int size = insn.StackPointerIncrement;
        ulong value = Peek(0, size);
        if (insn.Op0Kind == OpKind.Register)
        {
            Register register = insn.Op0Register;
            if (!IsSegment(register))
            {
                Drop(size);
                SetRegister(register, value);
                return;
            }

            SegmentName name = (SegmentName)(register - Register.ES);
            int bits = StackBits;
            LoadSegment(name, (ushort)value);
            SetStackPointer(_cpu->Gpr[Rsp] + (ulong)size, bits);
            if (name == SegmentName.Ss)
                HoldTraps();
            return;
        }

        // An operand relative to the stack pointer is relative to what it becomes.
        ulong sp = _cpu->Gpr[Rsp];
        Drop(size);
        try
        {
            WriteOperand(insn, 0, size, value);
        }
        catch (X86Fault)
        {
            _cpu->Gpr[Rsp] = sp;
            throw;
        }
    }

    private void PushGeneral(int size)
    {
        Span<ulong> values = stackalloc ulong[8];
        for (int i = 0; i < 8; i++)
            values[i] = _cpu->Gpr[i];
        int bits = StackBits;
        SetStackPointer(PushAll(_cpu->Seg(SegmentName.Ss), bits, StackPointer, size, values, IsUser, 0, IsProtectedNotVm), bits);
    }

    private void PopGeneral(int size)
    {
        Span<ulong> values = stackalloc ulong[8];
        for (int i = 0; i < 8; i++)
            values[7 - i] = Peek(i, size);
        for (int i = 0; i < 8; i++)
            if (i != Rsp)
                _cpu->Gpr[i] = Merge(_cpu->Gpr[i], values[i], size * 8);
        Drop(8 * size);
    }

    private void Enter(int size, int bytes, int level)
    {
        const int deepest = 31;
        int bits = StackBits, count = 0;
        Span<ulong> values = stackalloc ulong[deepest + 1];
        values[count++] = _cpu->Gpr[Rbp];
        ulong frame = Cut(_cpu->Gpr[Rsp] - (ulong)size, bits);
        for (int i = 1; i < level; i++)
        {
            ulong at = Cut(_cpu->Gpr[Rbp] - (ulong)(i * size), bits);
            values[count++] = ReadLinear(LinearAddress(SegmentName.Ss, at, size, MemoryAccess.Read), size, IsUser);
        }

        // The whole register, though a 16-bit stack moves only its lower half.
        frame = Merge(_cpu->Gpr[Rsp], frame, bits);
        if (level > 0)
            values[count++] = frame;
        ulong last = Cut(StackPointer - (ulong)(count * size) - (ulong)bytes, bits);
        Probe(LinearAddress(SegmentName.Ss, last, size, MemoryAccess.Write), size, MemoryAccess.Write);
        PushAll(_cpu->Seg(SegmentName.Ss), bits, StackPointer, size, values[..count], IsUser, 0, IsProtectedNotVm);
        _cpu->Gpr[Rbp] = Merge(_cpu->Gpr[Rbp], frame, size * 8);
        SetStackPointer(last, bits);
    }

    private void Leave(int size)
    {
        int bits = StackBits;
        ulong frame = Cut(_cpu->Gpr[Rbp], bits);
        ulong value = ReadLinear(LinearAddress(SegmentName.Ss, frame, size, MemoryAccess.Read), size, IsUser);
        SetStackPointer(frame + (ulong)size, bits);
        _cpu->Gpr[Rbp] = Merge(_cpu->Gpr[Rbp], value, size * 8);
    }
}
