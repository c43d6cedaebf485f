using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit;

// Checked blocks: code on pages that change often, or that can be written through another mapping, compares its bytes on entry.
public sealed unsafe partial class Engine
{
    /// <summary>Bytes a checked block may cover; its comparison is four instructions for every eight.</summary>
    public const int CheckedBytes = 64;

    // Whole words, and at most three smaller parts on either side of them.
    // In compatibility mode there are twice as many parts of two thirds the length.
    private const int PartBytes = 10 + 10 + 3 + 6, CheckRoom = (CheckedBytes / 8 + 6) * PartBytes + 5;
    private int _checkPatch;
    private byte* _checkStale;

    // Room for the most comparisons; FillCheck writes them once the block's length is known.
    // Flags are kept with lahf/seto; rax and rcx live in scratch slots meanwhile.
    private void EmitCheck(BlockBuilder b, int blockIndex)
    {
        b.BeginInsn();
        b.Hot.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        b.Hot.Mov(Mem.Fs(Slot.Scratch(1)), Reg.Rcx);
        b.Hot.Lahf();
        b.Hot.SetoAl();
        b.Hot.Mov(Mem.Fs(Slot.Scratch(3)), Reg.Rax);
        _checkPatch = (int)(b.Hot.Position - b.Start);
        _checkStale = EmitStaleExit(b, blockIndex);
        b.Hot.Position += CheckRoom;
        b.Hot.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        b.Hot.AddAl7F();
        b.Hot.Sahf();
        b.Hot.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
        b.EndInsn(0, InsnKind.Check);
    }

    private byte* EmitStaleExit(BlockBuilder b, int blockIndex)
    {
        byte* at = b.ReserveCold(96);
        X64Asm a = _stubs.NewAsm(at);
        a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        a.AddAl7F();
        a.Sahf();
        a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
        a.Mov32(Mem.Fs(Slot.ExitArg), blockIndex << 1 | _current.Tag);
        a.Jmp(_stubs.ExitFor(ExitReason.StaleCode));
        return at;
    }

    // Each part is a power of two that divides its address: it reads no byte of another page, which may not be there, and no part is
    // misaligned, which a guest that runs with AC set would be told.
    private void FillCheck(BlockBuilder b, byte* code)
    {
        byte* end = b.Start + _checkPatch + CheckRoom;
        X64Asm a = _stubs.NewAsm(b.Start + _checkPatch);
        for (int offset = 0; offset < b.GuestLength;)
        {
            ulong at = b.GuestStart + (ulong)offset;
            int size = _traits.IsCompatibilityMode ? 4 : 8;
            while ((at & (ulong)(size - 1)) != 0 || size > b.GuestLength - offset)
                size >>= 1;
            EmitComparison(ref a, at, code + offset, size);
            a.Jcc(Cond.NE, _checkStale);
            offset += size;
        }

        if (a.Position < end)
            a.Jmp(end);
    }

    // mov rcx, expected; mov rax, [moffs64]; cmp rax, rcx - or their smaller forms
    private void EmitComparison(ref X64Asm a, ulong at, byte* expected, int size)
    {
        ulong value = size switch
        {
            8 => *(ulong*)expected,
            4 => *(uint*)expected,
            2 => *(ushort*)expected,
            _ => *expected,
        };
        a.MovImm(Reg.Rcx, value);
        if (_traits.IsCompatibilityMode)
            a.Byte(Stubs.CsPrefix); // ds may be any segment
        EmitSize(ref a, size);
        a.Byte((byte)(size == 1 ? 0xA0 : 0xA1));
        if (_traits.IsCompatibilityMode)
            a.Int32((int)at);
        else
            a.Int64((long)at);
        EmitSize(ref a, size);
        a.Bytes([(byte)(size == 1 ? 0x38 : 0x39), 0xC8]);
    }

    private static void EmitSize(ref X64Asm a, int size)
    {
        if (size == 8)
            a.Byte(0x48);
        else if (size == 2)
            a.Byte(0x66);
    }

    // The block that asks for it is translated again.
    private void DropBlock(VcpuState* s)
    {
        using (_gate.Hold())
        {
            Generation generation = _generations[s->ExitArg & 1];
            int index = (int)(s->ExitArg >> 1);
            s->Pc = generation.Blocks[index].GuestStart;
            if (s->Reason == ExitReason.WrongAssumption)
                _doubted.Add(s->Pc);
            if (generation == _current && generation.Blocks[index].Valid)
                InvalidateBlock(index);
        }
    }
}
