using Iced.Intel;

namespace Suite.Jit.X64;

/// <summary>Disassembly of x86 code: the host's, and that of x86 guests.</summary>
public static class X86Text
{
    /// <summary>Address, bytes and text of each instruction, a line each.</summary>
    /// <param name="bits">16, 32 or 64: the mode the code is for.</param>
    public static string List(int bits, ulong pc, ReadOnlySpan<byte> code)
    {
        Decoder decoder = Decoder.Create(bits, new ByteArrayCodeReader(code.ToArray()), pc);
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
