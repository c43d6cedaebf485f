namespace Suite.LinuxUser.Symbols;

/// <summary>Executes call frame instructions up to an address (DWARF 5, section 6.4.2).</summary>
internal ref struct CallFrameProgram
{
    private const int Columns = UnwindTarget.MaximumColumns, DeepestStack = 16, MostInstructions = 1 << 16;

    private readonly CallFrameEntry _entry;
    private readonly int _word;
    private readonly bool _big;
    private RegisterRule[] _rules;
    private RegisterRule[] _initial;
    private int _cfaRegister, _executed;
    private long _cfaOffset;
    private byte[]? _cfaExpression;
    private ulong _location;
    private Stack<(RegisterRule[] Rules, int Register, long Offset, byte[]? Expression)>? _remembered;

    private CallFrameProgram(CallFrameEntry entry, UnwindTarget target)
    {
        (_entry, _word, _big) = (entry, target.WordBytes, target.BigEndian);
        _rules = new RegisterRule[Columns];
        _initial = _rules;
        _location = entry.Start;
        _executed = 0;
    }

    /// <summary>The row for an address; null when the instructions make no sense.</summary>
    public static FrameRow? RowAt(CallFrameEntry entry, UnwindTarget target, ulong pc)
    {
        CallFrameProgram machine = new(entry, target);
        if (!machine.Run(entry.InitialProgram, 0, ulong.MaxValue))
            return null;
        machine._initial = (RegisterRule[])machine._rules.Clone();
        if (!machine.Run(entry.Program, entry.ProgramAddress, pc) || entry.ReturnColumn >= Columns)
            return null;
        List<(int, RegisterRule)> rules = [];
        for (int i = 0; i < Columns; i++)
            if (machine._rules[i].Kind != RuleKind.Unspecified)
                rules.Add((i, machine._rules[i]));
        return new FrameRow(machine._cfaRegister, machine._cfaOffset, machine._cfaExpression, [.. rules], (int)entry.ReturnColumn, entry.IsSignalFrame);
    }

    private bool Run(byte[] program, ulong address, ulong pc)
    {
        DwarfCursor c = new(program, address, _word, _big);
        while (!c.AtEnd)
        {
            if (++_executed > MostInstructions)
                return false;
            byte op = c.Byte();
            int low = op & 0x3F;
            switch (op >> 6)
            {
                case 1:
                    if (!Advance((ulong)low, pc))
                        return true;
                    continue;
                case 2:
                    Set((ulong)low, new RegisterRule(RuleKind.Offset, (long)c.Uleb() * _entry.DataAlignment));
                    continue;
                case 3:
                    Restore((ulong)low);
                    continue;
                default:
                    break;
            }

            switch (low)
            {
                case 0x00: // nop
                    break;
                case 0x01: // set_loc
                    if (!c.Pointer(_entry.PointerEncoding, 0, out ulong location) || location > pc)
                        return !c.Failed;
                    _location = location;
                    break;
                case 0x02 or 0x03 or 0x04: // advance_loc1, 2, 4
                    if (!Advance(c.Number(1 << low - 2), pc))
                        return true;
                    break;
                case 0x05: // offset_extended
                    Set(c.Uleb(), new RegisterRule(RuleKind.Offset, (long)c.Uleb() * _entry.DataAlignment));
                    break;
                case 0x06: // restore_extended
                    Restore(c.Uleb());
                    break;
                case 0x07: // undefined
                    Set(c.Uleb(), new RegisterRule(RuleKind.Undefined));
                    break;
                case 0x08: // same_value
                    Set(c.Uleb(), new RegisterRule(RuleKind.SameValue));
                    break;
                case 0x09: // register
                    Set(c.Uleb(), new RegisterRule(RuleKind.Register, (long)c.Uleb()));
                    break;
                case 0x0A: // remember_state
                    if ((_remembered ??= new()).Count >= DeepestStack)
                        return false;
                    _remembered.Push(((RegisterRule[])_rules.Clone(), _cfaRegister, _cfaOffset, _cfaExpression));
                    break;
                case 0x0B: // restore_state
                    if (_remembered is not { Count: > 0 })
                        return false;
                    (_rules, _cfaRegister, _cfaOffset, _cfaExpression) = _remembered.Pop();
                    break;
                case 0x0C: // def_cfa
                    SetCfa(c.Uleb(), (long)c.Uleb());
                    break;
                case 0x0D: // def_cfa_register
                    SetCfa(c.Uleb(), _cfaOffset);
                    break;
                case 0x0E: // def_cfa_offset
                    SetCfa((ulong)_cfaRegister, (long)c.Uleb());
                    break;
                case 0x0F: // def_cfa_expression
                    _cfaExpression = c.Block(c.Uleb()).ToArray();
                    break;
                case 0x10: // expression
                    Set(c.Uleb(), new RegisterRule(RuleKind.Expression, 0, c.Block(c.Uleb()).ToArray()));
                    break;
                case 0x11: // offset_extended_sf
                    Set(c.Uleb(), new RegisterRule(RuleKind.Offset, c.Sleb() * _entry.DataAlignment));
                    break;
                case 0x12: // def_cfa_sf
                    SetCfa(c.Uleb(), c.Sleb() * _entry.DataAlignment);
                    break;
                case 0x13: // def_cfa_offset_sf
                    SetCfa((ulong)_cfaRegister, c.Sleb() * _entry.DataAlignment);
                    break;
                case 0x14: // val_offset
                    Set(c.Uleb(), new RegisterRule(RuleKind.ValueOffset, (long)c.Uleb() * _entry.DataAlignment));
                    break;
                case 0x15: // val_offset_sf
                    Set(c.Uleb(), new RegisterRule(RuleKind.ValueOffset, c.Sleb() * _entry.DataAlignment));
                    break;
                case 0x16: // val_expression
                    Set(c.Uleb(), new RegisterRule(RuleKind.ValueExpression, 0, c.Block(c.Uleb()).ToArray()));
                    break;
                case 0x2E: // GNU_args_size
                    c.Uleb();
                    break;
                case 0x2F: // GNU_negative_offset_extended
                    Set(c.Uleb(), new RegisterRule(RuleKind.Offset, -(long)c.Uleb() * _entry.DataAlignment));
                    break;
                default:
                    return false;
            }
        }

        return !c.Failed;
    }

    private bool Advance(ulong delta, ulong pc)
    {
        ulong next = _location + delta * _entry.CodeAlignment;
        if (next > pc)
            return false;
        _location = next;
        return true;
    }

    private readonly void Set(ulong column, RegisterRule rule)
    {
        if (column < Columns)
            _rules[column] = rule;
    }

    private readonly void Restore(ulong column)
    {
        if (column < Columns)
            _rules[column] = _initial[column];
    }

    private void SetCfa(ulong register, long offset) => (_cfaRegister, _cfaOffset, _cfaExpression) = ((int)Math.Min(register, Columns), offset, null);
}
