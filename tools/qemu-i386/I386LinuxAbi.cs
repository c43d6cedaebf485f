using System.Text;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>Registers of i386 Linux: int 80h takes the number in eax and arguments in ebx ecx edx esi edi ebp, and changes eax only.</summary>
internal sealed unsafe class I386LinuxAbi(ulong xcr0, I386Vdso vdso) : ILinuxAbi
{
    private const int Eax = 0, Ecx = 1, Edx = 2, Ebx = 3, Esp = 4, Ebp = 5, Esi = 6, Edi = 7;
    private const int Int80Length = 2;

    private readonly I386SignalFrame _frames = new(xcr0, vdso);

    public string Machine => "i686";

    public SysArgs Arguments(GuestThread t)
    {
        ulong* g = t.State->Gpr;
        return new SysArgs((uint)g[Eax], (uint)g[Ebx], (uint)g[Ecx], (uint)g[Edx], (uint)g[Esi], (uint)g[Edi], (uint)g[Ebp]);
    }

    public void SetResult(GuestThread t, long result) => t.State->Gpr[Eax] = (uint)result;

    public void Rewind(GuestThread t, long number)
    {
        t.State->Pc -= Int80Length;
        t.State->Gpr[Eax] = (uint)number;
    }

    public bool PushFrame(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask) =>
        _frames.Push(t, signal, siginfo, action, savedMask);

    public bool PopFrame(GuestThread t, out ulong mask)
    {
        const int sigreturn = 119;
        return (int)t.State->Gpr[Eax] == sigreturn ? _frames.PopOld(t, out mask) : _frames.PopRt(t, out mask);
    }

    public void PrepareChild(GuestThread child, ulong stack, bool setTls, ulong tls)
    {
        if (stack != 0)
            child.State->Gpr[Esp] = (uint)stack;
        if (setTls)
            I386Descriptors.SetTls(child, tls);
    }

    public void EndThread(GuestThread t) => I386RobustList.Forget(t);

    public IReadOnlyList<Regset> Regsets => field ??= MakeRegsets();

    public string DescribeRegisters(GuestThread t)
    {
        ulong* g = t.State->Gpr;
        ushort* s = t.State->Segments;
        return new StringBuilder()
            .Append($"eax {(uint)g[Eax]:x8} ebx {(uint)g[Ebx]:x8} ecx {(uint)g[Ecx]:x8} edx {(uint)g[Edx]:x8}\n")
            .Append($"esi {(uint)g[Esi]:x8} edi {(uint)g[Edi]:x8} ebp {(uint)g[Ebp]:x8} esp {(uint)g[Esp]:x8}\n")
            .Append($"eip {(uint)t.State->Pc:x8} flags {t.State->Flags:x} cs {s[Stubs.Cs]:x} ss {s[Stubs.Ss]:x} ds {s[Stubs.Ds]:x} es {s[Stubs.Es]:x} fs {s[Stubs.Fs]:x} gs {s[Stubs.Gs]:x}")
            .ToString();
    }

    private Regset[] MakeRegsets()
    {
        XsaveFrame image = new(xcr0);
        return [new I386GeneralRegset(), new I386FpRegset(image), XsaveRegset.Legacy(Regset.NT_PRXFPREG, image), XsaveRegset.Extended(image), new I386TlsRegset()];
    }
}
