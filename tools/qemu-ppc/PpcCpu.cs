using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.Tools.Ppc.Vdso;
using Suite.UserMode;
using Suite.UserMode.Debugging;

namespace Suite.Tools.Ppc;

/// <summary>32-bit PowerPC Linux on one CPU model.</summary>
/// <param name="model">The model.</param>
/// <param name="isServed">Whether a system call exists, for the vDSO's map of them.</param>
internal sealed unsafe class PpcCpu(PpcModel model, Func<int, bool> isServed) : UserCpu
{
    private const int StackPointer = 1, FloatingPointException = 19;

    // Where kernels without address randomisation have it.
    private const ulong VdsoHint = 0x10_0000;

    private readonly StateLayout _layout = PpcLayout.ForHost();
    private PpcSpecial? _special;
    private PpcLinuxAbi? _abi;
    private uint _sigtramp, _rtSigtramp;

    public override byte[] Platform => System.Text.Encoding.ASCII.GetBytes(model.Platform);

    public override void PrepareMemory(GuestMemory memory, List<AuxEntry> aux)
    {
        const int SmallestFrame = SignalFrame.RtGap + SignalFrame.RtSize;
        uint block = (uint)model.CacheLine;
        aux.Add(new AuxEntry(AuxTag.AT_IGNOREPPC, AuxTag.AT_IGNOREPPC));
        aux.Add(new AuxEntry(AuxTag.AT_IGNOREPPC, AuxTag.AT_IGNOREPPC));
        aux.Add(new AuxEntry(AuxTag.AT_DCACHEBSIZE, block));
        aux.Add(new AuxEntry(AuxTag.AT_ICACHEBSIZE, block));
        aux.Add(new AuxEntry(AuxTag.AT_UCACHEBSIZE, 0));
        aux.Add(new AuxEntry(AuxTag.AT_MINSIGSTKSZ, SmallestFrame));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP, model.Hwcap));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP2, model.Hwcap2));

        VdsoImage image = new(isServed);
        IImageMapper mapper = memory;
        long at = mapper.Reserve(VdsoHint, VdsoImage.Size, fixedAddress: true, GuestMemory.PageSize);
        if (Sys.IsError(at))
            at = mapper.Reserve(0, VdsoImage.Size, fixedAddress: false, GuestMemory.PageSize);
        if (Sys.IsError(at) || mapper.MapZero((ulong)at, VdsoImage.Size, Linux.PROT_READ | Linux.PROT_WRITE) < 0 || !mapper.Write((ulong)at, image.Bytes))
            throw new EngineException("no room for the vDSO in the guest's address space");
        memory.Protect((ulong)at, VdsoImage.Size, Linux.PROT_READ | Linux.PROT_EXEC);
        memory.Adopt(new Vma { Start = (ulong)at, End = (ulong)at + VdsoImage.Size, Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" });
        (_sigtramp, _rtSigtramp) = ((uint)at + (uint)image.Sigtramp, (uint)at + (uint)image.RtSigtramp);
        aux.Add(new AuxEntry(AuxTag.AT_SYSINFO_EHDR, (ulong)at));
    }

    public override ITranslator CreateTranslator(bool inlineSyscalls) => new PpcTranslator(_layout, model);

    public override DebugRegisters DebugRegisters() => PpcDebugRegisters.Make(model);

    // By primary opcode: D forms, and of the X forms those of one size; the rest are words.
    public override int AccessedBytes(GuestThread thread)
    {
        const int Word = 4, Vector = 16;
        if (!thread.Memory.TryRead(thread.State->Pc, out uint raw))
            return Word;
        uint word = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(raw);
        return (word >> 26) switch
        {
            34 or 35 or 38 or 39 => 1,
            40 or 41 or 42 or 43 or 44 or 45 => 2,
            46 or 47 => 4 * (int)(32 - (word >> 21 & 31)), // lmw, stmw
            50 or 51 or 54 or 55 => 8,
            4 => 8, // SPE
            31 => (word >> 1 & 0x3FF) switch
            {
                87 or 119 or 215 or 247 or 7 or 135 => 1,
                279 or 311 or 343 or 375 or 407 or 439 or 790 or 918 or 39 or 167 => 2,
                599 or 631 or 727 or 759 => 8,
                103 or 359 or 231 or 487 => Vector,
                1014 => (int)model.CacheLine, // dcbz
                _ => Word,
            },
            _ => Word,
        };
    }

    public override ILinuxAbi Abi => _abi ??= new PpcLinuxAbi(_layout, new PpcSignalFrame(_layout, new PpcContext(_layout, model), _sigtramp, _rtSigtramp));

    public override Func<string, string>? CpuInfo => host =>
    {
        const int Megahertz = 1000;
        int processors = host.Split('\n').Count(line => line.StartsWith("processor", StringComparison.Ordinal));
        return PpcCpuinfo.Write(model, Math.Max(processors, 1), Megahertz);
    };

    public override void SetStart(GuestThread thread, ulong entry, ulong stackPointer)
    {
        ThreadBlock.Create(thread.State, _layout);
        PpcState r = new(_layout, thread.State);
        r.Reset();
        FpscrState.Apply(_layout, thread.State, 0);
        AltivecState.WriteVscr(_layout, thread.State, AltivecState.NonJava);
        VectorImage.MarkInUse(thread.State);
        r.SetGpr(StackPointer, (uint)stackPointer);
        thread.State->Pc = entry;
    }

    public override void ExecuteSpecial(GuestThread thread) => Special.Execute(thread);

    // An operation that the host's unit would not finish: done in software, with the exceptions the guest's would have.
    public override bool ServeFault(GuestThread thread)
    {
        if (thread.State->FaultTrap != FloatingPointException)
            return false;
        Special.Interpret(thread);
        return true;
    }

    public override void LeaveBlock(GuestThread thread) => FpscrState.LeaveVectorMode(_layout, thread.State);

    public override string ListCode(ulong pc, ReadOnlySpan<byte> code) => PpcListing.Text(model, (uint)pc, code);

    public override string? ModelName => model.Name == PpcModel.DefaultName ? null : model.Name;

    public override MissingFeature? ExplainIllegal(GuestThread thread)
    {
        if (!thread.Memory.TryRead((uint)thread.State->Pc, out uint raw))
            return null;
        uint word = thread.Memory.InGuestOrder(raw);
        foreach (ref readonly PpcRow row in PpcRows.All.AsSpan())
        {
            PpcFeature missing = row.Feature & ~model.Features;
            if ((word & row.Mask) == row.Match && missing != 0)
                return new MissingFeature(row.Name, missing.ToString(), $"-cpu {model.Name}", PpcModel.WithFeature(row.Feature)?.Name);
        }

        return null;
    }

    public override string? ListOperations(ulong pc, ReadOnlySpan<byte> code) => PpcListing.Operations(model, _layout, (uint)pc, code);

    private PpcSpecial Special => _special ??= new PpcSpecial(_layout, model);
}
