using System.Collections.Concurrent;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>What one printer has parsed so far of the signatures, constant sets and layouts. Any thread may ask.</summary>
internal sealed class DecoderTables(GuestAbi abi)
{
    private readonly ConcurrentDictionary<SyscallRow, Signature> _signatures = new();
    private readonly ConcurrentDictionary<string, ConstantSet?> _sets = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<string, StructLayout?> _layouts = new(NameComparer.Instance);

    public Signature SignatureOf(SyscallRow row) => _signatures.GetOrAdd(row, static r => Signature.Parse(r.TraceSignature));

    /// <summary>The guest's own version of the set if there is one; null when the name is unknown.</summary>
    public ConstantSet? Set(string name) => _sets.GetOrAdd(name, static (n, abi) =>
        (ConstantSets.Find(n + abi.Suffix) ?? ConstantSets.Find(n)) is { } text ? ConstantSet.Parse(text) : null, abi);

    /// <summary>The layout for this guest; null when the name is unknown.</summary>
    public StructLayout? Layout(string name) => _layouts.GetOrAdd(name, static (n, abi) =>
        (StructLayouts.Find(n + abi.Suffix) ?? StructLayouts.Find(n)) is { } text ? StructLayout.Parse(text, abi) : null, abi);
}
