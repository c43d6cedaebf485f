using Suite.Jit;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.UserMode.Debugging;

namespace Suite.UserMode;

/// <summary>
/// A target with its CPU model chosen: what the engine, the loader and the personality ask it. The members are listed in the order
/// in which <see cref="UserModeTool"/> uses them.
/// </summary>
public abstract class UserCpu : IGuestCpu
{
    /// <summary>Things worth a word to the user, said once at the start: features the host cannot give, and the like.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>AT_PLATFORM, without NUL.</summary>
    public abstract byte[] Platform { get; }

    /// <summary>Before the program is loaded: maps what the target has beside it (a vDSO) and adds the target's own auxiliary entries.</summary>
    /// <param name="memory">The guest's address space, empty so far; there is no engine yet.</param>
    /// <param name="aux">Has the target-neutral entries already (page size, clock, ids); AT_HWCAP and the like are added here, in any order.</param>
    public abstract void PrepareMemory(GuestMemory memory, List<AuxEntry> aux);

    /// <summary>Changes what the engine is asked for; <paramref name="options"/> has the user's wishes.</summary>
    public virtual EngineOptions EngineOptions(EngineOptions options) => options;

    /// <summary>The translator.</summary>
    /// <param name="inlineSyscalls">False when every call has to come back to managed code (-strace).</param>
    public abstract ITranslator CreateTranslator(bool inlineSyscalls);

    /// <summary>The engine exists; nothing has been translated.</summary>
    public virtual void EngineReady(Engine engine)
    {
    }

    /// <summary>Registers of system calls, signal frames.</summary>
    public abstract ILinuxAbi Abi { get; }

    /// <summary>Makes /proc/cpuinfo from the host's; null when the host's is right.</summary>
    public virtual Func<string, string>? CpuInfo => null;

    /// <summary>Registers of the first thread at the program's start; all are 0 and the vector state is initial.</summary>
    public abstract void SetStart(GuestThread thread, ulong entry, ulong stackPointer);

    /// <summary>Does what the instruction at Pc says that generated code left with <see cref="Jit.Runtime.ExitReason.Special"/>, or raises its fault.</summary>
    public abstract void ExecuteSpecial(GuestThread thread);

    /// <summary>A fault in generated code. True when the target has served it (an instruction that only the host objects to).</summary>
    public virtual bool ServeFault(GuestThread thread) => false;

    /// <summary>Generated code was left in the middle of a block, by a fault or a signal: what holds only within a block ends.</summary>
    public virtual void LeaveBlock(GuestThread thread)
    {
    }

    /// <summary>Code at an address that cannot be executed. True when the target has served it (a page of entry points the kernel provides).</summary>
    public virtual bool ServeFetchFault(GuestThread thread) => false;

    /// <summary>The mode generated code is in, for -d out_asm: 32 or 64 bits.</summary>
    public virtual int HostBits => 64;

    /// <summary>Disassembly for -d in_asm, one instruction a line, each line ended.</summary>
    public abstract string ListCode(ulong pc, ReadOnlySpan<byte> code);

    /// <inheritdoc/>
    public abstract string? ModelName { get; }

    /// <inheritdoc/>
    public abstract MissingFeature? ExplainIllegal(GuestThread thread);

    /// <summary>The registers for debuggers (-g); asked for only then.</summary>
    public abstract DebugRegisters DebugRegisters();

    /// <summary>Bytes of memory that the instruction at Pc accesses at each of its operands in memory, for watchpoints.</summary>
    public abstract int AccessedBytes(GuestThread thread);

    /// <summary>The intermediate form of a block for -d op; null when the target has none.</summary>
    public virtual string? ListOperations(ulong pc, ReadOnlySpan<byte> code) => null;
}
