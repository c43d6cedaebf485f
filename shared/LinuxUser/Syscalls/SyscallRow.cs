namespace Suite.LinuxUser.Syscalls;

/// <summary>
/// What a system call is, whatever its number: dispatch, strace text, JSON and the coverage report all start from here.
/// Making a row stores literals and nothing else, because every start of a tool makes the whole table.
/// </summary>
/// <param name="name">The kernel's name, as in the unistd headers without the prefix.</param>
/// <param name="signature">Arguments and result in the language of <see cref="Syscalls.Signature"/>; parsed only by who prints.</param>
/// <param name="trace">What a trace shows when that is more than serving the call needs to know; the same registers in the same order.</param>
public sealed class SyscallRow(string name, string signature, string? trace = null)
{
    /// <summary>The kernel's name, for example <c>openat</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The signature text; see <see cref="Syscalls.Signature"/> for the language.</summary>
    public string Signature { get; } = signature;

    /// <summary>The signature a trace prints by.</summary>
    public string TraceSignature { get; } = trace ?? signature;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
