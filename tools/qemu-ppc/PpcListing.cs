using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Suite.Guest.Ppc;
using Suite.Jit.Ir;

namespace Suite.Tools.Ppc;

/// <summary>Guest code for -d: in_asm, an instruction a line, and op, what a block's instructions become before anything is improved.</summary>
internal static unsafe class PpcListing
{
    public static string Text(PpcModel model, uint pc, ReadOnlySpan<byte> code)
    {
        PpcDisassembler disassembler = new(new PpcDecoder(model));
        StringBuilder lines = new();
        for (; code.Length >= sizeof(uint); code = code[sizeof(uint)..], pc += sizeof(uint))
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(code);
            lines.Append($"0x{pc:x8}:  {word:x8}  {disassembler.Disassemble(word, pc)}\n");
        }

        return lines.ToString();
    }

    public static string Operations(PpcModel model, StateLayout layout, uint pc, ReadOnlySpan<byte> code)
    {
        PpcEmitter emitter = new(layout, model);
        PpcDecoder decoder = new(model);
        emitter.Begin(exact: false);
        for (; code.Length >= sizeof(uint) && !emitter.Ended; code = code[sizeof(uint)..], pc += sizeof(uint))
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(code);
            emitter.BeginInsn(pc);
            ref readonly PpcRow row = ref decoder.Find(word);
            if (Unsafe.IsNullRef(in row))
                emitter.Illegal();
            else
                row.Emit(emitter, word);
        }

        if (!emitter.Ended)
            emitter.Exit(pc);
        return IrText.List(emitter.Ir, layout);
    }
}
