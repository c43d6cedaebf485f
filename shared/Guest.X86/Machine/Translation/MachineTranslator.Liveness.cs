using Iced.Intel;
using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Machine.Translation;

// Which flags somebody will read: backwards through the block, and forwards a few instructions along the ways out of it that stay on the page. What was looked at belongs
// to what the block depends on.
internal sealed unsafe partial class MachineTranslator
{
    private const int LookAheadInsns = 8, LookAheadBranches = 2;

    private byte* _page;
    private ulong _lookEnd, _lookedAt;

    private void BeginLookAhead(in MachineBlock block, byte* bytes, int available, ulong room)
    {
        int offset = (int)(block.Physical & (PageBytes - 1));
        _lookedAt = 0;
        _page = offset + available == PageBytes ? bytes - offset : null; // else it is one instruction across two pages
        _lookEnd = Math.Min(_pageStart + PageBytes, block.Rip + Math.Min(room, PageBytes));
    }

    private RflagsBits LiveIn(int i)
    {
        FlagUse use = UseOf(in _insns[i], _forms[i]);
        return use.Reads | (_liveOut[i] & ~use.Kills);
    }

    private static FlagUse UseOf(in Instruction insn, InsnForm form) => form switch
    {
        InsnForm.Core or InsnForm.Careful => FlagUse.Opaque,
        InsnForm.Branch when insn.Mnemonic is Mnemonic.Syscall or Mnemonic.Sysretq => FlagUse.Opaque,
        InsnForm.Stack or InsnForm.Nothing => default,
        InsnForm.Inline => insn.Mnemonic is Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq ? new FlagUse(FlagUse.All, RflagsBits.None, RflagsBits.None) : default,
        _ => FlagUse.Of(in insn),
    };

    private void PlanFlags(int count, ulong end, bool isOpen)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            RflagsBits live = i + 1 < count ? LiveIn(i + 1) : isOpen ? LiveAt(end, LookAheadBranches) : RflagsBits.None;
            if (_forms[i] == InsnForm.Branch)
                live |= LiveAfterBranch(in _insns[i], isLast: i == count - 1);
            else if (i + 1 == count && !isOpen)
                live = FlagUse.All;
            _liveOut[i] = live;
        }
    }

    // True when the flags a block finds are read before inserted code needs them out of the way.
    private bool StartsWithFlags(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (_forms[i] == InsnForm.Nothing)
                continue;
            FlagUse use = UseOf(in _insns[i], _forms[i]);
            if (_forms[i] is not (InsnForm.Plain or InsnForm.Branch) || (MemoryOperand(in _insns[i]) >= 0 && _insns[i].Mnemonic != Mnemonic.Lea))
                return false;
            if (use.Reads != RflagsBits.None || use.Changes != RflagsBits.None)
                return true;
        }

        return false;
    }

    private RflagsBits LiveAfterBranch(in Instruction insn, bool isLast)
    {
        if (!HasKnownTarget(in insn))
            return FlagUse.All;
        RflagsBits live = LiveAt(insn.NearBranchTarget, LookAheadBranches);
        return isLast && insn.Mnemonic is not (Mnemonic.Jmp or Mnemonic.Call) ? live | LiveAt(insn.NextIP, LookAheadBranches) : live;
    }

    private static bool HasKnownTarget(in Instruction insn) => insn.Op0Kind is OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64;

    // Flags that may be read at a place before they are set.
    private RflagsBits LiveAt(ulong rip, int branches)
    {
        RflagsBits live = RflagsBits.None, open = FlagUse.All;
        for (int i = 0; i < LookAheadInsns; i++)
        {
            rip &= _mode.RipMask;
            if (!TryLook(rip, out Instruction insn))
                break;
            InsnForm form = FormOf(in insn);
            FlagUse use = UseOf(in insn, form);
            live |= use.Reads & open;
            open &= ~use.Kills;
            if (open == RflagsBits.None)
                break;
            rip = insn.NextIP;
            if (form != InsnForm.Branch)
                continue;
            if (!HasKnownTarget(in insn))
                break;
            if (insn.Mnemonic is Mnemonic.Jmp or Mnemonic.Call)
                rip = insn.NearBranchTarget;
            else if (branches > 0)
                live |= LiveAt(insn.NearBranchTarget, branches - 1) & open;
            else
                break;
        }

        return live | open;
    }

    private bool TryLook(ulong rip, out Instruction insn)
    {
        if (_page == null || !IsInPage(rip) || rip >= _lookEnd)
        {
            insn = default;
            return false;
        }

        int offset = (int)(rip - _pageStart), available = (int)(_lookEnd - rip);
        bool isWhole = TryDecode(_page + offset, available, rip, _mode.CodeSize, out insn);
        _lookedAt |= BlockStore.ChunkMask(offset, isWhole ? insn.Length : available);
        return isWhole;
    }
}
