using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>One call of the guest: a handler of its own, or a plan made from its row.</summary>
internal sealed class CompatCall
{
    private readonly CompatPersonality _personality;
    private CallPlan? _plan;

    public CompatCall(CompatPersonality personality, SyscallRow row)
    {
        (_personality, Row) = (personality, row);
        Special = CompatHandlers.Find(row);
        if (Special.Flow == SyscallFlow.Pass)
            Flow = HasHost(out int number) ? personality.HostEntry(number).Flow : SyscallFlow.Unimplemented;
        else
            Flow = Special.Flow;
    }

    public SyscallRow Row { get; }

    /// <summary>Flow Handled: the handler; Unimplemented: ENOSYS; Pass: the plan decides.</summary>
    public SyscallEntry Special { get; }

    /// <summary>How the call is served in the end.</summary>
    public SyscallFlow Flow { get; }

    /// <summary>The plan that follows from the row.</summary>
    /// <exception cref="FormatException">There is no host call like it, or its row needs a handler.</exception>
    public CallPlan Plan => _plan ??= HasHost(out int number)
        ? new CallPlan(_personality, Row, HostRows.Of(Row), number, _personality.HostEntry(number))
        : throw new FormatException($"{Row.Name} needs a handler: the host has no such call");

    private bool HasHost(out int number)
    {
        number = _personality.HostNumber(HostRows.Of(Row));
        return number >= 0;
    }
}
