using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.UserMode.Debugging;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>i386 Linux, as a 64-bit kernel gives it, on one CPU model.</summary>
internal sealed unsafe class I386Cpu(CpuModel model) : X86UserCpu(model, CpuMode.Bits32)
{
    private const int Esp = 4;

    private I386Vdso _vdso = null!;
    private I386LinuxAbi? _abi;

    public override byte[] Platform => "i686"u8.ToArray();

    protected override CpuMode CodeMode(GuestThread thread) => I386Segments.Code(thread).Mode;

    protected override ICodeSegments? Segments => I386CodeSegments.Instance;

    public override void PrepareMemory(GuestMemory memory, List<AuxEntry> aux)
    {
        AddCapabilities(aux);
        _vdso = I386Vdso.Map(memory);
        if (_vdso.Base == 0)
            return;
        aux.Add(new AuxEntry(AuxTag.AT_SYSINFO, _vdso.Vsyscall));
        aux.Add(new AuxEntry(AuxTag.AT_SYSINFO_EHDR, _vdso.Base));
    }

    public override DebugRegisters DebugRegisters() => X86DebugRegisters.Bits32(Xcr0);

    public override ILinuxAbi Abi => _abi ??= new I386LinuxAbi(Xcr0, _vdso);

    public override void SetStart(GuestThread thread, ulong entry, ulong stackPointer)
    {
        thread.State->Gpr[Esp] = stackPointer;
        thread.State->Pc = entry;
        I386Segments.Flatten(thread);
    }

    protected override void Execute(GuestThread thread, SpecialInsn what, int length) => I386Special.Execute(thread, what, length, _vdso);
}
