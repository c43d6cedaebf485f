using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.Jit.X64;

namespace Suite.UserMode;

/// <summary>-d in_asm, op, out_asm and exec: what was translated to what, and which block runs.</summary>
internal sealed unsafe class TranslationListing(UserCpu cpu, LogSink log, LogItems items, AddressFilter? filter) : ITranslationListener
{
    public void Translated(ulong pc, ReadOnlySpan<byte> guest, byte* host, int hostLength)
    {
        if (filter is not null && !filter.Contains(pc))
            return;
        if ((items & LogItems.InAsm) != 0)
            log.Line($"----------------\nIN:\n{cpu.ListCode(pc, guest)}");
        if ((items & LogItems.Op) != 0 && cpu.ListOperations(pc, guest) is { } operations)
            log.Line($"OP:\n{operations}");
        if ((items & LogItems.OutAsm) != 0)
            log.Line($"OUT: [size={hostLength}]\n{X86Text.List(cpu.HostBits, (ulong)host, new ReadOnlySpan<byte>(host, hostLength))}");
    }

    public void Executing(ulong pc, byte* host)
    {
        if ((items & LogItems.Exec) != 0 && (filter is null || filter.Contains(pc)))
            log.Line($"Trace 0: 0x{(ulong)host:x} [{pc:x16}]");
    }
}
