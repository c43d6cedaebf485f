using Iced.Intel;
using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Machine.Translation;

// Accesses of a block near the same address: the first looks up the page for all of them and keeps the host's address, if the page holds them all. If it does not, or lacks
// a right that only a later access needs, the block goes on in a translation whose accesses are each on their own (ModeKey.IsAlone).
internal sealed unsafe partial class MachineTranslator
{
    private const int MaxShares = VcpuArea.Shares, SharedBytes = 256;

    private readonly sbyte[] _shareOf = new sbyte[MaxInsns];
    private readonly Share[] _shares = new Share[MaxShares];
    private int _shareCount;

    // The share whose address S0 holds; -1 for none.
    private int _held;

    private void PlanShares(int count)
    {
        _held = -1;
        _shareCount = 0;
        Array.Fill(_shareOf, (sbyte)-1, 0, count);
        if (_mode.IsAlone || _mode.CodeSize == CpuMode.Bits16 || !HasSeveralAccesses(count))
            return;
        for (int i = 0; i < count; i++)
            PlanShare(i);
        for (int i = 0; i < count; i++)
            if (_shareOf[i] >= 0 && _shares[_shareOf[i]].Members == 1)
                _shareOf[i] = -1;
    }

    private bool HasSeveralAccesses(int count)
    {
        int accesses = 0;
        for (int i = 0; i < count && accesses < 2; i++)
            accesses += _forms[i] == InsnForm.Plain && IsSharable(in _insns[i]) ? 1 : 0;
        return accesses > 1;
    }

    private bool IsSharable(in Instruction insn)
    {
        if (MemoryOperand(in insn) < 0 || AddressBytes(in insn) == 2 || insn.MemoryBase == Register.EIP)
            return false;
        return insn.Mnemonic switch
        {
            Mnemonic.Lea or Mnemonic.Clflush or Mnemonic.Clflushopt or Mnemonic.Clwb or Mnemonic.Cldemote => false,
            Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc => insn.Op1Kind != OpKind.Register,
            _ => true,
        };
    }

    private void PlanShare(int i)
    {
        ref Instruction insn = ref _insns[i];
        if (_forms[i] is InsnForm.Nothing or InsnForm.Branch)
            return;
        if (_forms[i] == InsnForm.Inline && insn.Mnemonic == Mnemonic.Swapgs)
        {
            for (int s = 0; s < _shareCount; s++)
                _shares[s].IsClosed = true;
            return;
        }

        InstructionInfo info = _info.GetInfo(in insn);
        if (_forms[i] == InsnForm.Plain && IsSharable(in insn))
            _shareOf[i] = Join(in insn, IsWrite(info.GetOpAccess(MemoryOperand(in insn))));
        foreach (UsedRegister used in info.GetUsedRegisters())
            if (used.Access is not (OpAccess.Read or OpAccess.CondRead) && OperandMap.Family(used.Register) is var written and >= 0)
                Close(written);
    }

    private sbyte Join(in Instruction insn, bool isWrite)
    {
        long low = DisplacementOf(in insn), high = low + insn.MemorySize.GetSize();
        for (int s = 0; s < _shareCount; s++)
        {
            ref Share share = ref _shares[s];
            if (share.IsClosed || !share.IsLike(in insn) || Math.Max(share.High, high) - Math.Min(share.Low, low) > SharedBytes)
                continue;
            (share.Low, share.High) = (Math.Min(share.Low, low), Math.Max(share.High, high));
            share.IsWrite |= isWrite;
            share.Members++;
            return (sbyte)s;
        }

        if (_shareCount == MaxShares)
            return -1;
        _shares[_shareCount] = new Share(in insn) { Low = low, High = high, IsWrite = isWrite, Members = 1 };
        return (sbyte)_shareCount++;
    }

    private void Close(int register)
    {
        for (int s = 0; s < _shareCount; s++)
            _shares[s].IsClosed |= _shares[s].Base == register || _shares[s].Index == register;
    }

    private static long DisplacementOf(in Instruction insn) =>
        insn.IsIPRelativeMemoryOperand || (insn.MemoryBase == Register.None && insn.MemoryIndex == Register.None) ? (long)insn.MemoryDisplacement64 : (int)insn.MemoryDisplacement64;

    // S0 = host address of the lowest byte that the accesses share; the result is how far from it the operand is. The first access loses the flags and S1.
    private int EmitShared(in Instruction insn, int number, RflagsBits liveIn)
    {
        ref Share share = ref _shares[number];
        if (!share.IsFound)
        {
            FreeFlags(liveIn);
            Instruction lowest = insn;
            lowest.MemoryDisplacement64 = (ulong)share.Low;
            EmitAddress(in lowest);
            byte* miss = EmitTlbLookup((int)(share.High - share.Low), share.IsWrite, TlbIndex.Computed, out _);
            byte* cold = LinkExit(insn.IP, insn.IP, miss, isAlone: true);
            *(int*)miss = (int)(cold - (miss + 4));
            EmitTlbHit(share.IsWrite);
            _a.Mov(AreaSlot.SharedAddress(number), S0);
            share.IsFound = true;
        }
        else if (_held != number)
        {
            _a.Mov(S0, AreaSlot.SharedAddress(number));
        }

        _held = number;
        return (int)(DisplacementOf(in insn) - share.Low);
    }

    private struct Share(in Instruction first)
    {
        private readonly Register _base = first.MemoryBase, _index = first.MemoryIndex;
        private readonly int _scale = first.MemoryIndexScale, _segment = (int)X86Core.SegmentOf(in first), _bytes = first.MemoryDisplSize;

        /// <summary>Displacements of the lowest byte and of the one behind the last.</summary>
        public long Low, High;

        /// <summary>Accesses.</summary>
        public int Members;

        /// <summary>One of them may write.</summary>
        public bool IsWrite;

        /// <summary>A register of the address has another value now.</summary>
        public bool IsClosed;

        /// <summary>Code for the first of them was emitted.</summary>
        public bool IsFound;

        public readonly int Base => OperandMap.Family(_base);

        public readonly int Index => OperandMap.Family(_index);

        public readonly bool IsLike(in Instruction insn) => insn.MemoryBase == _base && insn.MemoryIndex == _index && (_index == Register.None || insn.MemoryIndexScale == _scale)
            && (int)X86Core.SegmentOf(in insn) == _segment && (_base != Register.None || _index != Register.None || insn.MemoryDisplSize == _bytes);
    }
}
