using Iced.Intel;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>String instructions. Repetitions run over whole pieces of pages; a fault or the bound leaves the registers as after the iterations done.</summary>
public sealed unsafe partial class X86Core
{
    // Iterations an instruction makes before interrupts get their chance: bytes of memory, and transfers of a port.
    private const ulong RepeatBytes = 1 << 16, RepeatPorts = 1024;

    private enum StringKind
    {
        Move,
        Store,
        Load,
        Compare,
        Scan,
        In,
        Out,
    }

    // Done by one instruction, or by one stretch of a repeated one.
    private void StringInstruction(in Instruction insn, StringKind kind, int size)
    {
        bool usesSource = kind is StringKind.Move or StringKind.Load or StringKind.Compare or StringKind.Out;
        bool usesTarget = kind is not (StringKind.Load or StringKind.Out);
        int bits = StringAddressBits(insn, usesTarget);
        var run = new StringRun
        {
            Kind = kind,
            Size = size,
            Bits = bits,
            Source = usesSource ? SegmentOf(insn) : SegmentName.Ds,
            Step = (_cpu->Rflags & X86Cpu.FlagDf) != 0 ? -(long)size : size,
            Repeat = insn.HasRepPrefix || insn.HasRepnePrefix,
            WhileEqual = insn.HasRepPrefix,
            Conditional = kind is StringKind.Compare or StringKind.Scan,
        };
        ushort port = 0;
        if (kind is StringKind.In or StringKind.Out)
        {
            port = (ushort)_cpu->Gpr[Rdx];
            CheckPort(port, size);
        }

        if (!run.Repeat)
        {
            StringStep(run, port);
            AdvanceString(run, 1, usesSource, usesTarget);
            return;
        }

        ulong left = Cut(_cpu->Gpr[Rcx], bits);
        bool single = (_cpu->Rflags & X86Cpu.FlagTf) != 0 || WatchesData;
        bool isPort = kind is StringKind.In or StringKind.Out;
        ulong budget = single ? 1 : isPort ? RepeatPorts : RepeatBytes / (ulong)size;
        while (left != 0 && budget != 0)
        {
            ulong done = single || isPort || run.Conditional || run.Step < 0 ? 0 : Bulk(run, Math.Min(left, budget));
            bool goesOn = true;
            if (done == 0)
            {
                goesOn = StringStep(run, port);
                done = 1;
            }

            AdvanceString(run, done, usesSource, usesTarget);
            left -= done;
            budget -= done;
            _cpu->Gpr[Rcx] = Merge(_cpu->Gpr[Rcx], left, bits);
            if (!goesOn)
                return;
        }

        if (left != 0)
        {
            _nextRip = _cpu->Rip;
            (_inRepeat, _repeatRip) = (true, _cpu->Rip);
        }
    }

    private static int StringAddressBits(in Instruction insn, bool usesTarget)
    {
        for (int i = 0; i < insn.OpCount; i++)
            switch (insn.GetOpKind(i))
            {
                case OpKind.MemoryESRDI when usesTarget:
                case OpKind.MemorySegRSI:
                    return 64;
                case OpKind.MemoryESEDI when usesTarget:
                case OpKind.MemorySegESI:
                    return 32;
                default:
                    break;
            }

        return 16;
    }

    // One iteration; false when its comparison ends the repetition.
    private bool StringStep(in StringRun run, ushort port)
    {
        int size = run.Size, bits = run.Bits;
        ulong value, other;
        switch (run.Kind)
        {
            case StringKind.Move:
                value = ReadLinear(SourceAddress(run), size, IsUser);
                WriteLinear(TargetAddress(run, MemoryAccess.Write), size, value, IsUser);
                return true;
            case StringKind.Store:
                WriteLinear(TargetAddress(run, MemoryAccess.Write), size, _cpu->Gpr[Rax], IsUser);
                return true;
            case StringKind.Load:
                value = ReadLinear(SourceAddress(run), size, IsUser);
                _cpu->Gpr[Rax] = Merge(_cpu->Gpr[Rax], value, size * 8);
                return true;
            case StringKind.In:
                ulong target = TargetAddress(run, MemoryAccess.Write);
                // A page that cannot be written must be known before the device loses a value.
                Probe(target, size, MemoryAccess.Write);
                WriteLinear(target, size, ReadPort(port, size), IsUser);
                return true;
            case StringKind.Out:
                WritePort(port, size, (uint)ReadLinear(SourceAddress(run), size, IsUser));
                return true;
            case StringKind.Compare:
                value = ReadLinear(SourceAddress(run), size, IsUser);
                other = ReadLinear(TargetAddress(run, MemoryAccess.Read), size, IsUser);
                break;
            default:
                value = Cut(_cpu->Gpr[Rax], size * 8);
                other = ReadLinear(TargetAddress(run, MemoryAccess.Read), size, IsUser);
                break;
        }

        SetCompareFlags(value, other, size * 8);
        return value == other == run.WhileEqual;
    }

    private void Probe(ulong linear, int size, MemoryAccess access)
    {
        Find(linear, access, IsUser, out _, out _);
        if ((linear & PageOffset) + (ulong)size > PageBytes)
            Find(NextPage(linear), access, IsUser, out _, out _);
    }

    private ulong SourceAddress(in StringRun run) => LinearAddress(run.Source, Cut(_cpu->Gpr[Rsi], run.Bits), run.Size, MemoryAccess.Read);

    private ulong TargetAddress(in StringRun run, MemoryAccess access) => LinearAddress(SegmentName.Es, Cut(_cpu->Gpr[Rdi], run.Bits), run.Size, access);

    private void AdvanceString(in StringRun run, ulong count, bool source, bool target)
    {
        ulong distance = (ulong)run.Step * count;
        if (source)
            _cpu->Gpr[Rsi] = Merge(_cpu->Gpr[Rsi], _cpu->Gpr[Rsi] + distance, run.Bits);
        if (target)
            _cpu->Gpr[Rdi] = Merge(_cpu->Gpr[Rdi], _cpu->Gpr[Rdi] + distance, run.Bits);
    }

    // movs, stos and lods upwards over as much as lies in one page of memory on each side. 0 when single steps must do it.
    private ulong Bulk(in StringRun run, ulong most)
    {
        ulong size = (ulong)run.Size;
        bool reads = run.Kind != StringKind.Store, writes = run.Kind != StringKind.Load;
        ulong count = most;
        ulong source = 0, target = 0;
        if (reads)
        {
            source = SourceAddress(run);
            count = Math.Min(count, InReach(run.Source, Cut(_cpu->Gpr[Rsi], run.Bits), source, run));
        }

        if (writes)
        {
            target = TargetAddress(run, MemoryAccess.Write);
            count = Math.Min(count, InReach(SegmentName.Es, Cut(_cpu->Gpr[Rdi], run.Bits), target, run));
        }

        if (count < 2)
            return 0;
        bool code = false;
        ulong physical = 0;
        byte* from = reads ? Find(source, MemoryAccess.Read, IsUser, out _, out _) : null;
        byte* to = writes ? Find(target, MemoryAccess.Write, IsUser, out physical, out code) : null;
        if ((reads && from == null) || (writes && to == null))
            return 0;
        int bytes = (int)(count * size);
        if (run.Kind == StringKind.Load)
            _cpu->Gpr[Rax] = Merge(_cpu->Gpr[Rax], Scalar.Load(from + bytes - run.Size, run.Size), run.Size * 8);
        else if (run.Kind == StringKind.Store)
            Fill(to, bytes, run.Size, _cpu->Gpr[Rax]);
        else if (to > from && to < from + bytes)
            CopyOverlapping(from, to, bytes, run.Size);
        else
            Buffer.MemoryCopy(from, to, bytes, bytes);
        if (code)
            _memory.Written(physical, bytes);
        return count;
    }

    // Elements from here that stay in the page, below the wrap of the address width, and within the segment.
    private ulong InReach(SegmentName name, ulong offset, ulong linear, in StringRun run)
    {
        ulong bytes = PageBytes - (linear & PageOffset);
        if (run.Bits != 64)
            bytes = Math.Min(bytes, (run.Bits == 32 ? 1UL << 32 : 1UL << 16) - offset);
        if (!_cpu->Is64)
        {
            ref Segment s = ref _cpu->Seg(name);
            bool down = IsProtectedNotVm && (s.Attributes & (Segment.Code | Segment.ExpandDown)) == Segment.ExpandDown;
            ulong limit = !down ? s.Limit : (s.Attributes & Segment.Big) != 0 ? uint.MaxValue : 0xFFFF;
            bytes = Math.Min(bytes, limit - offset + 1);
        }

        return bytes / (ulong)run.Size;
    }

    private static void Fill(byte* to, int bytes, int size, ulong value)
    {
        switch (size)
        {
            case 1:
                new Span<byte>(to, bytes).Fill((byte)value);
                break;
            case 2:
                new Span<ushort>(to, bytes / 2).Fill((ushort)value);
                break;
            case 4:
                new Span<uint>(to, bytes / 4).Fill((uint)value);
                break;
            default:
                new Span<ulong>(to, bytes / 8).Fill(value);
                break;
        }
    }

    // Upwards into what is still to be read: the pattern repeats, as the processor's element by element copy makes it.
    private static void CopyOverlapping(byte* from, byte* to, int bytes, int size)
    {
        for (int i = 0; i < bytes; i += size)
            Scalar.Store(to + i, size, Scalar.Load(from + i, size));
    }

    private struct StringRun
    {
        public StringKind Kind;
        public int Size, Bits;
        public SegmentName Source;
        public long Step;
        public bool Repeat, WhileEqual, Conditional;
    }
}
