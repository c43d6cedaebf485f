using System.Runtime.InteropServices;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>struct user_regs_struct of x86-64 (asm/user_64.h).</summary>
internal sealed unsafe class X64GeneralRegset() : Regset(NT_PRSTATUS, Words * sizeof(ulong))
{
    private const int Words = 27, OrigRax = 15, Rip = 16, Cs = 17, Flags = 18, Rsp = 19, Ss = 20, FsBase = 21, GsBase = 22;
    private const int UserCode = 0x33, UserData = 0x2B, RspNumber = 4;
    private const ulong UserTop = 0x7FFF_FFFF_F000;

    // Which register of the instruction encoding each of the first 15 words is: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi.
    private static ReadOnlySpan<byte> Order => [15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7];

    public override void Read(GuestThread thread, Span<byte> to)
    {
        VcpuState* s = thread.State;
        Span<ulong> r = MemoryMarshal.Cast<byte, ulong>(to);
        r.Clear();
        for (int i = 0; i < Order.Length; i++)
            r[i] = s->Gpr[Order[i]];
        (r[OrigRax], r[Rip], r[Cs], r[Flags], r[Rsp], r[Ss]) = ((ulong)thread.CallNumber, s->Pc, UserCode, s->Flags, s->Gpr[RspNumber], UserData);
        (r[FsBase], r[GsBase]) = (X64LinuxAbi.ThreadPointer(), s->SegmentBase);
    }

    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from)
    {
        VcpuState* s = thread.State;
        ReadOnlySpan<ulong> r = MemoryMarshal.Cast<byte, ulong>(from);
        if (r[Cs] != UserCode || r[Ss] != UserData || r[FsBase] >= UserTop || r[GsBase] >= UserTop)
            return false;
        for (int i = 0; i < Order.Length; i++)
            s->Gpr[Order[i]] = r[i];
        (thread.CallNumber, s->Pc, s->Gpr[RspNumber]) = ((long)r[OrigRax], r[Rip], r[Rsp]);
        UserFlags.Restore(s, r[Flags]);
        X64LinuxAbi.SetThreadPointer(r[FsBase]);
        s->SegmentBase = r[GsBase];
        return true;
    }
}
