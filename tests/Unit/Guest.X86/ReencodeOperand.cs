namespace Suite.Tests.Guest.X86;

/// <summary>A random memory operand of 64-bit mode that leads to a given address, and the registers set so that it does.</summary>
internal sealed class ReencodeOperand
{
    private const int None = -1, Rsp = 4, Rbp = 5;

    private readonly byte[] _tail = new byte[6];
    private int _tailLength;
    private bool _ripRelative;
    private ulong _target;

    /// <summary>X and B of the REX byte.</summary>
    public int Rex { get; private set; }

    /// <summary>A 67 prefix belongs to the form.</summary>
    public bool AddrSize { get; private set; }

    private int _modRm;

    /// <summary>
    /// Chooses a form that addresses <paramref name="target"/> (an offset from the segment's base, if there is one). The registers it needs
    /// are set in <paramref name="input"/>; registers of <paramref name="keep"/> (a bit mask) are not chosen, rsp keeps its value and is chosen
    /// only when the target lies near it.
    /// </summary>
    public void Choose(ReencodeRandom random, ReencodeState input, ulong target, int keep, bool segment)
    {
        _target = target;
        _tailLength = 0;
        Rex = 0;
        AddrSize = target <= uint.MaxValue && random.OneIn(4);
        _ripRelative = false;
        bool nearStack = (ulong)((long)(target - input.Gpr[Rsp]) + 0x1000) < 0x2000;
        int baseRegister = Register(random, keep | (nearStack ? 0 : 1 << Rsp));
        int index = random.OneIn(2) ? None : Register(random, keep | 1 << Rsp);
        int scale = random.Below(4);
        int form = random.Below(8);
        if (form == 0 && !segment)
        {
            _ripRelative = true;
            _modRm = 5;
            return;
        }

        if (form == 1 && target <= int.MaxValue)
            (baseRegister, index) = (None, None);
        else if (form == 2)
            (baseRegister, index) = (None, index == None ? Register(random, keep | 1 << Rsp) : index);
        Solve(random, input, baseRegister, index, scale);
    }

    /// <summary>
    /// Writes prefixes, REX, opcode, operand and immediate; the result is the length.
    /// </summary>
    public int Write(Span<byte> to, ulong at, ReadOnlySpan<byte> prefixes, int rexW, ReadOnlySpan<byte> opcode, int reg, ReadOnlySpan<byte> immediate)
    {
        int n = 0;
        foreach (byte prefix in prefixes)
            to[n++] = prefix;
        if (AddrSize)
            to[n++] = 0x67;
        int rex = Rex | rexW << 3 | reg >> 3 << 2;
        if (rex != 0)
            to[n++] = (byte)(0x40 | rex);
        opcode.CopyTo(to[n..]);
        n += opcode.Length;
        to[n++] = (byte)(_modRm | (reg & 7) << 3);
        if (_ripRelative)
        {
            BitConverter.TryWriteBytes(to[n..], (int)(_target - (at + (ulong)(n + 4 + immediate.Length))));
            n += 4;
        }
        else
        {
            _tail.AsSpan(0, _tailLength).CopyTo(to[n..]);
            n += _tailLength;
        }

        immediate.CopyTo(to[n..]);
        return n + immediate.Length;
    }

    private static int Register(ReencodeRandom random, int not)
    {
        int register;
        do
            register = random.Below(16);
        while ((not >> register & 1) != 0);
        return register;
    }

    // base + index * 2^scale + disp = target
    private void Solve(ReencodeRandom random, ReencodeState input, int baseRegister, int index, int scale)
    {
        int factor = index == None ? 0 : 1 << scale;
        long disp = random.Below(3) switch
        {
            0 => 0,
            1 => random.Below(256) - 128,
            _ => (int)random.Next() >> 4,
        };
        if (baseRegister == None && index == None)
        {
            disp = (long)_target;
        }
        else if (baseRegister == Rsp)
        {
            if (index != None)
                input.Gpr[index] = (ulong)random.Below(8);
            disp = (long)(_target - input.Gpr[Rsp] - (index == None ? 0 : input.Gpr[index] * (ulong)factor));
        }
        else if (baseRegister == None || baseRegister == index)
        {
            int times = factor + (baseRegister == None ? 0 : 1);
            ulong rest = _target - (ulong)disp;
            input.Gpr[index] = rest / (ulong)times;
            disp += (long)(rest % (ulong)times);
        }
        else
        {
            if (index != None)
                input.Gpr[index] = random.Value();
            input.Gpr[baseRegister] = _target - (ulong)disp - (index == None ? 0 : input.Gpr[index] * (ulong)factor);
        }

        if (AddrSize && baseRegister != Rsp && baseRegister != index)
            Dirty(random, input, baseRegister);
        Encode(random, baseRegister, index, scale, (int)disp);
    }

    // The upper halves of address registers do not count under a 67 prefix.
    private static void Dirty(ReencodeRandom random, ReencodeState input, int register)
    {
        if (register != None)
            input.Gpr[register] = (uint)input.Gpr[register] | random.Next() << 32;
    }

    private void Encode(ReencodeRandom random, int baseRegister, int index, int scale, int disp)
    {
        Rex = (index >= 8 ? 2 : 0) | (baseRegister >= 8 ? 1 : 0);
        bool sib = index != None || baseRegister == None || (baseRegister & 7) == Rsp || random.OneIn(4);
        int mod = baseRegister == None || (disp == 0 && (baseRegister & 7) != Rbp && !random.OneIn(3)) ? 0 : disp == (sbyte)disp && !random.OneIn(3) ? 1 : 2;
        _modRm = mod << 6 | (sib ? 4 : baseRegister & 7);
        if (sib)
            _tail[_tailLength++] = (byte)(scale << 6 | (index == None ? 4 : index & 7) << 3 | (baseRegister == None ? 5 : baseRegister & 7));
        if (mod == 1)
        {
            _tail[_tailLength++] = (byte)disp;
        }
        else if (mod == 2 || baseRegister == None)
        {
            BitConverter.TryWriteBytes(_tail.AsSpan(_tailLength), disp);
            _tailLength += 4;
        }
    }
}
