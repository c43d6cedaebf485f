using Suite.Guest.X86.Decode;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Guest.X86.Reencoder;

// 3DNow! on hosts without it: generated code puts both operands aside, by MMX moves that fault as the instruction would, and managed code computes.
public sealed unsafe partial class X86Reencoder
{
    /// <summary>Scratch slots of the operands of <see cref="SpecialInsn.ThreeDNow"/>.</summary>
    public const int FirstOperandSlot = 4, SecondOperandSlot = 5;

    private const byte MovqLoad = 0x6F, MovqStore = 0x7F, Femms = 0x0E;

    private bool EmitThreeDNow(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        if (insn.Opcode == Femms && insn.Encoding == Encoding.Legacy)
        {
            b.Hot.Bytes([0x0F, 0x77]); // emms
            b.EndInsn(insn.Length, InsnKind.Copy);
            return true;
        }

        if (!ThreeDNow.TryCompute((byte)insn.Imm, 0, 0, out _))
            return EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
        int register = insn.RegField & 7;
        EmitKeepMmx(b, register, FirstOperandSlot);
        if (insn.IsMemory)
            EmitLoadMmx(b, at, code, in insn);
        EmitKeepMmx(b, insn.IsMemory ? register : insn.ModRm & 7, SecondOperandSlot);
        b.Hot.Jmp(b.ColdExit(ExitReason.Special, (uint)SpecialInsn.ThreeDNow | (uint)insn.Length << 8, at));
        b.EndInsn(insn.Length, insn.IsMemory ? InsnKind.Open : InsnKind.Copy);
        return false;
    }

    // movq scratch, mm. Like the instruction itself, it makes all registers valid.
    private static void EmitKeepMmx(BlockBuilder b, int register, int slot)
    {
        b.Hot.Bytes([FsPrefix, 0x0F, MovqStore, (byte)(register << 3 | 4), 0x25]);
        b.Hot.Int32(Slot.Scratch(slot));
    }

    // The same operand loaded by movq into the destination, which gets its value when the instruction is done.
    private void EmitLoadMmx(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        byte* load = stackalloc byte[X86Decoder.MaxLength];
        int length = 0;
        for (int i = 0; i < insn.Length - 1; i++)
        {
            bool isMandatory = i < insn.PrefixCount && code[i] is (0x66 or 0xF2 or 0xF3); // they mean nothing here, and another move there
            if (!isMandatory)
                load[length++] = i == insn.OpcodeOffset ? MovqLoad : code[i];
        }

        EmitChanged(b, at, load, length, insn.Length, isDone: false);
        b.BeginInsn();
    }
}
