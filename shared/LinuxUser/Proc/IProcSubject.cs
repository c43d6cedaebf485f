using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>An emulated process that /proc is asked about: the guest's own, or another.</summary>
internal interface IProcSubject
{
    /// <summary>Its program.</summary>
    ProgramIdentity Identity { get; }

    /// <summary>Its mappings in address order.</summary>
    Vma[] Mappings { get; }

    /// <summary>The limits it keeps from the host.</summary>
    GuestSettings Settings { get; }

    /// <summary>Reads its memory; false when any byte is not there.</summary>
    bool TryRead(ulong address, Span<byte> into);

    /// <summary>What stat and status say of one of its threads.</summary>
    ProcessFacts Facts(int tid);

    /// <summary>True for threads of the guest, false for those of the emulator.</summary>
    bool IsVisibleThread(int tid);

    /// <summary>True for a descriptor of the emulator.</summary>
    bool HidesDescriptor(int descriptor);
}
