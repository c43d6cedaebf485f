using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// Everything about an x86 processor in system mode that is not plain computation: paging, segmentation, control transfers, exceptions, tasks,
/// system registers. It works on an <see cref="X86Cpu"/>, which is exact on entry and on exit. Used by the thread of its vCPU only.
/// </summary>
public sealed unsafe partial class X86Core
{
    private readonly X86Cpu* _cpu;
    private readonly int _index;
    private readonly PhysicalMemory _memory;
    private readonly IX86Platform _platform;
    private readonly CpuModel _model;

    /// <summary>A core for one vCPU; its state is left as it is, see <see cref="Reset"/>.</summary>
    /// <param name="cpu">The state; must not move.</param>
    /// <param name="index">Number of the vCPU, its APIC id.</param>
    /// <param name="memory">Physical memory, which everything but instructions and their translated operands goes through.</param>
    /// <param name="platform">Ports, local APIC, clock.</param>
    /// <param name="model">What cpuid answers.</param>
    public X86Core(X86Cpu* cpu, int index, PhysicalMemory memory, IX86Platform platform, CpuModel model)
    {
        _cpu = cpu;
        (_index, _memory, _platform, _model) = (index, memory, platform, model);
    }

    /// <summary>Who hears of changed translations.</summary>
    public IX86CoreEvents? Events { get; set; }

    /// <summary>True after a triple fault, until <see cref="Reset"/>.</summary>
    public bool IsShutDown { get; private set; }

    /// <summary>What generated code depends on now: <see cref="X86Mode.Bits"/>.</summary>
    public uint Mode => X86Mode.Of(_cpu).Bits;

    /// <summary>True when DR7 watches data or ports: report data accesses with <see cref="CheckDataBreakpoint"/>.</summary>
    public bool HasDataBreakpoints => (Mode & X86Mode.DataBreakpoints) != 0;

    /// <summary>True for instructions that <see cref="Execute"/> must do; false for plain computation on registers and at most one memory operand.</summary>
    public static bool IsSpecial(in Instruction insn) => throw new NotImplementedException();

    /// <summary>
    /// Performs the special instruction at Rip and advances Rip, or jumps. A repeated string instruction does a bounded number of iterations and
    /// leaves Rip where it is while some are left.
    /// </summary>
    /// <exception cref="X86Fault">It faulted; nothing has changed.</exception>
    public void Execute(in Instruction insn) => throw new NotImplementedException();

    /// <summary>Raises what an x87, MMX, SSE or AVX instruction raises before it starts: #NM, #UD or #MF by CR0, CR4, XCR0 and pending x87 exceptions.</summary>
    /// <exception cref="X86Fault">It may not run.</exception>
    public void CheckFpu(in Instruction insn) => throw new NotImplementedException();

    /// <summary>Finds the physical address of a linear one, setting accessed and dirty bits.</summary>
    /// <param name="linear">Address.</param>
    /// <param name="access">What for.</param>
    /// <param name="user">True for accesses made with CPL 3.</param>
    /// <param name="physical">Where, with the A20 gate applied.</param>
    /// <param name="rights">What else the page allows.</param>
    /// <param name="errorCode">For #PF, when false is returned.</param>
    public bool TryTranslate(ulong linear, MemoryAccess access, bool user, out ulong physical, out PageRights rights, out uint errorCode) => throw new NotImplementedException();

    /// <summary>The linear address of an operand, after all segment checks.</summary>
    /// <param name="seg">Segment register.</param>
    /// <param name="offset">Effective address, already cut to the address size.</param>
    /// <param name="size">Bytes, at least 1.</param>
    /// <param name="access">What for.</param>
    /// <exception cref="X86Fault">#GP, or #SS for the stack segment.</exception>
    public ulong LinearAddress(SegmentName seg, ulong offset, int size, MemoryAccess access) => throw new NotImplementedException();

    /// <summary>Reads 1 to 8 bytes.</summary>
    /// <exception cref="X86Fault">#PF.</exception>
    public ulong ReadLinear(ulong linear, int size, bool user) => throw new NotImplementedException();

    /// <summary>Writes 1 to 8 bytes; both pages are checked before anything is written.</summary>
    /// <exception cref="X86Fault">#PF.</exception>
    public void WriteLinear(ulong linear, int size, ulong value, bool user) => throw new NotImplementedException();

    /// <summary>Reads 1, 2, 4 or 8 bytes of physical memory or a device; the A20 gate applies.</summary>
    public ulong ReadPhysical(ulong address, int size) => _memory.Read(address & _cpu->A20Mask, size);

    /// <summary>Writes 1, 2, 4 or 8 bytes of physical memory or a device; the A20 gate applies.</summary>
    public void WritePhysical(ulong address, int size, ulong value) => _memory.Write(address & _cpu->A20Mask, size, value);

    /// <summary>Delivers an exception raised by the instruction at Rip.</summary>
    public void RaiseFault(X86Fault fault) => RaiseFault(fault.Vector, fault.Error, fault.Address);

    /// <summary>Delivers an exception raised by the instruction at Rip, without an exception object.</summary>
    /// <param name="vector">Which.</param>
    /// <param name="error">Error code, for those that push one.</param>
    /// <param name="address">Page faults: becomes CR2.</param>
    public void RaiseFault(X86Vector vector, uint error = 0, ulong address = 0) => throw new NotImplementedException();

    /// <summary>Delivers an external interrupt before the instruction at Rip; wakes from hlt. The caller has looked at IF and the interrupt shadow.</summary>
    public void Interrupt(int vector) => throw new NotImplementedException();

    /// <summary>Delivers a non-maskable interrupt; the caller has looked at NmiBlocked.</summary>
    public void DeliverNmi() => throw new NotImplementedException();

    /// <summary>True when an interrupt may be taken now: IF set and no interrupt shadow.</summary>
    public bool CanInterrupt => (_cpu->Rflags & X86Cpu.FlagIf) != 0 && _cpu->InterruptShadow == 0;

    /// <summary>
    /// Before an instruction, while <see cref="X86Mode.CodeBreakpoints"/> is set: delivers #DB if a breakpoint is on it. True when it did, and Rip is elsewhere.
    /// </summary>
    public bool CheckCodeBreakpoint() => throw new NotImplementedException();

    /// <summary>Notes a data access; a breakpoint that it hits is delivered by <see cref="EndInstruction"/>.</summary>
    public void CheckDataBreakpoint(ulong linear, int size, bool write) => throw new NotImplementedException();

    /// <summary>
    /// After an instruction that completed while <see cref="X86Mode.SingleStep"/>, <see cref="X86Mode.CodeBreakpoints"/> or
    /// <see cref="X86Mode.DataBreakpoints"/> was set before it: delivers the debug traps that are due, and clears RF.
    /// </summary>
    /// <param name="stepped">TF before the instruction.</param>
    /// <returns>True when a trap was delivered.</returns>
    public bool EndInstruction(bool stepped) => throw new NotImplementedException();

    /// <summary>State as after power-on or RESET.</summary>
    public void Reset() => throw new NotImplementedException();

    /// <summary>State as after INIT: as reset, but caches, FPU state and most MSRs stay.</summary>
    public void Init() => throw new NotImplementedException();

    /// <summary>Start-up IPI: begins at vector * 4096 in real mode.</summary>
    public void StartUp(byte vector) => throw new NotImplementedException();
}
