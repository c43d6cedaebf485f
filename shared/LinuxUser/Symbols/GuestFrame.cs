namespace Suite.LinuxUser.Symbols;

/// <summary>How a frame was found.</summary>
public enum FrameKind
{
    /// <summary>The registers as they are.</summary>
    Start,

    /// <summary>By call frame information.</summary>
    Described,

    /// <summary>What a signal interrupted, taken from the signal's frame.</summary>
    Interrupted,

    /// <summary>Where the handler of a signal returns to; the frame outside it is the interrupted one.</summary>
    Trampoline,

    /// <summary>By the chain of frame pointers, or PowerPC's back chain.</summary>
    Chain,

    /// <summary>A word on the stack that looks like a return address.</summary>
    Guess,
}

/// <summary>One frame of a backtrace.</summary>
/// <param name="Pc">Its program counter; a return address except where something was interrupted.</param>
/// <param name="StackPointer">The stack pointer there.</param>
/// <param name="Kind">How it was found.</param>
public readonly record struct GuestFrame(ulong Pc, ulong StackPointer, FrameKind Kind)
{
    /// <summary>An address inside the call, for looking up functions and lines: a return address may belong to the next function.</summary>
    public ulong LookupPc => Kind is FrameKind.Start or FrameKind.Interrupted or FrameKind.Trampoline || Pc == 0 ? Pc : Pc - 1;
}
