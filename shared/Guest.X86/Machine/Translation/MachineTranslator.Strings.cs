using System.Numerics;
using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// Single string moves. Boot loaders and small libraries copy memory with a loop around one movsb, which must not leave generated code for each byte.
internal sealed unsafe partial class MachineTranslator
{
    private const int DirectionBit = 10;

    // movs and stos without a prefix of repetition, with addresses as wide as the code's and segments that need no checks.
    private bool CanMoveString(in Instruction insn)
    {
        if (insn.HasRepPrefix || insn.HasRepnePrefix || insn.HasLockPrefix || _mode.ChecksAlignment || !IsStringMove(insn.Mnemonic))
            return false;
        if (insn.Op0Kind != (Is64 ? OpKind.MemoryESRDI : OpKind.MemoryESEDI) || (IsMove(in insn) && insn.Op1Kind != (Is64 ? OpKind.MemorySegRSI : OpKind.MemorySegESI)))
            return false;
        return Is64 || (IsSegmentFree((int)SegmentName.Es, 4, mayWrite: true) && (!IsMove(in insn) || IsSegmentFree((int)X86Core.SegmentOf(in insn), 4, mayWrite: true)));
    }

    private static bool IsStringMove(Mnemonic mnemonic) => mnemonic is Mnemonic.Movsb or Mnemonic.Movsw or Mnemonic.Movsd or Mnemonic.Movsq
        or Mnemonic.Stosb or Mnemonic.Stosw or Mnemonic.Stosd or Mnemonic.Stosq;

    // A source in memory; movsd of vector registers has the same mnemonic.
    private static bool IsMove(in Instruction insn) => insn.Op1Kind != OpKind.Register;

    // The index registers change only behind both accesses: one that faults leaves them as they were.
    private void EmitMoveString(in Instruction insn)
    {
        int size = insn.MemorySize.GetSize();
        Reg value = Reg.Rax;
        if (IsMove(in insn))
        {
            EmitStringAddress(Reg.Rsi, (int)X86Core.SegmentOf(in insn));
            EmitTranslate(insn.IP, size, isWrite: false);
            LoadPiece(S1, Mem.At(S0), size);
            _a.Mov(AreaSlot.At(AreaSlot.Temp), S1);
            value = S1;
        }

        EmitStringAddress(Reg.Rdi, (int)SegmentName.Es);
        EmitTranslate(insn.IP, size, isWrite: true);
        if (value == S1)
            _a.Mov(S1, AreaSlot.At(AreaSlot.Temp));
        StorePiece(Mem.At(S0), value, size);
        // Twice the size is taken off again when the direction is down.
        _a.Mov32(S0, AreaSlot.At(AreaSlot.Rflags));
        _a.Shift(Shift.Shr, S0, DirectionBit - BitOperations.Log2((uint)size) - 1, wide: false);
        _a.And32(S0, 2 * size);
        if (IsMove(in insn))
            EmitAdvance(Reg.Rsi, size);
        EmitAdvance(Reg.Rdi, size);
    }

    private void EmitStringAddress(Reg index, int segment)
    {
        _a.Mov(S0, index, wide: Is64);
        if (Is64 ? segment >= (int)SegmentName.Fs : !_mode.IsFlat(segment))
            _a.Op(Alu.Add, S0, AreaSlot.SegmentBase(segment), wide: Is64);
    }

    private void EmitAdvance(Reg index, int size)
    {
        _a.Lea(index, Mem.At(index, size), wide: Is64);
        _a.Op(Alu.Sub, index, S0, wide: Is64);
    }

    private void LoadPiece(Reg to, Mem from, int size)
    {
        if (size == 1)
            _a.MovzxByte(to, from);
        else if (size == 2)
            _a.MovzxWord(to, from);
        else
            _a.Mov(to, from, wide: size == 8);
    }

    private void StorePiece(Mem to, Reg from, int size)
    {
        if (size == 1)
            _a.MovByte(to, from);
        else if (size == 2)
            _a.MovWord(to, from);
        else
            _a.Mov(to, from, wide: size == 8);
    }
}
