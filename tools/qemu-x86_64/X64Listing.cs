using Iced.Intel;
using Suite.Host.Diagnostics;
using Suite.Jit;

namespace Suite.Tools.X64;

/// <summary>-d in_asm, out_asm and exec: what was translated to what, and which block runs.</summary>
internal sealed unsafe class X64Listing(LogSink log, LogItems items, AddressFilter? filter) : ITranslationListener
{
    public void Translated(ulong pc, ReadOnlySpan<byte> guest, byte* host, int hostLength)
    {
        if (filter is not null && !filter.Contains(pc))
            return;
        if ((items & LogItems.InAsm) != 0)
            log.Line($"----------------\nIN:\n{List(pc, guest)}");
        if ((items & LogItems.OutAsm) != 0)
            log.Line($"OUT: [size={hostLength}]\n{List((ulong)host, new ReadOnlySpan<byte>(host, hostLength))}");
    }

    public void Executing(ulong pc, byte* host)
    {
        if ((items & LogItems.Exec) != 0 && (filter is null || filter.Contains(pc)))
            log.Line($"Trace 0: 0x{(ulong)host:x} [{pc:x16}]");
    }

    private static string List(ulong pc, ReadOnlySpan<byte> code)
    {
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), pc);
        NasmFormatter formatter = new();
        StringOutput text = new();
        System.Text.StringBuilder lines = new();
        while (decoder.IP < pc + (ulong)code.Length)
        {
            decoder.Decode(out Instruction insn);
            formatter.Format(in insn, text);
            int at = (int)(insn.IP - pc);
            lines.Append($"0x{insn.IP:x8}:  {Convert.ToHexStringLower(code.Slice(at, insn.Length)),-30}  {text.ToStringAndReset()}\n");
        }

        return lines.ToString();
    }
}
