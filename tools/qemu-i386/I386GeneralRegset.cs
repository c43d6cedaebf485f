using System.Runtime.InteropServices;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>struct user_regs_struct of i386 (asm/user_32.h).</summary>
internal sealed unsafe class I386GeneralRegset() : Regset(NT_PRSTATUS, Words * sizeof(uint))
{
    private const int Words = 17, Ds = 7, Es = 8, Fs = 9, Gs = 10, OrigEax = 11, Eip = 12, Cs = 13, Flags = 14, Esp = 15, Ss = 16, EspNumber = 4;

    // ebx ecx edx esi edi ebp eax, by their numbers in instruction encodings.
    private static ReadOnlySpan<byte> Order => [3, 1, 2, 6, 7, 5, 0];

    public override void Read(GuestThread thread, Span<byte> to)
    {
        VcpuState* s = thread.State;
        Span<uint> r = MemoryMarshal.Cast<byte, uint>(to);
        for (int i = 0; i < Order.Length; i++)
            r[i] = (uint)s->Gpr[Order[i]];
        (r[Ds], r[Es], r[Fs], r[Gs]) = (s->Segments[Stubs.Ds], s->Segments[Stubs.Es], s->Segments[Stubs.Fs], s->Segments[Stubs.Gs]);
        (r[OrigEax], r[Eip], r[Cs], r[Flags], r[Esp], r[Ss]) =
            ((uint)thread.CallNumber, (uint)s->Pc - I386Segments.Base(thread, Stubs.Cs), s->Segments[Stubs.Cs], (uint)s->Flags, (uint)s->Gpr[EspNumber], s->Segments[Stubs.Ss]);
    }

    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from)
    {
        VcpuState* s = thread.State;
        ReadOnlySpan<uint> r = MemoryMarshal.Cast<byte, uint>(from);
        if (I386Segments.Code((ushort)r[Cs]) is not { } code || (r[Cs] & 3) != 3 || !I386Segments.IsStack(thread, (ushort)r[Ss]))
            return false;
        foreach (int data in (ReadOnlySpan<int>)[Ds, Es, Fs, Gs])
            if (!I386Segments.IsLoadable(thread, (ushort)r[data]))
                return false;
        for (int i = 0; i < Order.Length; i++)
            s->Gpr[Order[i]] = r[i];
        (s->Segments[Stubs.Ds], s->Segments[Stubs.Es], s->Segments[Stubs.Fs]) = ((ushort)r[Ds], (ushort)r[Es], (ushort)r[Fs]);
        (s->Segments[Stubs.Gs], s->Segments[Stubs.Ss]) = ((ushort)r[Gs], (ushort)r[Ss]);
        (thread.CallNumber, s->Pc, s->Gpr[EspNumber]) = ((int)r[OrigEax], code.Base + r[Eip], r[Esp]);
        s->Segments[Stubs.Cs] = (ushort)r[Cs];
        UserFlags.Restore(s, r[Flags]);
        return true;
    }
}
