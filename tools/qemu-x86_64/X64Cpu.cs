using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.UserMode.Debugging;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>x86-64 Linux on one CPU model.</summary>
internal sealed unsafe class X64Cpu(CpuModel model) : X86UserCpu(model, CpuMode.Bits64)
{
    // The legacy vsyscall page: three entry points that programs linked statically long ago still call.
    private const ulong VsyscallPage = 0xFFFF_FFFF_FF60_0000, VsyscallSize = 0xC00;
    private const int Rsp = 4;

    private X64LinuxAbi? _abi;

    public override byte[] Platform => "x86_64"u8.ToArray();

    // The host's own vDSO serves the guest: it is translated like all code, and reads the clock without a system call.
    public override void PrepareMemory(GuestMemory memory, List<AuxEntry> aux)
    {
        AddCapabilities(aux);
        if (HostProcess.AuxValue(AuxTag.AT_SYSINFO_EHDR) is not 0 and var at)
        {
            const ulong Size = 0x2000; // no vDSO of x86-64 is larger (arch/x86/entry/vdso)
            aux.Add(new AuxEntry(AuxTag.AT_SYSINFO_EHDR, at));
            memory.Adopt(new Vma { Start = at, End = at + Size, Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" });
        }
    }

    public override DebugRegisters DebugRegisters() => X86DebugRegisters.Bits64(Xcr0);

    public override ILinuxAbi Abi => _abi ??= new X64LinuxAbi(Xcr0);

    public override void SetStart(GuestThread thread, ulong entry, ulong stackPointer)
    {
        thread.State->Gpr[Rsp] = stackPointer;
        thread.State->Pc = entry;
    }

    protected override void Execute(GuestThread thread, SpecialInsn what, int length) => X64Special.Execute(thread, what, length);

    public override bool ServeFetchFault(GuestThread thread)
    {
        VcpuState* s = thread.State;
        if (s->Pc - VsyscallPage >= VsyscallSize || s->Pc % 0x400 != 0)
            return false;
        if (!thread.Memory.TryRead(s->Gpr[Rsp], out ulong back))
        {
            SignalDelivery.FetchFault(thread);
            return true;
        }

        ReadOnlySpan<int> numbers = [Nr.gettimeofday, Nr.time, Nr.getcpu];
        int number = numbers[(int)((s->Pc - VsyscallPage) / 0x400)];
        s->Gpr[0] = (ulong)Sys.Call(number, (long)s->Gpr[7], (long)s->Gpr[6], (long)s->Gpr[2]);
        s->Gpr[Rsp] += 8;
        s->Pc = back;
        return true;
    }
}
