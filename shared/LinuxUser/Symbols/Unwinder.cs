using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Makes guest backtraces: by call frame information where there is some, across signal frames, and by frame pointers or plausible words on the
/// stack where there is none. Whatever memory holds, it ends and does not throw. Not thread-safe.
/// </summary>
/// <param name="map">Images and symbols.</param>
/// <param name="memory">The guest's memory.</param>
/// <param name="target">The tool's target.</param>
public sealed class Unwinder(ModuleMap map, IGuestReader memory, ElfTarget target)
{
    /// <summary>Frames a backtrace has at most, unless less is asked for.</summary>
    public const int MostFrames = 128;

    private const int MostGuesses = 8, MostRows = 1 << 16;

    private readonly UnwindTarget _arch = UnwindTarget.For(target);
    private readonly Dictionary<ulong, FrameRow?> _rows = [];

    /// <summary>Forgets what was learnt of mappings that may be others now.</summary>
    public void Forget() => _rows.Clear();

    /// <summary>The frames from the innermost on.</summary>
    /// <param name="general">The thread's NT_PRSTATUS register set.</param>
    /// <param name="most">Frames wanted at most.</param>
    public List<GuestFrame> Walk(ReadOnlySpan<byte> general, int most = MostFrames)
    {
        UnwindRegisters frame = _arch.Read(general);
        List<GuestFrame> frames = [new GuestFrame(frame.Pc, frame.Get(_arch.StackPointer), FrameKind.Start)];
        bool innermost = true;
        for (int guesses = 0; frames.Count < most;)
        {
            if (Step(frame, innermost) is not ({ } caller, var kind))
                break;
            ulong sp = frame.Get(_arch.StackPointer), next = caller.Get(_arch.StackPointer);
            innermost = kind == FrameKind.Interrupted;
            if (innermost)
                frames[^1] = frames[^1] with { Kind = FrameKind.Trampoline };
            if (caller.Pc == 0 || (kind != FrameKind.Interrupted && (next < sp || (next == sp && caller.Pc == frame.Pc))))
                break;
            if (kind == FrameKind.Guess && ++guesses > MostGuesses)
                break;
            frames.Add(new GuestFrame(caller.Pc, next, kind));
            frame = caller;
        }

        return frames;
    }

    private (UnwindRegisters? Caller, FrameKind Kind) Step(UnwindRegisters frame, bool innermost)
    {
        if (_arch.Interrupted(frame, memory) is { } interrupted)
            return (interrupted, FrameKind.Interrupted);
        ulong lookup = innermost ? frame.Pc : frame.Pc - 1;
        if (RowFor(lookup) is { } row)
        {
            if (IsOutermost(row))
                return (null, FrameKind.Described);
            if (Apply(row, frame) is { } caller)
                return (caller, row.IsSignalFrame ? FrameKind.Interrupted : FrameKind.Described);
        }

        return _arch.WithoutTable(frame, innermost, map, memory) is { } found ? found : (null, FrameKind.Chain);
    }

    private FrameRow? RowFor(ulong pc)
    {
        if (_rows.TryGetValue(pc, out FrameRow? known))
            return known;
        FrameRow? row = map.Find(pc)?.Frames(target)?.Find(memory, pc) is { } entry ? CallFrameProgram.RowAt(entry, _arch, pc) : null;
        if (_rows.Count >= MostRows)
            _rows.Clear();
        _rows[pc] = row;
        return row;
    }

    private static bool IsOutermost(FrameRow row)
    {
        foreach ((int column, RegisterRule rule) in row.Rules)
            if (column == row.ReturnColumn)
                return rule.Kind == RuleKind.Undefined;
        return false;
    }

    private UnwindRegisters? Apply(FrameRow row, UnwindRegisters frame)
    {
        ulong mask = _arch.WordBytes == 4 ? uint.MaxValue : ulong.MaxValue;
        ulong cfa = frame.Get(row.CfaRegister) + (ulong)row.CfaOffset & mask;
        if (row.CfaExpression is { } expression && !DwarfExpression.TryEvaluate(expression, frame, null, _arch, memory, out cfa))
            return null;
        UnwindRegisters caller = frame.Copy();
        caller.Set(_arch.StackPointer, cfa);
        foreach ((int column, RegisterRule rule) in row.Rules)
        {
            ulong value;
            switch (rule.Kind)
            {
                case RuleKind.Offset:
                    if (!_arch.TryWord(memory, cfa + (ulong)rule.Offset & mask, out value))
                        return null;
                    break;
                case RuleKind.ValueOffset:
                    value = cfa + (ulong)rule.Offset & mask;
                    break;
                case RuleKind.Register:
                    value = frame.Get((int)Math.Clamp(rule.Offset, -1, int.MaxValue));
                    break;
                case RuleKind.Expression:
                    if (!DwarfExpression.TryEvaluate(rule.Expression, frame, cfa, _arch, memory, out ulong at) || !_arch.TryWord(memory, at, out value))
                        return null;
                    break;
                case RuleKind.ValueExpression:
                    if (!DwarfExpression.TryEvaluate(rule.Expression, frame, cfa, _arch, memory, out value))
                        return null;
                    break;
                default:
                    continue;
            }

            caller.Set(column, value);
        }

        caller.Pc = caller.Get(row.ReturnColumn);
        return caller;
    }
}
