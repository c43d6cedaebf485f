using Iced.Intel;
using Suite.Guest.X86;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.UserMode.X86;

/// <summary>What the two x86 tools share once the CPU model is chosen.</summary>
public abstract unsafe class X86UserCpu(CpuModel model, CpuMode mode) : UserCpu
{
    private const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3;
    private const int ILL_ILLOPN = 2, InvalidOpcode = 6;

    private X86Reencoder? _reencoder;

    /// <summary>The model.</summary>
    protected CpuModel Model { get; } = model;

    /// <summary>The mode programs run in.</summary>
    protected CpuMode Mode { get; } = mode;

    /// <summary>Code segments that programs can make; null for none.</summary>
    protected virtual ICodeSegments? Segments => null;

    /// <summary>Extended state components that guests see.</summary>
    protected ulong Xcr0 => Model.IsHost ? HostCpu.Xcr0 : Model.Xcr0 & HostCpu.Xcr0;

    /// <inheritdoc/>
    public sealed override int HostBits => Bits;

    private int Bits => Mode == CpuMode.Bits64 ? 64 : 32;

    /// <summary>The mode of the code that a thread is in.</summary>
    protected virtual CpuMode CodeMode(GuestThread thread) => Mode;

    private int CodeBits(GuestThread thread) => CodeMode(thread) switch { CpuMode.Bits16 => 16, CpuMode.Bits32 => 32, _ => 64 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<string> Warnings =>
        Model.IsHost ? [] : [.. Model.MissingOnHost.Select(missing => $"the host CPU lacks {missing}, which -cpu {Model.Name} has; programs will not see it")];

    /// <inheritdoc/>
    public sealed override Func<string, string>? CpuInfo => Model.IsHost ? null : Model.ProcCpuinfo;

    /// <inheritdoc/>
    public sealed override ITranslator CreateTranslator(bool inlineSyscalls) =>
        _reencoder = new X86Reencoder(new ReencoderOptions { Mode = Mode, Model = Model, InlineSyscalls = inlineSyscalls, Segments = Segments });

    /// <inheritdoc/>
    public override void EngineReady(Engine engine) => _reencoder!.Prepare(engine.Region);

    /// <inheritdoc/>
    public sealed override string ListCode(ulong pc, ReadOnlySpan<byte> code) => X86Text.List(Bits, pc, code);

    /// <inheritdoc/>
    public sealed override string? ModelName => Model.IsHost ? null : Model.Name;

    /// <inheritdoc/>
    public sealed override MissingFeature? ExplainIllegal(GuestThread thread)
    {
        byte[] code = new byte[15];
        if (!thread.Memory.TryRead(thread.State->Pc, code))
            code = new byte[1];
        Decoder decoder = Decoder.Create(CodeBits(thread), code);
        decoder.Decode(out Instruction insn);
        if (insn.IsInvalid || insn.Mnemonic is Mnemonic.Ud0 or Mnemonic.Ud1 or Mnemonic.Ud2)
            return null;
        string mnemonic = insn.Mnemonic.ToString().ToLowerInvariant();
        if (Model.MissingFeature(in insn) is { } feature)
            return new MissingFeature(mnemonic, feature, $"-cpu {Model.Name}", CpuModel.OldestModelWith(feature));
        return new MissingFeature(mnemonic, string.Join(" and ", insn.CpuidFeatures).ToLowerInvariant(), "the host's CPU", null);
    }

    /// <inheritdoc/>
    public sealed override void ExecuteSpecial(GuestThread t)
    {
        VcpuState* s = t.State;
        int length = (int)(s->ExitArg >> 8);
        ulong* g = s->Gpr;
        SpecialInsn what = (SpecialInsn)(s->ExitArg & 0xFF);
        switch (what)
        {
            case SpecialInsn.Cpuid:
                CpuidLeaf leaf = Model.Query((uint)g[Rax], (uint)g[Rcx]);
                (g[Rax], g[Rbx], g[Rcx], g[Rdx]) = (leaf.Eax, leaf.Ebx, leaf.Ecx, leaf.Edx);
                s->Pc += (ulong)length;
                break;
            case SpecialInsn.Xgetbv when (uint)g[Rcx] <= 1:
                (g[Rax], g[Rdx]) = ((uint)Model.Xcr0, Model.Xcr0 >> 32);
                s->Pc += (ulong)length;
                break;
            case SpecialInsn.Undefined:
                if (t.Process.Log is not null)
                    ReportMissing(t, ExplainIllegal(t));
                (s->FaultTrap, s->FaultError) = (InvalidOpcode, 0);
                SignalDelivery.Raise(t, Linux.SIGILL, ILL_ILLOPN, s->Pc);
                break;
            case SpecialInsn.ThreeDNow:
                ComputeThreeDNow(t, length);
                break;
            case SpecialInsn.Protection or SpecialInsn.Xgetbv:
                X86Faults.Protection(t, 0);
                break;
            default:
                Execute(t, what, length);
                break;
        }
    }

    /// <summary>An instruction that differs between the tools: segments, far transfers, system-call instructions of other modes.</summary>
    /// <param name="length">Bytes of the instruction at Pc.</param>
    protected abstract void Execute(GuestThread t, SpecialInsn what, int length);

    /// <summary>AT_HWCAP and AT_HWCAP2 (arch/x86/include/asm/elf.h), and AT_MINSIGSTKSZ.</summary>
    protected void AddCapabilities(List<AuxEntry> aux)
    {
        if (HostProcess.AuxValue(AuxTag.AT_MINSIGSTKSZ) is not 0 and var smallest)
            aux.Add(new AuxEntry(AuxTag.AT_MINSIGSTKSZ, smallest));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP, Model.Hwcap));
        aux.Add(new AuxEntry(AuxTag.AT_HWCAP2, Model.IsHost ? HostProcess.AuxValue(AuxTag.AT_HWCAP2) : Model.Hwcap2));
    }

    /// <inheritdoc/>
    public sealed override int AccessedBytes(GuestThread t)
    {
        const int Longest = 15;
        byte[] bytes = new byte[Longest];
        int got = Longest;
        while (got > 0 && !t.Memory.TryRead(t.State->Pc, bytes.AsSpan(0, got)))
            got--;
        Iced.Intel.Decoder decoder = Iced.Intel.Decoder.Create(CodeBits(t), new Iced.Intel.ByteArrayCodeReader(bytes, 0, got));
        decoder.Decode(out Iced.Intel.Instruction insn);
        int size = Iced.Intel.MemorySizeExtensions.GetSize(insn.MemorySize);
        return size > 0 ? size : Bits / 8; // pushes and calls, whose operand is implied
    }

    // Generated code has left the registers as an MMX instruction does: valid, and those of the image in their own order.
    private void ComputeThreeDNow(GuestThread t, int length)
    {
        const int Registers = 32, RegisterBytes = 16, SignificandBytes = 8;
        byte* code = stackalloc byte[X86Decoder.MaxLength + 1];
        VcpuState* s = t.State;
        if (!X86Faults.Fetch(t, CodeMode(t), length, out X86Insn insn, code)
            || !ThreeDNow.TryCompute((byte)insn.Imm, s->Scratch[X86Reencoder.FirstOperandSlot], s->Scratch[X86Reencoder.SecondOperandSlot], out ulong result))
        {
            X86Faults.Protection(t, 0);
            return;
        }

        byte* register = (byte*)s->VectorArea + Registers + (insn.RegField & 7) * RegisterBytes;
        *(ulong*)register = result;
        *(ushort*)(register + SignificandBytes) = 0xFFFF; // sign and exponent, as every MMX write sets them
        s->Pc += (ulong)length;
    }

    private static void ReportMissing(GuestThread t, MissingFeature? missing)
    {
        if ((t.Process.LogItems & LogItems.Int) != 0)
            t.Process.Log?.Line($"#UD at {t.State->Pc:x}: {missing?.ToString() ?? "no CPU model has this instruction"}");
    }
}
