using System.Text;
using Suite.Guest.Ppc;
using Suite.Host;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.Ppc;

/// <summary>
/// System calls and threads of 32-bit PowerPC Linux: number in r0, arguments in r3 to r8; a result in r3 with CR0.SO clear, or a positive
/// errno in r3 with CR0.SO set (arch/powerpc/kernel/entry_32.S).
/// </summary>
internal sealed unsafe class PpcLinuxAbi(StateLayout layout, PpcSignalFrame frames) : ILinuxAbi
{
    private const int Sp = 1, ThreadPointer = 2, Result = 3, InstructionLength = 4;
    private const int sigreturn = 119;

    public PpcSignalFrame Frames { get; } = frames;

    public string Machine => "ppc";

    public SysArgs Arguments(GuestThread t)
    {
        PpcState r = State(t);
        ThreadBlock.OriginalR3(t.State, layout) = r.Gpr(3);
        return new SysArgs((int)r.Gpr(0), r.Gpr(3), r.Gpr(4), r.Gpr(5), r.Gpr(6), r.Gpr(7), r.Gpr(8));
    }

    public void SetResult(GuestThread t, long result)
    {
        PpcState r = State(t);
        bool failed = Sys.IsError(result);
        r.SetGpr(Result, (uint)(failed ? -result : result));
        r.Slot<uint>(PpcSlot.CrSo(0)) = failed ? 1u : 0;
    }

    public void Rewind(GuestThread t, long number)
    {
        t.State->Pc -= InstructionLength;
        State(t).SetGpr(Result, ThreadBlock.OriginalR3(t.State, layout));
    }

    public ulong StackPointer(GuestThread t) => State(t).Gpr(Sp);

    public bool PushFrame(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask) =>
        Frames.Push(t, signal, siginfo, action, savedMask);

    public bool PopFrame(GuestThread t, out ulong mask) => State(t).Gpr(0) == sigreturn ? Frames.PopOld(t, out mask) : Frames.PopRt(t, out mask);

    public void BeginThread(GuestThread child) => ThreadBlock.Copy(child.State, layout);

    public void EndThread(GuestThread t) => ThreadBlock.Free(t.State);

    public byte[] SaveState(GuestThread t) => ThreadBlock.All(t.State, layout).ToArray();

    public void RestoreState(GuestThread t, byte[] saved) => saved.CopyTo(ThreadBlock.All(t.State, layout));

    public void PrepareChild(GuestThread child, ulong stack, bool setTls, ulong tls)
    {
        PpcState r = State(child);
        r.SetGpr(Result, 0);
        r.Slot<uint>(PpcSlot.CrSo(0)) = 0;
        r.Slot<uint>(PpcSlot.ReserveAddress) = PpcSlot.NoReservation;
        if (stack != 0)
            r.SetGpr(Sp, (uint)stack);
        if (setTls)
            r.SetGpr(ThreadPointer, (uint)tls);
    }

    public IReadOnlyList<Regset> Regsets => field ??= [.. Frames.Context.Regsets()];

    public string DescribeRegisters(GuestThread t)
    {
        PpcState r = State(t);
        StringBuilder text = new();
        for (int n = 0; n < 32; n++)
            text.Append($"r{n,-3}{r.Gpr(n):x8}{(n % 8 == 7 ? '\n' : ' ')}");
        return text.Append($"nip {(uint)t.State->Pc:x8} lr {r.Slot<uint>(PpcSlot.Lr):x8} ctr {r.Slot<uint>(PpcSlot.Ctr):x8} cr {r.Cr:x8} xer {r.Xer:x8}").ToString();
    }

    private PpcState State(GuestThread t) => new(layout, t.State);
}
