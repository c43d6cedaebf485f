using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.UserMode;

namespace Suite.Tools.X64;

/// <summary>x86-64 Linux on one CPU model.</summary>
internal sealed unsafe class X64Cpu(CpuModel model) : UserCpu
{
    // The legacy vsyscall page: three entry points that programs linked statically long ago still call.
    private const ulong VsyscallPage = 0xFFFF_FFFF_FF60_0000, VsyscallSize = 0xC00;
    private const int Rsp = 4;

    private readonly X64Special _special = new(model);
    private X86Reencoder? _reencoder;

    public override IReadOnlyList<string> Warnings =>
        model.IsHost ? [] : [.. model.MissingOnHost.Select(missing => $"the host CPU lacks {missing}, which -cpu {model.Name} has; programs will not see it")];

    public override byte[] Platform => "x86_64"u8.ToArray();

    // The host's own vDSO serves the guest: it is translated like all code, and reads the clock without a system call.
    public override void PrepareMemory(GuestMemory memory, List<AuxEntry> aux)
    {
        foreach (uint tag in (ReadOnlySpan<uint>)[AuxTag.AT_SYSINFO_EHDR, AuxTag.AT_MINSIGSTKSZ])
            if (HostProcess.AuxValue(tag) is not 0 and var value)
                aux.Add(new AuxEntry(tag, value));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP, model.Hwcap));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP2, model.IsHost ? HostProcess.AuxValue(AuxTag.AT_HWCAP2) : model.Hwcap2));
        if (HostProcess.AuxValue(AuxTag.AT_SYSINFO_EHDR) is not 0 and var at)
        {
            const ulong Size = 0x2000; // no vDSO of x86-64 is larger (arch/x86/entry/vdso)
            memory.Adopt(new Vma { Start = at, End = at + Size, Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" });
        }
    }

    public override ITranslator CreateTranslator(bool inlineSyscalls) =>
        _reencoder = new X86Reencoder(new ReencoderOptions { Model = model, InlineSyscalls = inlineSyscalls });

    public override void EngineReady(Engine engine) => _reencoder!.Prepare(engine.Region);

    public override ILinuxAbi Abi { get; } = new X64LinuxAbi(model.IsHost ? HostCpu.Xcr0 : model.Xcr0 & HostCpu.Xcr0);

    public override StraceAbi StraceAbi => new(8, false);

    public override Func<string, string>? CpuInfo => model.IsHost ? null : model.ProcCpuinfo;

    public override void SetStart(GuestThread thread, ulong entry, ulong stackPointer)
    {
        thread.State->Gpr[Rsp] = stackPointer;
        thread.State->Pc = entry;
    }

    public override void ExecuteSpecial(GuestThread thread) => _special.Execute(thread);

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

    public override string ListCode(ulong pc, ReadOnlySpan<byte> code) => X86Text.List(64, pc, code);
}
