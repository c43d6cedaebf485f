using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Abi;

/// <summary>What differs between targets in the Linux personality: registers of a system call, the signal frame.</summary>
public interface ILinuxAbi
{
    /// <summary>uname's machine field.</summary>
    string Machine { get; }

    /// <summary>Number and arguments of the call the thread has just made.</summary>
    SysArgs Arguments(GuestThread thread);

    /// <summary>The guest's stack pointer; on x86 that is register 4.</summary>
    unsafe ulong StackPointer(GuestThread thread) => thread.State->Gpr[4];

    /// <summary>Puts a result (a value or -errno) where the guest expects it.</summary>
    void SetResult(GuestThread thread, long result);

    /// <summary>Makes the thread repeat the call it was about to make: pc back on the instruction, number back in its register.</summary>
    void Rewind(GuestThread thread, long number);

    /// <summary>
    /// Pushes a signal frame and makes the thread continue in the handler. False when the frame does not fit on the guest's stack.
    /// </summary>
    bool PushFrame(GuestThread thread, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask);

    /// <summary>sigreturn: takes the state back from the frame. False when the frame is unreadable.</summary>
    bool PopFrame(GuestThread thread, out ulong mask);

    /// <summary>Start state of a new thread or process made by clone: result 0, its own stack and thread pointer where given.</summary>
    void PrepareChild(GuestThread child, ulong stack, bool setTls, ulong tls);

    /// <summary>A new thread has a copy of its parent's host registers; a target that keeps state elsewhere gives it its own.</summary>
    void BeginThread(GuestThread child)
    {
    }

    /// <summary>What a vfork child changes of its parent's registers besides host registers; null for nothing.</summary>
    byte[]? SaveState(GuestThread thread) => null;

    /// <summary>Puts back what <see cref="SaveState"/> gave.</summary>
    void RestoreState(GuestThread thread, byte[] saved)
    {
    }

    /// <summary>
    /// The calling thread ends and makes no more calls: what <see cref="BeginThread"/> made is freed, and what the host's kernel keeps because
    /// this target asked for it is given up.
    /// </summary>
    void EndThread(GuestThread thread)
    {
    }

    /// <summary>The register sets of the target, general registers first.</summary>
    IReadOnlyList<Regset> Regsets { get; }

    /// <summary>Text for the register part of diagnostics.</summary>
    string DescribeRegisters(GuestThread thread);
}
