using System.Runtime.InteropServices;
using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// Addresses and the inline TLB.
internal sealed unsafe partial class MachineTranslator
{
    private const int PageBytes = 4096;

    /// <summary>Registers of the guest that live in memory in 64-bit code.</summary>
    internal static ReadOnlySpan<byte> MemoryRegisters => [13, 14, 15];

    private bool InMemory(int register) => Is64 && (register is 13 or 14 or 15);

    // S0 = linear address of the memory operand. S1 is lost.
    private void EmitAddress(in Instruction insn)
    {
        int bytes = AddressBytes(in insn);
        EmitOffset(in insn, S0, wide: bytes == 8);
        int segment = (int)X86Core.SegmentOf(in insn);
        if (Is64)
        {
            if (segment >= (int)SegmentName.Fs)
                _a.Op(Alu.Add, S0, AreaSlot.SegmentBase(segment), wide: true);
        }
        else if (!_mode.IsFlat(segment))
        {
            _a.Op(Alu.Add, S0, AreaSlot.SegmentBase(segment), wide: false);
        }
        else if (bytes == 8)
        {
            _a.Mov32(S0, S0);
        }
    }

    // A register = offset of the memory operand, as wide as its address or cut to 32 bits. S0 and S1 may be lost. The result is the address' width in bytes.
    private int EmitOffset(in Instruction insn, Reg to, bool wide)
    {
        int bytes = AddressBytes(in insn);
        if (insn.IsIPRelativeMemoryOperand)
        {
            _a.MovImm(to, bytes == 4 ? (uint)insn.IPRelativeMemoryAddress : insn.IPRelativeMemoryAddress);
            return bytes;
        }

        int b = AddressRegister(insn.MemoryBase, S0);
        if (b == (int)S1 && OperandMap.Family(insn.MemoryIndex) is var index && InMemory(index) && index != _cached)
        {
            _a.Mov(S0, S1);
            b = (int)S0;
        }

        int i = AddressRegister(insn.MemoryIndex, S1);
        long displacement = (long)insn.MemoryDisplacement64;
        if (b < 0 && i < 0)
        {
            _a.MovImm(to, wide ? (ulong)displacement : bytes != 2 ? (uint)displacement : (ushort)displacement);
            return bytes;
        }

        int scale = i < 0 ? 0 : insn.MemoryIndexScale switch
        {
            1 => 0,
            2 => 1,
            4 => 2,
            _ => 3,
        };
        if (i < 0 && (int)displacement == 0)
            _a.Mov(to, (Reg)b, wide);
        else
            _a.Lea(to, new Mem(b, i, scale, (int)displacement, 0), wide);
        if (bytes == 2)
            _a.MovzxWord(to, to);
        return bytes;
    }

    // The host register with a guest register of an address; loaded if it lives in memory. -1 for none.
    private int AddressRegister(Register register, Reg scratch)
    {
        int number = OperandMap.Family(register);
        if (number < 0)
            return -1;
        if (InMemory(number))
        {
            if (number == _cached)
                return (int)S1;
            if (scratch == S1)
                ForgetCached();
            _a.Mov(scratch, AreaSlot.Gpr(number));
            return (int)scratch;
        }

        return number == 4 ? (int)Sp : number;
    }

    // S0: linear address -> host address. S1 is lost, the flags too. The result is the site, until another is added.
    private ref TranslationSite EmitTranslate(ulong rip, int size, bool isWrite, TlbIndex index = TlbIndex.Computed)
    {
        int site = AddSite(rip, insn: -1, size, isWrite);
        byte* miss = EmitTlbLookup(size, isWrite, index, out int hint);
        byte* hit = _a.Position;
        EmitTlbHit(isWrite);
        byte* cold = _code.Cold -= index == TlbIndex.Computed ? 48 : 144;
        X64Asm c = new(cold);
        *(int*)miss = (int)(cold - (miss + 4));
        if (index == TlbIndex.OfStack || hint >= 0)
            EmitWrongGuess(ref c, index, hint, site, size, isWrite, hit);
        c.Add(S0, AreaSlot.Indexed(S1, TagsOf(isWrite)));
        c.Mov32(AreaSlot.At(AreaSlot.ExitSite), site);
        c.Byte(0xE8);
        c.Int32((int)(_code.Stubs.MissCall(_mode.View, isWrite) - (c.Position + 4)));
        c.Jmp(_a.Position);
        ref TranslationSite noted = ref CollectionsMarshal.AsSpan(_code.Sites)[site];
        noted.Hint = hint;
        return ref noted;
    }

    private int TableOffset => _mode.View * VcpuArea.TlbEntries * 8;

    private int TagsOf(bool isWrite) => (isWrite ? AreaSlot.WriteTags : AreaSlot.ReadTags) + TableOffset;

    // S0: linear address -> distance from the page of its entry, S1 = the entry's number. The result is where to put the way for a miss.
    private byte* EmitTlbLookup(int size, bool isWrite, TlbIndex index, out int hint)
    {
        _held = -1;
        ForgetCached();
        hint = EmitGuess(index);
        _a.Sub(S0, AreaSlot.Indexed(S1, TagsOf(isWrite)));
        _a.Cmp(S0, PageBytes - size);
        return _a.JccForward(Cond.A);
    }

    private void EmitTlbHit(bool isWrite) => _a.Add(S0, AreaSlot.Indexed(S1, (isWrite ? AreaSlot.WritePages : AreaSlot.ReadPages) + TableOffset));

    // Loads the guest's vector and floating-point registers, once a block.
    private void NeedVectors(RflagsBits liveIn)
    {
        if (_hasVectors)
            return;
        FreeFlags(liveIn);
        _held = -1;
        byte* cold = _code.Cold -= 16;
        X64Asm c = new(cold);
        _a.Cmp32(AreaSlot.At(AreaSlot.VectorsLoaded), 0);
        _a.Jcc(Cond.E, cold);
        c.Byte(0xE8);
        c.Int32((int)(_code.Stubs.LoadVectors - (c.Position + 4)));
        c.Jmp(_a.Position);
        _hasVectors = true;
    }
}
