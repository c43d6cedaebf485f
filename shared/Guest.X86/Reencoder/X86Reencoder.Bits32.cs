using Suite.Guest.X86.Decode;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Reencoder;

// What is different in 32-bit code, which runs in compatibility mode: every instruction and every segment is the processor's own, except
// that fs is the engine's (docs/adr/010).
public sealed unsafe partial class X86Reencoder
{
    // Null: as in 64-bit code; else the instruction has been dealt with, and the value says whether the block goes on.
    private bool? EmitBits32(BlockBuilder b, ulong at, ulong next, byte* code, in X86Insn insn)
    {
        switch (insn.Flow)
        {
            case X86Flow.IntN when (byte)insn.Imm == 0x80:
                b.Hot.Jmp(b.ColdExit(ExitReason.SystemCall, 0, next));
                b.EndInsn(insn.Length, InsnKind.Copy);
                return false;
            case X86Flow.Sysenter:
                return EmitSpecial(b, at, SpecialInsn.Sysenter, in insn);
            case X86Flow.Syscall:
                return EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
            case X86Flow.LoadFsGs when !LoadsFs(in insn):
                EmitPlain(b, at, code, in insn);
                return true;
            case X86Flow.Jcc or X86Flow.Jmp or X86Flow.Loop or X86Flow.Call or X86Flow.Ret or X86Flow.RetImm or X86Flow.JmpIndirect or X86Flow.CallIndirect when insn.OpSize:
                return EmitSpecial(b, at, SpecialInsn.FarTransfer, in insn);
            case X86Flow.Plain when StoresFs(in insn):
                return EmitStoreFs(b, at, in insn);
            case X86Flow.Plain when LoadsSs(in insn):
                return EmitLoadStack(b, next, code, in insn);
            default:
                return null;
        }
    }

    // mov fs, r/m (8E /4); pop fs (0F A1); lfs (0F B4).
    private static bool LoadsFs(in X86Insn insn) => insn.Map == 0 ? (insn.ModRm >> 3 & 7) == Stubs.Fs : insn.Opcode is 0xA1 or 0xB4;

    // mov r/m, fs (8C /4); push fs (0F A0).
    private static bool StoresFs(in X86Insn insn) => insn.Encoding == Encoding.Legacy
        && ((insn.Map == 0 && insn.Opcode == 0x8C && (insn.ModRm >> 3 & 7) == Stubs.Fs) || (insn.Map == 1 && insn.Opcode == 0xA0));

    // mov ss, r/m (8E /2); pop ss (17); lss (0F B2).
    private static bool LoadsSs(in X86Insn insn) => insn.Encoding == Encoding.Legacy && insn.Map switch
    {
        0 => insn.Opcode == 0x17 || (insn.Opcode == 0x8E && (insn.ModRm >> 3 & 7) == Stubs.Ss),
        1 => insn.Opcode == 0xB2,
        _ => false,
    };

    // The processor loads it, or raises the fault; what runs on the new stack may have to be other code (docs/adr/019).
    private bool EmitLoadStack(BlockBuilder b, ulong next, byte* code, in X86Insn insn)
    {
        EmitPlain(b, Wrap(next - insn.Length), code, in insn);
        b.Hot.Jmp(b.ColdExit(ExitReason.Special, (uint)SpecialInsn.StackLoaded, next));
        return false;
    }

    private static bool EmitStoreFs(BlockBuilder b, ulong at, in X86Insn insn)
    {
        if (insn.Map != 0 || insn.IsMemory || insn.OpSize)
            return EmitSpecial(b, at, SpecialInsn.StoreSelector, in insn);
        b.Hot.MovzxWord(RmRegister(in insn), Mem.Fs(Slot.Segment(Stubs.Fs)));
        b.EndInsn(insn.Length, InsnKind.Copy);
        return true;
    }
}
