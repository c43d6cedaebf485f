using System.Runtime.CompilerServices;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit;

/// <summary>What stands in front of a block for indirect branches to it.</summary>
internal enum ThunkKind
{
    None,
    Jump,
    Return,
}

// Filling the cache: translation, thunks, links.
public sealed unsafe partial class Engine
{
    private const int FetchBytes = 2048, PageSize = 4096;
    private const ulong PageMask = ~(ulong)(PageSize - 1);

    /// <summary>After so many rewrites of a page its blocks check their own bytes instead of having the page protected.</summary>
    private const int RewritesBeforeChecking = 32;

    // No instruction has an odd address.
    private const ulong NoTarget = 1;

    private (ulong Address, CodePage? Page) _recentPage = NoPage;

    private static (ulong Address, CodePage? Page) NoPage => (1, null);

    // Blocks that assumptions were made for and did not hold.
    private readonly HashSet<ulong> _doubted = [];

    internal static ulong PageStart(ulong address) => address & PageMask;

    // isolated: for Step. hot: a block that has been entered often.
    [SkipLocalsInit] // clearing the buffer took as long as decoding a short block
    private byte* Translate(ulong pc, ThunkKind kind, bool isolated = false, bool hot = false)
    {
        if (!_current.HasRoom)
        {
            MakeRoom();
            byte* known = _map.Find(pc);
            if (known != null && !isolated)
                return known;
        }

        byte* code = stackalloc byte[FetchBytes];
        CodePage page = PageOf(pc);
        // Only bytes of this page: a block never reaches further than one instruction into the next page.
        int want = (int)Math.Min(FetchBytes, PageSize - (long)(pc & (PageSize - 1)) + 15);
        int available = _source.Fetch(AddressOf(pc), code, want, !page.Checked, out bool canProtect);
        if (available == 0)
            return null;
        bool isBreakpoint = !isolated && _breakpoints is { } set && set.Contains(AddressOf(pc));
        bool isChecked = !isBreakpoint && (page.Checked || !canProtect);

        byte* thunk = _current.AlignHot();
        X64Asm a = _stubs.NewAsm(thunk);
        if (kind != ThunkKind.None)
            EmitThunk(ref a, pc, kind);
        byte* start = a.Position;
        _builder.Begin(_current, pc, start, isChecked, isolated, _breakpoints, mayAssume: !isChecked && !isolated && (hot || !_countsEntries) && !_doubted.Contains(pc),
            isTrace: hot && !isChecked);
        if (isChecked)
            EmitCheck(_builder, _current.Blocks.Count);
        else if (_countsEntries && !hot && !isolated && !isBreakpoint)
            _builder.CountEntry(EntryCounter(pc));
        if (isBreakpoint)
            EmitBreakpoint(pc);
        else if (!_translator.Translate(pc, code, available, _builder))
            return null;
        _current.Hot = _builder.Hot.Position;
        byte* entry = Publish(start, code);
        if (kind != ThunkKind.None)
            PublishThunk(pc, kind, thunk);
        return entry;
    }

    private byte* Publish(byte* start, byte* code)
    {
        Translations++;
        BlockBuilder b = _builder;
        if (b.Checked)
            FillCheck(b, code);
        int index = _current.Blocks.Add(new Block
        {
            GuestStart = b.GuestStart,
            GuestLength = (ushort)b.GuestLength,
            HostStart = (uint)(start - _region.Base),
            HostLength = (uint)(b.Hot.Position - start),
            FirstRecord = b.FirstRecord,
            FirstRecovery = b.FirstRecovery,
            RecoveryCount = _current.Recoveries.Count - b.FirstRecovery,
            InsnCount = (ushort)(_current.Records.Count - b.FirstRecord),
            Incoming = -1,
            NextOnPage = -1,
            NextOnSecondPage = -1,
            Valid = true,
            Checked = b.Checked,
            Isolated = b.Isolated,
            Repeats = b.Repeats,
            IsTrace = b.IsTrace,
        });
        ref Block block = ref _current.Blocks[index];
        CodePage first = PageOf(block.GuestStart);
        block.NextOnPage = first.FirstBlock;
        first.FirstBlock = index;
        ulong firstPage = block.GuestStart & PageMask;
        block.OtherPage = b.OtherPage != firstPage ? b.OtherPage : (block.GuestEnd - 1) & PageMask;
        if (block.OtherPage != firstPage)
        {
            CodePage second = PageOf(block.OtherPage);
            block.NextOnSecondPage = second.FirstBlock;
            second.FirstBlock = index;
        }

        if (!b.Checked && !b.Isolated && _traits.EntersInside)
        {
            ulong at = block.GuestStart;
            for (int i = 0; i < block.InsnCount; i++)
            {
                first.MarkStart(at); // an instruction begins on the first page even when it ends on the second
                at += _current.Records[block.FirstRecord + i].GuestLength;
            }
        }

        if (b.Isolated)
        {
            Steps[block.GuestStart] = index;
            return start;
        }

        _map.Set(block.GuestStart, start);
        _options.Listener?.Translated(block.GuestStart, new ReadOnlySpan<byte>(code, block.GuestLength), start, (int)block.HostLength);
        if (!_options.NoChain)
            LinkNew(b.FirstLink);
        return start;
    }

    private void LinkNew(int firstLink)
    {
        for (int i = firstLink; i < _current.Links.Count; i++)
        {
            ref Link link = ref _current.Links[i];
            // Most targets are new, and their pages know that at once.
            byte* host = MayHaveCode(link.Target) ? Find(link.Target) : null;
            if (host != null)
                Connect(ref link, i, host);
        }
    }

    private void Connect(ref Link link, int index, byte* host)
    {
        if (_options.NoChain)
            return;
        int blockIndex = _current.BlockAt((uint)(host - _region.Base));
        if (blockIndex < 0)
            return;
        ref Block target = ref _current.Blocks[blockIndex];
        uint start = (uint)(host - _region.Base);
        if (link.LoopHead != 0 && start == target.HostStart && link.Patch - start < target.HostLength)
            host = _region.Base + link.LoopHead;
        link.NextIncoming = target.Incoming;
        link.Linked = true;
        target.Incoming = index;
        Patch(ref link, host);
    }

    private void Patch(ref Link link, byte* host)
    {
        byte* at = _region.Base + link.Patch;
        Volatile.Write(ref *(int*)at, (int)(host - (at + 4))); // aligned by BlockBuilder: other threads see the old or the new target
    }

    // Host code for a guest pc: a block's start, or an instruction inside one.
    private byte* Find(ulong pc)
    {
        byte* host = _map.Find(pc);
        return host != null ? host : FindInside(pc);
    }

    // Host code of an instruction in the middle of a block: every instruction boundary is an entry, since guest state has one form.
    private byte* FindInside(ulong pc)
    {
        if (!_traits.EntersInside || _options.OneInsnPerBlock || KnownPage(pc) is not { } page || !page.IsStart(pc))
            return null;
        for (int i = page.FirstBlock; i >= 0;)
        {
            ref Block b = ref _current.Blocks[i];
            if (b.Valid && !b.Checked && !b.Isolated && pc >= b.GuestStart && pc < b.GuestEnd)
            {
                (ulong at, uint host) = (b.GuestStart, b.HostStart);
                for (int r = 0; r < b.InsnCount && at <= pc; r++)
                {
                    if (at == pc)
                    {
                        byte* found = _region.Base + host;
                        _map.Set(pc, found);
                        return found;
                    }

                    InsnRecord record = _current.Records[b.FirstRecord + r];
                    at += record.GuestLength;
                    host += record.HostLength;
                }
            }

            i = NextOnPage(b, pc & PageMask);
        }

        return null;
    }

    private static int NextOnPage(in Block b, ulong page) => (b.GuestStart & PageMask) == page ? b.NextOnPage : b.NextOnSecondPage;

    // False where no instruction was translated, or only such that check their own bytes: links to those are made when they are taken.
    private bool MayHaveCode(ulong pc) => !_traits.EntersInside || (KnownPage(pc) is { } page && (page.Checked || page.IsStart(pc)));

    private CodePage PageOf(ulong address)
    {
        if (KnownPage(address) is { } page)
            return page;
        _pages.Add(address & PageMask, page = new CodePage());
        if (address != AddressOf(address))
            _segments.Add(address - AddressOf(address));
        return page;
    }

    // Null for a page without code. One is asked for several times in a row.
    private CodePage? KnownPage(ulong address)
    {
        ulong start = address & PageMask;
        if (start == _recentPage.Address)
            return _recentPage.Page;
        if (_pages.TryGetValue(start, out CodePage? page))
            _recentPage = (start, page);
        return page;
    }

    // A thunk checks that the table led to the right block, restores rcx, and falls into the block (or jumps to it).
    private void AddThunk(ulong target, ThunkKind kind, byte* block)
    {
        if (!_current.HasRoom)
            return;
        byte* thunk = _current.AlignHot();
        X64Asm a = _stubs.NewAsm(thunk);
        EmitThunk(ref a, target, kind);
        a.Jmp(block);
        _current.Hot = a.Position;
        PublishThunk(target, kind, thunk);
    }

    private void EmitThunk(ref X64Asm a, ulong target, ThunkKind kind)
    {
        a.Mov(Reg.Rcx, kind == ThunkKind.Return ? Mem.At(Reg.Rsp) : Mem.Fs(Slot.Scratch(2)));
        long negative = -(long)target;
        if (_traits.IsCompatibilityMode || negative == (int)negative)
        {
            a.Lea(Reg.Rcx, Mem.At(Reg.Rcx, (int)negative));
        }
        else
        {
            a.Mov(Mem.Fs(Slot.Scratch(3)), Reg.Rax);
            a.MovImm(Reg.Rax, (ulong)negative);
            a.Lea(Reg.Rcx, Mem.At(Reg.Rcx, Reg.Rax));
            a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        }

        byte* match = a.JrcxzForward();
        a.Jmp(kind == ThunkKind.Return ? _stubs.ReturnMiss : _stubs.JumpMiss);
        a.HereShort(match);
        a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        if (kind == ThunkKind.Return)
            a.Lea(Reg.Rsp, Mem.At(Reg.Rsp, _stubs.ReturnAddressBytes));
    }

    // Target first, then host, in one 8-byte entry: a reader sees both or neither.
    private byte* PublishTarget(ulong target, byte* host)
    {
        if (host != null && !_options.NoChain)
            Volatile.Write(ref TargetEntry(target), (ulong)host << 32 | target);
        return host;
    }

    private ref ulong TargetEntry(ulong target) => ref _region.TargetTable[target >> 2 & (CodeRegion.TableEntries - 1)];

    // Every entry leads to the stub that asks for a translation; entries that are compared match no target.
    private void ClearTables(bool isFresh = false)
    {
        if (_traits.ComparesTargets)
        {
            if (!isFresh)
                new Span<ulong>(_region.TargetTable, CodeRegion.TableEntries).Clear();
            *_region.TargetTable = NoTarget; // zero would match a target of zero
            return;
        }

        if (isFresh)
            HostPages.Populate(_region.ReturnTable, 2 * CodeRegion.TableEntries * sizeof(uint));
        new Span<uint>(_region.ReturnTable, CodeRegion.TableEntries).Fill((uint)_stubs.ReturnEmpty);
        new Span<uint>(_region.JumpTable, CodeRegion.TableEntries).Fill((uint)_stubs.JumpEmpty);
    }

    private void PublishThunk(ulong target, ThunkKind kind, byte* thunk)
    {
        if (kind == ThunkKind.Return)
            Volatile.Write(ref _region.ReturnTable[target & 0xFFFF], (uint)thunk);
        else
            Volatile.Write(ref _region.JumpTable[target & 0xFFFF], (uint)thunk);
    }
}
