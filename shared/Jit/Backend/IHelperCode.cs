using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>Host code of a guest's for helpers (<see cref="Ir.IrOp.Query"/>) that compiled code would leave to the interpreter too often.</summary>
public unsafe interface IHelperCode
{
    /// <summary>Whether there is host code for a helper.</summary>
    bool Has(int helper);

    /// <summary>
    /// Emits it. The result goes to rax; it may change rcx, rdx, xmm0 to xmm5 and the flags, and no guest state. rbp holds the state block's address, with
    /// every slot written.
    /// </summary>
    /// <param name="helper">One that <see cref="Has"/> knows.</param>
    /// <param name="asm">Where to.</param>
    /// <param name="decline">Where to jump when the interpreter must execute the instruction after all.</param>
    /// <param name="known">What is known of the state there.</param>
    void Emit(int helper, ref X64Asm asm, byte* decline, IKnownSlots known);
}

/// <summary>Slots whose value is a constant at some place of a block.</summary>
public interface IKnownSlots
{
    /// <summary>The constant that an I32 slot holds, if it is known.</summary>
    bool TryKnown(int slot, out uint value);
}
