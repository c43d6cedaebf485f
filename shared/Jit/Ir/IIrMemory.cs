namespace Suite.Jit.Ir;

/// <summary>
/// How <see cref="IrInterpreter"/> reaches guest memory. Every method answers false when the guest may not make the access (nothing has
/// been moved then); which byte of it was at fault is in the address handed back.
/// </summary>
public unsafe interface IIrMemory
{
    /// <summary>Copies guest bytes out, in guest order.</summary>
    bool Read(uint address, byte* into, int bytes, out ulong faultAddress);

    /// <summary>Copies bytes in, in guest order.</summary>
    bool Write(uint address, byte* from, int bytes, out ulong faultAddress);

    /// <summary>If the word in host order at an address is the expected one, replaces it in one step.</summary>
    bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress);
}
