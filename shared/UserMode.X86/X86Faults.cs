using Suite.Guest.X86.Decode;
using Suite.Host;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.UserMode.X86;

/// <summary>What managed code needs that does an instruction's work: the instruction again, and the faults it can end in.</summary>
public static unsafe class X86Faults
{
    private const int SI_KERNEL = 0x80, SEGV_MAPERR = 1, SEGV_ACCERR = 2, StackFault = 12, GeneralProtection = 13, PageFault = 14;

    /// <summary>#GP with an error code.</summary>
    public static void Protection(GuestThread t, ulong error)
    {
        (t.State->FaultTrap, t.State->FaultError) = (GeneralProtection, error);
        SignalDelivery.Raise(t, Linux.SIGSEGV, SI_KERNEL, 0);
    }

    /// <summary>#SS with an error code.</summary>
    public static void Stack(GuestThread t, ulong error)
    {
        (t.State->FaultTrap, t.State->FaultError) = (StackFault, error);
        SignalDelivery.Raise(t, Linux.SIGBUS, SI_KERNEL, 0);
    }

    /// <summary>#PF of an access that managed code made for the guest.</summary>
    public static void MemoryFault(GuestThread t, ulong address, bool write)
    {
        bool mapped = t.Memory.Find(address) is not null;
        (t.State->FaultTrap, t.State->FaultAddress) = (PageFault, address);
        t.State->FaultError = 4u | (write ? 2u : 0u) | (mapped ? 1u : 0u);
        SignalDelivery.Raise(t, Linux.SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, address);
    }

    /// <summary>Decodes the instruction at Pc again.</summary>
    /// <param name="code">Room for 16 bytes; gets the instruction's.</param>
    public static bool Fetch(GuestThread t, CpuMode mode, int length, out X86Insn insn, byte* code)
    {
        insn = default;
        return t.Memory.TryRead(t.State->Pc, new Span<byte>(code, length)) && X86Decoder.Decode(code, length, mode, out insn);
    }
}
