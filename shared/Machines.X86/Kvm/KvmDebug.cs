using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Kvm;

/// <summary>A debugger's wishes as the kernel's guest debugging serves them: single step, and four hardware breakpoints in the processor's debug registers.</summary>
internal sealed unsafe class KvmDebug(KvmDescriptor vcpu)
{
    private const int Registers = 4, Control = 7;
    private const ulong Always1 = 0x400, Execute = 0, WriteOnly = 1, ReadWrite = 3;

    private readonly ulong?[] _watched = new ulong?[Registers];

    /// <summary>The watched address that stopped the guest last; null when it was a breakpoint or a step.</summary>
    public ulong? Hit { get; private set; }

    /// <summary>The guest was stopped.</summary>
    /// <param name="dr6">Which of the debug registers it was.</param>
    public void Stopped(ulong dr6)
    {
        Hit = null;
        for (int i = 0; i < Registers; i++)
            if ((dr6 >> i & 1) != 0 && _watched[i] is { } address)
                Hit = address;
    }

    /// <summary>Sets all at once.</summary>
    /// <exception cref="KvmException">More than the processor can watch.</exception>
    public void Set(in DebugRequest request)
    {
        if (request.Breakpoints.Count + request.Watchpoints.Count > Registers)
            throw new KvmException($"the processor can watch {Registers} places; remove a breakpoint, or use -accel translation");
        KvmGuestDebug debug = default;
        if (!request.IsEmpty)
            debug.Control = KvmApi.KVM_GUESTDBG_ENABLE | (request.SingleStep ? KvmApi.KVM_GUESTDBG_SINGLESTEP : 0);
        int used = 0;
        ulong dr7 = Always1;
        foreach (ulong address in request.Breakpoints)
            Add(ref debug, ref used, ref dr7, address, 1, Execute);
        Array.Clear(_watched);
        foreach (Watchpoint w in request.Watchpoints)
        {
            _watched[used] = w.Address;
            Add(ref debug, ref used, ref dr7, w.Address, w.Length, w.OnRead ? ReadWrite : WriteOnly);
        }

        if (used > 0)
            debug.Control |= KvmApi.KVM_GUESTDBG_USE_HW_BP;
        debug.DebugRegisters[Control] = dr7;
        vcpu.Call(KvmApi.KVM_SET_GUEST_DEBUG, ref debug, "KVM_SET_GUEST_DEBUG");
    }

    // DR7 (Intel SDM volume 3, 17.2.4): global enable of each register in bits 1, 3, 5, 7; condition and length in four bits from 16 on.
    private static void Add(ref KvmGuestDebug debug, ref int used, ref ulong dr7, ulong address, int length, ulong condition)
    {
        ulong size = length switch { 2 => 1, 4 => 3, 8 => 2, _ => 0 };
        debug.DebugRegisters[used] = address;
        dr7 |= 2UL << (used * 2) | (condition | size << 2) << (16 + used * 4);
        used++;
    }
}
