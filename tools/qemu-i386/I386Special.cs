using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>The few instructions that generated code leaves to managed code and that are 32-bit mode's own.</summary>
internal static unsafe class I386Special
{
    private const int Eax = 0, Esp = 4, Ebp = 5;

    /// <summary>Does what the instruction at Pc says, or raises its fault.</summary>
    public static void Execute(GuestThread t, SpecialInsn what, int length, I386Vdso vdso)
    {
        byte* code = stackalloc byte[16];
        if (what == SpecialInsn.StackLoaded)
            return; // the next run asks which code belongs to the stack
        if (what == SpecialInsn.Sysenter)
            Sysenter(t, vdso);
        else if (!X86Faults.Fetch(t, I386Segments.Code(t).Mode, length, out X86Insn insn, code))
            X86Faults.Protection(t, 0);
        else if (what == SpecialInsn.LoadFsGs)
            LoadFs(t, in insn);
        else if (what == SpecialInsn.StoreSelector)
            StoreSelector(t, in insn);
        else if (what == SpecialInsn.FarTransfer)
            I386Transfer.Execute(t, in insn, code);
        else
            X86Faults.Protection(t, 0);
    }

    /// <summary>#GP or #NP for a selector that a segment register cannot take.</summary>
    public static void RefuseSelector(GuestThread t, ushort selector)
    {
        const uint Present = 0x8000;
        const int NotPresent = 11, SI_KERNEL = 0x80;
        uint rights = t.Engine.Stubs.AccessRights(selector);
        if (rights == 0 || (rights & Present) != 0)
        {
            X86Faults.Protection(t, selector & ~3u);
            return;
        }

        (t.State->FaultTrap, t.State->FaultError) = (NotPresent, selector & ~3u);
        SignalDelivery.Raise(t, Linux.SIGBUS, SI_KERNEL, 0);
    }

    /// <summary>
    /// sysenter: the sixth argument is on the stack that ebp points to, and the call comes back in the vDSO whatever the place of the
    /// instruction (do_SYSENTER_32, arch/x86/entry/syscall_32.c).
    /// </summary>
    private static void Sysenter(GuestThread t, I386Vdso vdso)
    {
        VcpuState* s = t.State;
        s->Gpr[Esp] = (uint)s->Gpr[Ebp];
        s->Segments[Stubs.Cs] = I386Segments.UserCode;
        s->Pc = vdso.SysenterReturn;
        if (t.Memory.TryRead(s->Gpr[Esp], out uint sixth))
        {
            s->Gpr[Ebp] = sixth;
            Dispatcher.Serve(t);
        }
        else
        {
            s->Gpr[Eax] = unchecked((uint)-Errno.EFAULT);
        }
    }

    // mov fs, r/m16; pop fs; lfs.
    private static void LoadFs(GuestThread t, in X86Insn insn)
    {
        VcpuState* s = t.State;
        bool pop = insn.Map == 1 && insn.Opcode == 0xA1, far = insn.Map == 1 && insn.Opcode == 0xB4;
        uint pointer = 0;
        ushort selector;
        if (pop || insn.IsMemory)
        {
            I386Place place = pop ? I386Operand.StackTop(t) : I386Operand.Of(t, in insn);
            int offsetBytes = far ? insn.OperandBits / 8 : 0;
            if ((far && !place.TryRead(t, offsetBytes, out pointer)) || !(place with { Offset = place.Offset + (uint)offsetBytes }).TryRead(t, sizeof(ushort), out uint read))
                return;
            selector = (ushort)read;
        }
        else
        {
            selector = (ushort)s->Gpr[insn.ModRm & 7];
        }

        if (!I386Segments.IsLoadable(t, selector))
        {
            RefuseSelector(t, selector);
            return;
        }

        s->Segments[Stubs.Fs] = selector;
        if (pop)
            I386Operand.MoveStack(t, insn.OperandBits / 8);
        if (far)
            I386Operand.SetRegister(s, insn.RegField, pointer, insn.OperandBits);
        s->Pc = (uint)(s->Pc + insn.Length);
    }

    // mov m16, mov r, push: of fs, or of a cs that is not the flat one.
    private static void StoreSelector(GuestThread t, in X86Insn insn)
    {
        const int MoveFromSegment = 0x8C;
        VcpuState* s = t.State;
        bool isMove = insn.Map == 0 && insn.Opcode == MoveFromSegment, isCode = isMove ? (insn.ModRm >> 3 & 7) == Stubs.Cs : insn.Map == 0;
        ushort selector = s->Segments[isCode ? Stubs.Cs : Stubs.Fs];
        if (isMove && !insn.IsMemory)
        {
            I386Operand.SetRegister(s, insn.ModRm & 7, selector, insn.OperandBits);
            s->Pc = (uint)(s->Pc + insn.Length);
            return;
        }

        int size = insn.OperandBits / 8;
        I386Place place = isMove ? I386Operand.Of(t, in insn) : I386Operand.StackTop(t, -size);
        if (!place.TryWrite(t, isMove ? sizeof(ushort) : size, selector))
            return;
        if (!isMove)
            I386Operand.MoveStack(t, -size);
        s->Pc = (uint)(s->Pc + insn.Length);
    }
}
