using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit;

// Checked blocks: code on pages that change often, or that can be written through another mapping, compares its bytes on entry.
public sealed unsafe partial class Engine
{
    /// <summary>Bytes a checked block may cover; its comparison is two instructions for every eight.</summary>
    public const int CheckedBytes = 64;

    private const int CheckWords = CheckedBytes / 8 + 2;
    private int _checkPatch;

    // Code for the most words; FillCheck writes the values once the block's length is known.
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
        byte* stale = EmitStaleExit(b, blockIndex);
        for (int i = 0; i < CheckWords; i++)
        {
            b.Hot.Bytes([0x48, 0xB9]); // mov rcx, expected
            b.Hot.Int64(0);
            b.Hot.Bytes([0x48, 0xA1]); // mov rax, [moffs64]
            b.Hot.Int64((long)b.GuestStart);
            b.Hot.Bytes([0x48, 0x39, 0xC8]); // cmp rax, rcx
            b.Hot.Jcc(Cond.NE, stale);
        }

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
        X64Asm a = new(at);
        a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        a.AddAl7F();
        a.Sahf();
        a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
        a.Mov32(Mem.Fs(Slot.ExitArg), blockIndex << 1 | _current.Tag);
        a.Jmp(_stubs.ExitFor(ExitReason.StaleCode));
        return at;
    }

    // Words overlap at the end, so that exactly the block's bytes are compared; a block shorter than a word compares one word it can read:
    // the bytes behind it belong to the same fetch, and a change there only costs a translation.
    private void FillCheck(BlockBuilder b, byte* code)
    {
        const int WordStride = 10 + 10 + 3 + 6;
        byte* at = b.Start + _checkPatch;
        int length = Math.Max(b.GuestLength, 8);
        for (int i = 0; i < CheckWords; i++, at += WordStride)
        {
            int offset = Math.Min(i * 8, length - 8);
            *(ulong*)(at + 2) = *(ulong*)(code + offset);
            *(ulong*)(at + 12) = b.GuestStart + (ulong)offset;
        }
    }

    private void DropStale(VcpuState* s)
    {
        using (_gate.Hold())
        {
            Generation generation = _generations[s->ExitArg & 1];
            int index = (int)(s->ExitArg >> 1);
            s->Pc = generation.Blocks[index].GuestStart;
            if (generation == _current && generation.Blocks[index].Valid)
                InvalidateBlock(index);
        }
    }
}
