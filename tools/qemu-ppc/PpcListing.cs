using System.Buffers.Binary;
using System.Text;
using Suite.Guest.Ppc;

namespace Suite.Tools.Ppc;

/// <summary>-d in_asm: guest code, one instruction a line.</summary>
internal static class PpcListing
{
    public static string Text(PpcModel model, uint pc, ReadOnlySpan<byte> code)
    {
        PpcDisassembler disassembler = new(new PpcDecoder(model));
        StringBuilder lines = new();
        for (; code.Length >= 4; code = code[4..], pc += 4)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(code);
            lines.Append($"0x{pc:x8}:  {word:x8}  {disassembler.Disassemble(word, pc)}\n");
        }

        return lines.ToString();
    }
}
