using Suite.Jit.Runtime;

namespace Suite.Jit.Ir;

/// <summary>
/// Managed routines a guest's IR may call, by number. They see the whole guest state through the layout; operands and result are raw bits.
/// A helper may ask for the thread to be stopped instead of going on by calling <see cref="IrInterpreterState.Trap"/>.
/// </summary>
public sealed unsafe class IrHelpers
{
    private readonly delegate*<IrInterpreterState, ulong, ulong, ulong, ulong>[] _helpers = new delegate*<IrInterpreterState, ulong, ulong, ulong, ulong>[512];

    /// <summary>Number 0 to 511 is the guest's choice.</summary>
    public void Set(int number, delegate*<IrInterpreterState, ulong, ulong, ulong, ulong> helper) => _helpers[number] = helper;

    public ulong Invoke(int number, IrInterpreterState s, ulong a, ulong b, ulong c) => _helpers[number](s, a, b, c);
}

/// <summary>What a helper may touch: the slots of the guest, by number, and the way out.</summary>
public sealed unsafe class IrInterpreterState(StateLayout layout)
{
    public StateLayout Layout { get; } = layout;

    /// <summary>The thread being interpreted.</summary>
    public VcpuState* Vcpu { get; set; }

    /// <summary>Guest pc of the instruction being interpreted.</summary>
    public ulong Pc { get; set; }

    /// <summary>Set by a helper to stop behind (or at) this instruction.</summary>
    public ExitReason? Trapped { get; private set; }

    public uint TrapArgument { get; private set; }

    public ref T Slot<T>(int slot) where T : unmanaged => ref *(T*)Layout.AddressOf(Vcpu, slot);

    /// <summary>Ends interpretation of this instruction with an exit at its own pc.</summary>
    public void Trap(ExitReason reason, uint argument) => (Trapped, TrapArgument) = (reason, argument);

    public void ClearTrap() => Trapped = null;
}
