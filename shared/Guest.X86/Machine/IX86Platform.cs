namespace Suite.Guest.X86.Machine;

/// <summary>What a vCPU needs of the machine around it. Called on the vCPU's thread.</summary>
public interface IX86Platform
{
    /// <summary>in: 1, 2 or 4 bytes.</summary>
    uint In(ushort port, int size);

    /// <summary>out: 1, 2 or 4 bytes.</summary>
    void Out(ushort port, int size, uint value);

    /// <summary>The vector of the interrupt that is asserted to a vCPU, which acknowledges it; -1 when it has gone.</summary>
    int AcknowledgeInterrupt(int vcpu);

    /// <summary>Reads an MSR of the local APIC (base, x2APIC, TSC deadline); false for others.</summary>
    bool TryReadMsr(int vcpu, uint msr, out ulong value);

    /// <summary>Writes an MSR of the local APIC; false for others, or for values it refuses (#GP).</summary>
    bool TryWriteMsr(int vcpu, uint msr, ulong value);

    /// <summary>CR8, the task priority's upper four bits.</summary>
    ulong ReadTaskPriority(int vcpu);

    /// <summary>Sets the task priority.</summary>
    void WriteTaskPriority(int vcpu, ulong cr8);

    /// <summary>The time-stamp counter before the guest's offset is added.</summary>
    ulong ReadTsc();

    /// <summary>The level of FERR#: an unmasked x87 exception waits while CR0.NE is clear (a PC's IRQ 13).</summary>
    void SetFpuError(bool level);

    /// <summary>The level of IGNNE#: x87 instructions go on in spite of exceptions, for the handler of a PC's IRQ 13.</summary>
    bool IgnoresFpuErrors => false;
}

/// <summary>What the translation of a vCPU has to hear of its core.</summary>
public interface IX86CoreEvents
{
    /// <summary>Linear addresses may lead elsewhere: everything cached of them goes, global pages only when told.</summary>
    void TlbFlush(bool withGlobal);

    /// <summary>One page's translation may have changed.</summary>
    void TlbFlushPage(ulong linear);
}
