using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Reencoder;

/// <summary>How x86 code is re-encoded; fixed for the life of an engine.</summary>
public sealed record ReencoderOptions
{
    public CpuMode Mode { get; init; } = CpuMode.Bits64;

    /// <summary>System calls whose byte is set in <see cref="Jit.Runtime.CodeRegion.InlineCalls"/> are made by generated code. Off for -strace and the like.</summary>
    public bool InlineSyscalls { get; init; } = true;

    /// <summary>The model whose missing instructions raise #UD and whose cpuid answers; null when the host's own will do.</summary>
    public CpuModel? Model { get; init; }

    /// <summary>32-bit programs: their code segments beside the flat one; null when they can have none.</summary>
    public ICodeSegments? Segments { get; init; }
}

/// <summary>What an exit with <see cref="Jit.Runtime.ExitReason.Special"/> asks for (in ExitArg).</summary>
public enum SpecialInsn : uint
{
    /// <summary>cpuid under a CPU model.</summary>
    Cpuid,

    /// <summary>xgetbv under a CPU model.</summary>
    Xgetbv,

    /// <summary>int 80h.</summary>
    Int80,

    /// <summary>mov/pop/lfs/lgs to fs or gs; in 32-bit code only to fs.</summary>
    LoadFsGs,

    /// <summary>far jump, far call, far return, iret; near transfers with a 16-bit operand; in code segments other than the flat one all that are not direct and near.</summary>
    FarTransfer,

    /// <summary>An instruction the CPU model lacks, or that no CPU has: #UD.</summary>
    Undefined,

    /// <summary>An instruction longer than 15 bytes or beyond the limit of its segment: #GP.</summary>
    Protection,

    /// <summary>32-bit code: mov or push of fs, whose selector is the engine's meanwhile, or of a cs that is not the flat one.</summary>
    StoreSelector,

    /// <summary>32-bit code: ss has been loaded, and Pc is the next instruction's.</summary>
    StackLoaded,

    /// <summary>32-bit code: sysenter.</summary>
    Sysenter,

    /// <summary>A 3DNow! operation on a host without it; the operands are in scratch slots.</summary>
    ThreeDNow,
}
