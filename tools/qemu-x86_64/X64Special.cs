using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>The few instructions that generated code leaves to managed code and that are 64-bit mode's own.</summary>
internal static unsafe class X64Special
{
    private const int Rsp = 4;
    private const ushort UserCode = 0x33, UserCode32 = 0x23, UserData = 0x2B;

    // Flags that iret restores in user mode (AMD64 manual volume 3, IRET): all but IF, IOPL, VM, VIF, VIP.
    private const ulong IretFlags = 0x254DD5;

    /// <summary>Does what the instruction at Pc says, or raises its fault.</summary>
    public static void Execute(GuestThread t, SpecialInsn what, int length)
    {
        switch (what)
        {
            case SpecialInsn.Int80:
                // The 32-bit table from 64-bit code: as on a kernel without IA32 emulation.
                t.Process.Log?.Line($"int 80h at {t.State->Pc:x}: 32-bit system calls from 64-bit code are not supported");
                X86Faults.Protection(t, 0x80 * 8 + 2);
                break;
            case SpecialInsn.LoadFsGs:
                LoadSegment(t, length);
                break;
            case SpecialInsn.FarTransfer:
                FarTransfer(t, length);
                break;
            default:
                X86Faults.Protection(t, 0);
                break;
        }
    }

    // mov/pop/lfs/lgs to fs or gs. In 64-bit Linux all selectors a program can load have base 0 (TLS descriptors are not used there).
    private static void LoadSegment(GuestThread t, int length)
    {
        VcpuState* s = t.State;
        byte* code = stackalloc byte[16];
        if (!X86Faults.Fetch(t, CpuMode.Bits64, length, out X86Insn insn, code))
        {
            X86Faults.Protection(t, 0);
            return;
        }

        bool pop = insn.Opcode is 0xA1 or 0xA9 && insn.Map == 1;
        bool far = insn.Opcode is 0xB4 or 0xB5 && insn.Map == 1;
        bool isFs = pop ? insn.Opcode == 0xA1 : far ? insn.Opcode == 0xB4 : (insn.ModRm >> 3 & 7) == 4;
        ulong pointer = 0;
        ushort selector;
        if (pop || insn.IsMemory)
        {
            ulong address = pop ? s->Gpr[Rsp] : EffectiveAddress(s, in insn, s->Pc + (ulong)length);
            int offsetBytes = far ? insn.OperandBits / 8 : 0;
            if ((far && !t.Memory.TryRead(address, new Span<byte>(&pointer, offsetBytes))) || !t.Memory.TryRead(address + (ulong)offsetBytes, out selector))
            {
                X86Faults.MemoryFault(t, address, write: false);
                return;
            }
        }
        else
        {
            selector = (ushort)s->Gpr[(insn.ModRm & 7) | insn.B << 3];
        }

        if (selector > 3 && selector is not (UserCode or UserCode32 or UserData))
        {
            X86Faults.Protection(t, selector & ~3u);
            return;
        }

        if (isFs)
            X64LinuxAbi.SetThreadPointer(0);
        else
            s->SegmentBase = 0;
        if (pop)
            s->Gpr[Rsp] += insn.OpSize ? 2u : 8u;
        if (far)
            SetRegister(s, insn.RegField, pointer, insn.OperandBits);
        s->Pc += (ulong)length;
    }

    private static void SetRegister(VcpuState* s, int register, ulong value, int bits) =>
        s->Gpr[register] = bits == 16 ? (s->Gpr[register] & ~0xFFFFUL) | (ushort)value : bits == 32 ? (uint)value : value;

    // lret, iret, ljmp and lcall within 64-bit user code.
    private static void FarTransfer(GuestThread t, int length)
    {
        VcpuState* s = t.State;
        byte* code = stackalloc byte[16];
        if (!X86Faults.Fetch(t, CpuMode.Bits64, length, out X86Insn insn, code))
        {
            X86Faults.Protection(t, 0);
            return;
        }

        uint word = insn.OperandBits / 8u;
        ulong sp = s->Gpr[Rsp];
        ulong* popped = stackalloc ulong[5];
        int words = insn.Flow switch
        {
            X86Flow.Iret => 5,
            X86Flow.FarRet => 2,
            _ => 0,
        };
        ulong target = 0, selector = 0;
        for (int i = 0; i < words; i++)
        {
            popped[i] = 0;
            if (!t.Memory.TryRead(sp + (uint)i * word, new Span<byte>(popped + i, (int)word)))
            {
                X86Faults.MemoryFault(t, sp + (uint)i * word, write: false);
                return;
            }
        }

        if (words > 0)
        {
            (target, selector) = (popped[0], popped[1]);
        }
        else
        {
            ulong address = EffectiveAddress(s, in insn, s->Pc + (ulong)length);
            if (!t.Memory.TryRead(address, new Span<byte>(&target, (int)word)) || !t.Memory.TryRead(address + word, new Span<byte>(&selector, 2)))
            {
                X86Faults.MemoryFault(t, address, write: false);
                return;
            }
        }

        if ((ushort)selector != UserCode)
        {
            if ((ushort)selector == UserCode32)
                t.Process.Log?.Line($"far transfer to 32-bit code at {s->Pc:x} is not supported");
            X86Faults.Protection(t, (ushort)selector & ~3u);
            return;
        }

        switch (insn.Flow)
        {
            case X86Flow.Iret:
                s->Flags = (s->Flags & ~IretFlags) | (popped[2] & IretFlags);
                s->Gpr[Rsp] = popped[3];
                break;
            case X86Flow.FarRet:
                s->Gpr[Rsp] = sp + 2 * word + (ushort)insn.Imm;
                break;
            case X86Flow.FarCallIndirect or X86Flow.FarCallDirect:
                ulong back = s->Pc + (ulong)length, cs = UserCode;
                if (!t.Memory.TryWrite(sp - word, new ReadOnlySpan<byte>(&cs, (int)word))
                    || !t.Memory.TryWrite(sp - 2 * word, new ReadOnlySpan<byte>(&back, (int)word)))
                {
                    X86Faults.MemoryFault(t, sp - word, write: true);
                    return;
                }

                s->Gpr[Rsp] = sp - 2 * word;
                break;
        }

        s->Pc = target;
    }

    private static ulong EffectiveAddress(VcpuState* s, in X86Insn insn, ulong next)
    {
        ulong address = (ulong)(long)insn.Disp;
        if (insn.RipRelative)
        {
            address += next;
        }
        else if (insn.HasSib)
        {
            int index = (insn.Sib >> 3 & 7) | insn.X << 3;
            if (index != 4)
                address += s->Gpr[index] << (insn.Sib >> 6);
            if ((insn.Sib & 7) != 5 || insn.ModRm >> 6 != 0)
                address += s->Gpr[(insn.Sib & 7) | insn.B << 3];
        }
        else
        {
            address += s->Gpr[(insn.ModRm & 7) | insn.B << 3];
        }

        if (insn.AddressBits == 32)
            address = (uint)address;
        return insn.Segment switch
        {
            0x64 => address + X64LinuxAbi.ThreadPointer(),
            0x65 => address + s->SegmentBase,
            _ => address,
        };
    }
}
