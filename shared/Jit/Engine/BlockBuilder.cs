using System.Runtime.CompilerServices;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit;

/// <summary>
/// What a translator writes a block into: hot code, cold exits, one record an instruction, links to other blocks. Reused for every block
/// of an engine, under its lock.
/// </summary>
public sealed unsafe class BlockBuilder
{
    /// <summary>Longest block in guest instructions; keeps interrupt latency and record walks short.</summary>
    public const int MaxInsns = 128;

    /// <summary>The same of a trace.</summary>
    private const int MaxTraceInsns = 256;

    private readonly Stubs _stubs;
    private readonly CodeRegion _region;
    private Generation _generation = null!;
    private readonly int _insnLimit;
    private byte* _start, _insnStart;
    private int _firstRecord;
    private HashSet<ulong>? _breakpoints;
    private readonly Engine? _engine;
    private byte[]? _ahead; // two halves: what is being translated stays when code that cannot be followed is fetched into the other
    private int _aheadHalf;
    private bool _jumped;
    private int _jumps; // indirect ones so far

    internal BlockBuilder(Stubs stubs, CodeRegion region, EngineOptions options, Engine? engine = null)
    {
        _engine = engine;
        _stubs = stubs;
        _region = region;
        _insnLimit = options.OneInsnPerBlock ? 1 : MaxInsns;
    }

    /// <summary>The assembler for hot code.</summary>
    public X64Asm Hot;

    /// <summary>Instructions the block may have.</summary>
    public int InsnLimit => Isolated ? 1 : IsTrace ? MaxTraceInsns : _insnLimit;

    /// <summary>Guest address of the block.</summary>
    public ulong GuestStart { get; private set; }

    /// <summary>Guest bytes translated so far, up to the first jump that was followed.</summary>
    public int GuestLength { get; private set; }

    public int InsnCount { get; private set; }

    /// <summary>The block must verify its bytes on entry, so nothing may jump into its middle and it must end after a store.</summary>
    public bool Checked { get; private set; }

    /// <summary>One instruction for <see cref="Engine.Step"/>: nothing leads into the block, and it leads nowhere but out.</summary>
    public bool Isolated { get; private set; }

    /// <summary>
    /// The block may be translated on assumptions about the state it is entered with. It tests them first and leaves through <see cref="AssumptionExit"/> where
    /// they do not hold, having done nothing; it is not asked to assume anything again.
    /// </summary>
    public bool MayAssume { get; private set; }

    /// <summary>The block is entered so often that it may follow jumps (<see cref="Follow"/>).</summary>
    public bool IsTrace { get; private set; }

    /// <summary>Address of the second page that the block has code of; of its first, when there is none.</summary>
    internal ulong OtherPage { get; private set; }

    /// <summary>Set by the translator of an isolated instruction that the processor repeats by itself and can be stopped in: a step is one repetition.</summary>
    public bool Repeats { get; set; }

    /// <summary>True where a block has to end because the next instruction is a breakpoint, which has a block of its own.</summary>
    public bool EndsBefore(ulong pc) => _breakpoints is { } set && !Isolated && set.Contains(_engine?.AddressOf(pc) ?? pc);

    public Stubs Stubs => _stubs;

    public CodeRegion Region => _region;

    internal byte* Start => _start;

    internal int FirstRecord => _firstRecord;

    internal int FirstLink { get; private set; }

    internal int FirstRecovery { get; private set; }

    internal void Begin(Generation generation, ulong guestStart, byte* start, bool isChecked, bool isolated = false, HashSet<ulong>? breakpoints = null, bool mayAssume = false, bool isTrace = false)
    {
        (Isolated, Repeats, MayAssume, IsTrace, _breakpoints, _jumped) = (isolated, false, mayAssume, isTrace, breakpoints, false);
        OtherPage = Engine.PageStart(guestStart);
        _generation = generation;
        GuestStart = guestStart;
        GuestLength = 0;
        InsnCount = 0;
        Checked = isChecked;
        _start = start;
        _firstRecord = generation.Records.Count;
        FirstLink = generation.Links.Count;
        FirstRecovery = generation.Recoveries.Count;
        Hot = _stubs.NewAsm(start);
    }

    /// <summary>Call before the first byte of an instruction's code.</summary>
    public void BeginInsn() => _insnStart = Hot.Position;

    /// <summary>Closes an instruction: records its lengths.</summary>
    public void EndInsn(int guestLength, InsnKind kind)
    {
        _generation.Records.Add(new InsnRecord((byte)guestLength, kind, checked((ushort)(Hot.Position - _insnStart))));
        if (!_jumped)
            GuestLength += guestLength;
        InsnCount++;
    }

    /// <summary>
    /// Guest code at another address, for a trace to go on with: it has been executed about as often as the block, and writes to it will be noticed. Translating
    /// the first instruction there is to be preceded by <see cref="GoOnAt"/>.
    /// </summary>
    /// <param name="pc">Guest address.</param>
    /// <param name="bytes">How many bytes there are, up to the end of the page.</param>
    /// <returns>Null when the block cannot go on there; else bytes that are valid until the next call that gives some.</returns>
    public byte* Follow(ulong pc, out int bytes)
    {
        const int AheadBytes = 4096;
        bytes = 0;
        ulong page = Engine.PageStart(pc), first = Engine.PageStart(GuestStart);
        if (_engine is null || !IsTrace || Math.Abs((long)(pc - GuestStart)) > InsnRecord.Reach || (page != first && OtherPage != first && page != OtherPage))
            return null;
        _ahead ??= GC.AllocateUninitializedArray<byte>(2 * AheadBytes, pinned: true);
        byte* ahead = (byte*)Unsafe.AsPointer(ref _ahead[_aheadHalf]);
        bytes = _engine.FetchAhead(pc, ahead);
        if (bytes == 0)
            return null;
        _aheadHalf ^= AheadBytes;
        if (page != first)
            OtherPage = page;
        return ahead;
    }

    /// <summary>
    /// From one host address to before another, a piece of state is not where it belongs; parameters as of <see cref="Recovery"/>. When it has not moved since
    /// it was last told of, that is told of more, and nobody looks at the code between.
    /// </summary>
    /// <param name="last">What the call for the same piece before this one returned, -1 for none.</param>
    internal int Recover(int last, byte* from, byte* to, IrLateKind kind, int target, int a, int b)
    {
        if (last < 0 || _generation.Recoveries[last] is var known && (known.A != a || known.B != b))
            return _generation.Recoveries.Add(new Recovery((uint)(from - _region.Base), (uint)(to - _region.Base), kind, target, a, b));
        _generation.Recoveries[last] = _generation.Recoveries[last] with { To = (uint)(to - _region.Base) };
        return last;
    }

    /// <summary>The next instruction is the one at a guest address that <see cref="Follow"/> gave code of.</summary>
    public void GoOnAt(ulong pc)
    {
        _generation.Records.Add(InsnRecord.Jump((long)(pc - GuestStart)));
        _jumped = true;
    }

    /// <summary>jmp to a guest address: linked now if it is translated, else through a cold exit that links it when first taken.</summary>
    /// <param name="target">Guest address.</param>
    /// <param name="loopHead">Where to enter this block should that be the target; null for its start.</param>
    public void Jump(ulong target, byte* loopHead = null)
    {
        AlignRel32(ref Hot, 1);
        Hot.Byte(0xE9);
        EmitLink(ref Hot, target, loopHead);
    }

    /// <summary>jcc to a guest address; parameters as for <see cref="Jump"/>.</summary>
    public void Branch(Cond condition, ulong target, byte* loopHead = null)
    {
        AlignRel32(ref Hot, 2);
        Hot.Byte(0x0F);
        Hot.Byte((byte)(0x80 + (int)condition));
        EmitLink(ref Hot, target, loopHead);
    }

    /// <summary>jcc to cold code of up to so many bytes, which the caller writes and ends with <see cref="JumpCold"/>. It can neither fault nor leave otherwise.</summary>
    public X64Asm BranchCold(Cond condition, int bytes)
    {
        const int JumpBytes = 5 + 15;
        byte* at = ReserveCold(bytes + JumpBytes);
        Hot.Jcc(condition, at);
        return _stubs.NewAsm(at);
    }

    /// <summary>jmp from cold code to a guest address, as <see cref="Jump"/>.</summary>
    public void JumpCold(ref X64Asm cold, ulong target)
    {
        AlignRel32(ref cold, 1);
        cold.Byte(0xE9);
        EmitLink(ref cold, target, null);
    }

    /// <summary>
    /// jmp to the guest address in <paramref name="target"/> (32 bits), looked up in generated code. For <see cref="TranslatorTraits.ComparesTargets"/>;
    /// clobbers rax, rcx and flags.
    /// </summary>
    public void JumpTo(Reg target) => JumpTo(ref Hot, target);

    /// <summary>As <see cref="JumpTo(Reg)"/>, from cold code (<see cref="BranchCold"/>) or from any other of the block.</summary>
    public void JumpTo(ref X64Asm asm, Reg target)
    {
        const int IndexBits = (CodeRegion.TableEntries - 1) << 2, JumpBytes = 2;
        if (target != Reg.Rcx)
            asm.Mov32(Reg.Rcx, target);
        if (Isolated)
        {
            asm.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
            asm.Jmp(_stubs.ExitFor(ExitReason.IndirectMiss));
            return;
        }

        if (target != Reg.Rax)
            asm.Mov32(Reg.Rax, Reg.Rcx);
        asm.And32(Reg.Rax, IndexBits);
        asm.Mov(Reg.Rax, Mem.Table(Reg.Rax, 1, (int)_region.TargetTable));
        asm.Bytes([0x39, 0xC8]); // cmp eax, ecx
        asm.Jcc(Cond.NE, _stubs.CompareMiss);
        asm.Bytes([0x48, 0xC1, 0xE8, 0x20]); // shr rax, 32
        Distinguish(ref asm, JumpBytes);
        asm.Jmp(Reg.Rax);
    }

    /// <summary>
    /// A return through the table of thunks: scratch[1] = rcx, rcx = the low 16 bits of the return address, which is on top of the guest's stack.
    /// </summary>
    public void JumpThroughReturnTable()
    {
        if (Isolated)
            Hot.Jmp(_stubs.ReturnEmpty);
        else
            JumpThrough(_region.ReturnTable);
    }

    /// <summary>An indirect branch through the table of thunks: scratch[1] = rcx, scratch[2] = the target, rcx = its low 16 bits.</summary>
    public void JumpThroughJumpTable()
    {
        if (Isolated)
            Hot.Jmp(_stubs.JumpEmpty);
        else
            JumpThrough(_region.JumpTable);
    }

    // Entries are of 32 bits, because half the pages are touched then; 64-bit code cannot jump through such ones directly.
    private void JumpThrough(uint* table)
    {
        const int JumpThroughBytes = 8;
        Mem entry = _stubs.Own(Mem.Table(Reg.Rcx, 2, (int)table));
        if (_stubs.IsCompatibilityMode)
        {
            Distinguish(ref Hot, JumpThroughBytes);
            Hot.Jmp(entry);
            return;
        }

        Hot.Mov32(Reg.Rcx, entry); // not put apart: no program measured gained, and fib lost a quarter
        Hot.Jmp(Reg.Rcx);
    }

    // An indirect jump of so many bytes follows. What processors remember of the way to such a jump is little: of each jump before, bits 2 and 3 of the address of
    // its last byte (measured on Zen 4, docs/adr/017). Functions that look alike would all return from the same place in 16 bytes, and whoever calls them in
    // turn would be predicted wrongly each time. So they are put at different places, in an order in which no two neighbours come twice.
    private void Distinguish(ref X64Asm asm, int jumpBytes)
    {
        const int Places = 4, LongestNop = 9;
        ReadOnlySpan<byte> order = [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3];
        int wanted = order[_jumps++ & (order.Length - 1)];
        int last = (int)((ulong)asm.Position + (ulong)jumpBytes - 1) & (Places * Places - 1);
        if (last / Places == wanted)
            return;
        int bytes = wanted * Places - last & (Places * Places - 1);
        asm.Nop(Math.Min(bytes, LongestNop));
        asm.Nop(bytes - Math.Min(bytes, LongestNop));
    }

    /// <summary>A cold exit with a reason and an argument; guest registers are live. The result is where to jump.</summary>
    public byte* ColdExit(ExitReason reason, uint argument, ulong pc)
    {
        byte* at = _generation.TakeCold(56);
        X64Asm a = _stubs.NewAsm(at);
        a.Mov32(Mem.Fs(Slot.ExitArg), (int)argument);
        a.Mov32(Mem.Fs(Slot.Pc), (int)pc);
        a.Mov32(Mem.Fs(Slot.Pc + 4), (int)(pc >> 32));
        a.Jmp(_stubs.ExitFor(reason));
        return at;
    }

    /// <summary>The way out of a block that was made on an assumption which does not hold (<see cref="MayAssume"/>).</summary>
    public byte* AssumptionExit() => ColdExit(ExitReason.WrongAssumption, Number, GuestStart);

    /// <summary>Counts an entry of the block ahead of its first instruction, and leaves when there were many.</summary>
    internal void CountEntry(uint* counter)
    {
        BeginInsn();
        Hot.Op(Alu.Add, Mem.Abs((int)counter), CodeRegion.EntryWeight, wide: false);
        Hot.Jcc(Cond.B, ColdExit(ExitReason.HotBlock, Number, GuestStart));
        EndInsn(0, InsnKind.Copy);
    }

    // What exits call this block by.
    private uint Number => (uint)(_generation.Blocks.Count << 1 | _generation.Tag);

    /// <summary>Reserves cold code and returns where it starts, a multiple of 8; for parts of a sequence that are rarely reached, and for literals.</summary>
    public byte* ReserveCold(int bytes) => _generation.TakeCold(bytes, alignment: 8);

    // A linked jump is patched while other threads run it, so its rel32 must not straddle a 16-byte fetch window.
    private static void AlignRel32(ref X64Asm asm, int opcodeBytes)
    {
        int at = (int)((ulong)(asm.Position + opcodeBytes) & 15);
        if (at > 12)
            asm.Nop(16 - at);
    }

    private void EmitLink(ref X64Asm asm, ulong target, byte* loopHead)
    {
        const int StubBytes = 17;
        if (Isolated)
        {
            byte* exit = ColdExit(ExitReason.Stepped, 0, target);
            asm.Int32((int)(exit - (asm.Position + 4)));
            return;
        }

        int index = _generation.Links.Count;
        byte* stub = _generation.TakeCold(StubBytes);
        X64Asm cold = _stubs.NewAsm(stub);
        cold.Mov32(Mem.Fs(Slot.ExitArg), index << 1 | _generation.Tag);
        cold.Jmp(_stubs.ExitFor(ExitReason.LinkMiss));
        byte* patch = asm.Position;
        _generation.Links.Add(new Link
        {
            Target = target,
            Patch = (uint)(patch - _region.Base),
            Stub = (uint)(stub - _region.Base),
            NextIncoming = -1,
            LoopHead = loopHead == null ? 0 : (uint)(loopHead - _region.Base),
        });
        asm.Int32((int)(stub - (patch + 4)));
    }
}
