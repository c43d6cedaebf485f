using System.Runtime.InteropServices;
using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Decode;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// Re-encodes a straight piece of system-mode code: registers stay where they are, memory operands go through the inline TLB, and what is not plain computation
/// leaves to <see cref="X86Core"/>. Flags are kept out of the way of the inserted code only where somebody will read them (docs/adr/014).
/// </summary>
internal sealed unsafe partial class MachineTranslator
{
    /// <summary>The most instructions of a block.</summary>
    internal const int MaxInsns = 64;

    private const int MaxBranches = 8;

    private readonly MachineCode _code;
    private readonly FpuClassCache _classes;
    private readonly CpuModel _model;
    private readonly InstructionInfoFactory _info = new();
    private readonly PointerReader _reader = new();
    private readonly PointerWriter _writer = new();
    private readonly Encoder _encoder;
    private readonly Instruction[] _insns = new Instruction[MaxInsns];
    private readonly InsnForm[] _forms = new InsnForm[MaxInsns];
    private readonly RflagsBits[] _liveOut = new RflagsBits[MaxInsns];
    private readonly Decoder[] _decoders = new Decoder[3];

    private X64Asm _a;
    private ModeKey _mode;
    private FlagPlace _flags;
    private bool _hasVectors, _isBehindSti;
    private int _blockNumber;
    private ulong _rip, _nextRip, _pageStart;

    /// <summary>A translator that writes into a vCPU's share.</summary>
    public MachineTranslator(MachineCode code, FpuClassCache classes, CpuModel model)
    {
        (_code, _classes, _model) = (code, classes, model);
        _encoder = Encoder.Create(64, _writer);
        for (int i = 0; i < _decoders.Length; i++)
            _decoders[i] = Decoder.Create(16 << i, _reader);
    }

    /// <summary>Each block counts its instructions, and all that are entered are executed unless one of them leaves: a conditional branch ends a block then.</summary>
    public bool CountsInsns { get; set; }

    private const Reg S0 = MachineStubs.S0, S1 = MachineStubs.S1, Sp = MachineStubs.StackPointer;

    private bool Is64 => _mode.Is64;

    /// <summary>Decodes one instruction.</summary>
    /// <returns>False when it does not end within the bytes.</returns>
    public bool TryDecode(byte* bytes, int available, ulong rip, CpuMode size, out Instruction insn)
    {
        _reader.Set(bytes, available);
        Decoder decoder = _decoders[(int)size];
        decoder.IP = rip;
        decoder.Decode(out insn);
        Adapt(ref insn);
        return decoder.LastError != DecoderError.NoMoreBytes;
    }

    /// <summary>Translates from the start of a block.</summary>
    /// <param name="block">Its identity; gets entries and length.</param>
    /// <param name="number">Its number.</param>
    /// <param name="bytes">Guest code from the block's start.</param>
    /// <param name="available">Bytes of it, up to the end of the page, or both pages' for one instruction across.</param>
    /// <param name="room">Bytes up to the end of the code segment.</param>
    /// <param name="limit">Instructions at most.</param>
    /// <returns>False when not even one instruction is complete.</returns>
    public bool Translate(ref MachineBlock block, int number, byte* bytes, int available, ulong room, int limit = MaxInsns)
    {
        (_mode, _blockNumber, _hasVectors) = (new ModeKey(block.Mode), number, false);
        _pageStart = block.Rip - (block.Physical & 4095);
        BeginLookAhead(in block, bytes, available, room);
        int count = DecodeBlock(block.Rip, bytes, (int)Math.Min((ulong)available, room), limit, out int length, out bool isOpen);
        if (count == 0)
            return false;
        BeginCache();
        PlanShares(count);
        PlanFlags(count, block.Rip + (ulong)length, isOpen);
        _a = new X64Asm(_code.Hot);
        block.FirstPlace = _code.Places.Count;
        EmitEntries(ref block, LiveIn(0), count);
        bool goesOn = true;
        for (int i = 0; i < count; i++)
        {
            ref Instruction insn = ref _insns[i];
            (_rip, _nextRip) = (insn.IP, insn.NextIP);
            _isBehindSti = i > 0 && _insns[i - 1].Mnemonic == Mnemonic.Sti;
            _code.Places.Add(new InsnPlace((int)(_a.Position - _code.Hot), (ushort)(insn.IP - block.Rip), _flags));
            int run = CountsInsns ? 1 : StackRun(i, count);
            if (run > 1)
            {
                ForgetCached();
                EmitStackRun(i, run, block.Rip);
                i += run - 1;
                continue;
            }

            goesOn = EmitInsn(i, isLast: i == count - 1);
            if (!goesOn)
            {
                length = (int)(insn.NextIP - block.Rip);
                break;
            }
        }

        FlushCached();
        if (goesOn && isOpen)
            EmitJump(block.Rip, block.Rip + (ulong)length);
        (block.Length, block.Insns) = (length, count);
        block.PlaceCount = _code.Places.Count - block.FirstPlace;
        block.End = _a.Position;
        block.LookedAt = _lookedAt;
        _code.Hot = (byte*)(((ulong)_a.Position + 15) & ~15UL);
        return true;
    }

    private int DecodeBlock(ulong rip, byte* bytes, int available, int limit, out int length, out bool isOpen)
    {
        _reader.Set(bytes, available);
        Decoder decoder = _decoders[(int)_mode.CodeSize];
        decoder.IP = rip;
        int count = 0, branches = 0;
        length = 0;
        isOpen = true;
        while (count < limit && length < available)
        {
            decoder.Decode(out _insns[count]);
            if (decoder.LastError == DecoderError.NoMoreBytes)
                break;
            Adapt(ref _insns[count]);
            InsnForm form = _forms[count] = FormOf(in _insns[count]);
            length += _insns[count].Length;
            count++;
            if (form == InsnForm.Branch && !CountsInsns && _insns[count - 1].IsJccShortOrNear && ++branches < MaxBranches)
                continue; // the way on belongs to the block
            if (form is InsnForm.Core or InsnForm.Careful or InsnForm.Branch)
            {
                isOpen = false;
                break;
            }
        }

        if (isOpen && count > 0 && _insns[count - 1].Mnemonic == Mnemonic.Sti)
        {
            _forms[count - 1] = InsnForm.Core; // the instruction behind it is in another block, where an interrupt would be taken first
            isOpen = false;
        }

        return count;
    }

    // What the CPU model lacks does not exist; what it takes for something older, is that.
    private void Adapt(ref Instruction insn)
    {
        switch (_model.Classify(in insn))
        {
            case ModelAction.Undefined:
                insn.Code = Code.INVALID;
                break;
            case ModelAction.Legacy:
                insn.Code = insn.Code switch
                {
                    Code.Tzcnt_r16_rm16 => Code.Bsf_r16_rm16,
                    Code.Tzcnt_r32_rm32 => Code.Bsf_r32_rm32,
                    Code.Tzcnt_r64_rm64 => Code.Bsf_r64_rm64,
                    Code.Lzcnt_r16_rm16 => Code.Bsr_r16_rm16,
                    Code.Lzcnt_r32_rm32 => Code.Bsr_r32_rm32,
                    _ => Code.Bsr_r64_rm64,
                };
                break;
        }
    }

    private void EmitEntries(ref MachineBlock block, RflagsBits liveIn, int count)
    {
        if (CountsInsns)
        {
            EmitCountingEntries(ref block, liveIn, count);
            return;
        }

        bool isSpin = IsSpin(block.Rip, count);
        if (liveIn == RflagsBits.None)
        {
            block.Entry = block.HostLoopEntry = _a.Position;
            EmitExitCheck(block.Rip);
            if (isSpin)
                EmitSpinCheck(block.Rip);
            block.HostEntry = block.ForwardEntry = _a.Position;
            _flags = FlagPlace.Dead;
            return;
        }

        block.HostLoopEntry = _a.Position;
        MachineStubs.EmitSaveFlags(ref _a, S0);
        block.Entry = _a.Position;
        EmitExitCheck(block.Rip);
        if (isSpin)
            EmitSpinCheck(block.Rip);
        block.ForwardEntry = _a.Position;
        if (!StartsWithFlags(count))
        {
            block.HostEntry = block.HostLoopEntry;
            _flags = FlagPlace.Memory;
            return;
        }

        MachineStubs.EmitLoadFlags(ref _a, S0);
        block.HostEntry = _a.Position;
        _flags = FlagPlace.Host;
    }

    // Every way in counts.
    private void EmitCountingEntries(ref MachineBlock block, RflagsBits liveIn, int count)
    {
        block.HostEntry = block.HostLoopEntry = _a.Position;
        if (liveIn != RflagsBits.None)
            MachineStubs.EmitSaveFlags(ref _a, S0);
        block.Entry = block.ForwardEntry = _a.Position;
        byte* leave = EmitExitCheck(block.Rip);
        _a.Mov(S0, AreaSlot.At(AreaSlot.InsnCount));
        _a.Lea(S0, Mem.At(S0, count), wide: true);
        _a.Cmp(S0, AreaSlot.At(AreaSlot.InsnLimit));
        _a.Jcc(Cond.G, leave);
        _a.Mov(AreaSlot.At(AreaSlot.InsnCount), S0);
        _flags = liveIn == RflagsBits.None ? FlagPlace.Dead : FlagPlace.Memory;
    }

    // Noticed at every block that is entered by a backward jump, at the latest.
    private byte* EmitExitCheck(ulong rip, MachineExit reason = MachineExit.Interrupt)
    {
        byte* cold = EmitColdExit(rip, reason);
        _a.Cmp32(AreaSlot.At(AreaSlot.ExitRequest), 0);
        _a.Jcc(Cond.NE, cold);
        return cold;
    }

    private byte* EmitColdExit(ulong rip, MachineExit reason)
    {
        byte* cold = _code.Cold -= 32;
        X64Asm c = new(cold);
        c.Mov32(AreaSlot.At(AreaSlot.ExitSite), AddSite(rip, insn: -1));
        c.Jmp(_code.Stubs.Exit(reason, flagsInHost: false));
        return cold;
    }

    private int AddSite(ulong rip, int insn, int size = 0, bool isWrite = false)
    {
        _code.Sites.Add(new TranslationSite { Rip = rip, Block = _blockNumber, Insn = insn, Size = (byte)size, IsWrite = isWrite, View = (byte)_mode.View });
        return _code.Sites.Count - 1;
    }

    // False: the block ends here.
    private bool EmitInsn(int i, bool isLast)
    {
        ref Instruction insn = ref _insns[i];
        (InsnForm form, RflagsBits liveOut) = (_forms[i], _liveOut[i]);
        if (form is InsnForm.Branch)
            FlushCached();
        else if (form is not (InsnForm.Plain or InsnForm.Nothing))
            ForgetCached();
        switch (form)
        {
            case InsnForm.Nothing:
                return true;
            case InsnForm.Plain:
                return EmitPlain(ref insn, liveOut, _shareOf[i]);
            case InsnForm.Stack:
                return EmitStack(in insn, liveOut);
            case InsnForm.Inline:
                _held = -1;
                EmitInline(in insn, liveOut);
                return true;
            case InsnForm.Branch:
                if (!isLast)
                {
                    EmitSideExit(in insn);
                    return true;
                }

                EmitBranch(in insn, liveOut);
                return false;
            default:
                EmitManaged(in insn, isCore: form == InsnForm.Core);
                return false;
        }
    }

    // Leaves so that managed code executes the instruction.
    private void EmitManaged(in Instruction insn, bool isCore = false)
    {
        FlushCached();
        _code.Insns.Add(insn);
        int site = AddSite(insn.IP, _code.Insns.Count - 1);
        CollectionsMarshal.AsSpan(_code.Sites)[site].IsCore = isCore;
        CollectionsMarshal.AsSpan(_code.Sites)[site].IsShadowed = _isBehindSti;
        _a.Mov32(AreaSlot.At(AreaSlot.ExitSite), site);
        _a.Jmp(_code.Stubs.Exit(MachineExit.Special, _flags is FlagPlace.Host));
    }

    // Before inserted code that changes the host's flags. S0 is lost.
    private void FreeFlags(RflagsBits needed)
    {
        if (needed == RflagsBits.None || _flags != FlagPlace.Host)
        {
            if (_flags == FlagPlace.Host)
                _flags = FlagPlace.Dead;
            else if (_flags == FlagPlace.Both)
                _flags = FlagPlace.Memory;
            return;
        }

        MachineStubs.EmitSaveFlags(ref _a, S0);
        _held = -1;
        _flags = FlagPlace.Memory;
    }

    // Before an instruction that reads flags, or changes only some of those that matter. S1 is lost if it is free.
    private void NeedFlags(bool hasS1 = true)
    {
        if (_flags != FlagPlace.Memory)
            return;
        if (hasS1 && _cached < 0)
            MachineStubs.EmitLoadFlags(ref _a, S1);
        else
            MachineStubs.EmitLoadFlags(ref _a);
        _flags = FlagPlace.Both;
    }
}
