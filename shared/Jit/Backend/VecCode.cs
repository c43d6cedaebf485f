using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>Where an operand of a vector operation is: a register (vector, or general for I32 and I64 values), or 16 bytes of the state block.</summary>
/// <param name="Register">Its number, or -1 for memory.</param>
/// <param name="Memory">Where it is otherwise.</param>
public readonly record struct VecPlace(int Register, Mem Memory)
{
    public bool IsRegister => Register >= 0;
}

/// <summary>
/// What emits the code of one vector operation sees. All vector registers are 0 to 15. The destination may be an operand's register, and may be a
/// guest's: it is written last, behind everything that may fault.
/// </summary>
public readonly unsafe ref struct VecCode
{
    private readonly ref X64Asm _asm;
    private readonly IrCompiler _compiler;

    internal VecCode(ref X64Asm asm, IrCompiler compiler, int immediate, int to, VecPlace a, VecPlace b, VecPlace c)
    {
        _asm = ref asm;
        _compiler = compiler;
        (Immediate, To, A, B, C) = (immediate, to, a.Register, b, c);
    }

    /// <summary>The assembler, for what <see cref="Op(VexOp, int, int, VecPlace)"/> does not cover.</summary>
    public ref X64Asm Asm => ref _asm;

    public HostFeatures Features => _compiler.Features;

    /// <summary>The operation's immediate.</summary>
    public int Immediate { get; }

    /// <summary>Destination register: vector, or general when the result is I32.</summary>
    public int To { get; }

    /// <summary>Operands. The first is always in a register; general ones always are.</summary>
    public int A { get; }
    public VecPlace B { get; }
    public VecPlace C { get; }

    /// <summary>A vector register for this operation. There are six; operands and destination may occupy some.</summary>
    public int Temp() => _compiler.VectorTemp();

    /// <summary>A general register for this operation.</summary>
    public Reg GeneralTemp() => _compiler.GeneralTemp();

    /// <summary>A register to compute in: the destination when that is no operand, else a <see cref="Temp"/>. Not for code that may fault on the way.</summary>
    public int Work() => To != A && To != B.Register && To != C.Register ? To : Temp();

    /// <summary>The operand in a register, loaded into a <see cref="Temp"/> if need be.</summary>
    public int InRegister(VecPlace p)
    {
        if (p.IsRegister)
            return p.Register;
        int t = Temp();
        _asm.Vex(VexOps.LoadVector, t, 0, p.Memory);
        return t;
    }

    /// <summary>One of the constants that <see cref="StateLayout.WriteConstants"/> keeps.</summary>
    public VecPlace Constant(int offset) => new(-1, _compiler.Constant(offset));

    /// <summary>A <see cref="Temp"/> with a value in all 32-bit lanes.</summary>
    public int Broadcast(uint value)
    {
        int t = Temp();
        Broadcast(t, value);
        return t;
    }

    /// <summary>Fills a register with a value in all 32-bit lanes.</summary>
    public void Broadcast(int to, uint value)
    {
        int index = StateLayout.VectorConstantValues.IndexOf(value);
        if (index >= 0)
        {
            Op(VecInsn.P38(0x58), to, 0, Constant(StateLayout.VectorConstants + 4 * index));
            return;
        }

        Reg general = GeneralTemp();
        _asm.MovImm(general, value);
        Op(VexOps.FromGeneral32, to, 0, (int)general);
        Op(VecInsn.P38(0x58), to, 0, to);
    }

    /// <summary>op to, first, second.</summary>
    public void Op(VexOp op, int to, int first, VecPlace second)
    {
        if (second.IsRegister)
            _asm.Vex(op, to, first, second.Register);
        else
            _asm.Vex(op, to, first, second.Memory);
    }

    public void Op(VexOp op, int to, int first, int second) => _asm.Vex(op, to, first, second);

    /// <summary>With an immediate byte.</summary>
    public void Op(VexOp op, int to, int first, VecPlace second, int immediate)
    {
        Op(op, to, first, second);
        _asm.Byte((byte)immediate);
    }

    public void Op(VexOp op, int to, int first, int second, int immediate) => _asm.Vex(op, to, first, second, (byte)immediate);

    /// <summary>A shift of the group 71 to 73: op to, from, count.</summary>
    public void Shift(VecShift shift, int to, int from, int count) => _asm.Vex(VecInsn.P((byte)((int)shift >> 3)), (int)shift & 7, to, from, (byte)count);

    /// <summary>An EVEX-only instruction.</summary>
    public void Evex(VexOp op, int to, int first, int second) => _asm.EvexOnly(op, to, first, second);

    /// <summary>An EVEX-only instruction with an immediate byte.</summary>
    public void Evex(VexOp op, int to, int first, int second, int immediate)
    {
        _asm.EvexOnly(op, to, first, second);
        _asm.Byte((byte)immediate);
    }

    /// <summary>Any function of three bits, to's own bit first: bit (to, first, second) of the table.</summary>
    public void Ternary(int to, int first, int second, int table) => Evex(new VexOp(VexMap.M0F3A, VexPrefix.P66, 0x25), to, first, second, table);

    /// <summary>to = bytes of second where the mask byte's top bit is set, else of first.</summary>
    public void BlendBytes(int to, int first, int second, int mask) => _asm.Vex(VecInsn.P3A(0x4C), to, first, second, (byte)(mask << 4));

    /// <summary>The same by 32-bit lanes.</summary>
    public void BlendWords(int to, int first, int second, int mask) => _asm.Vex(VecInsn.P3A(0x4A), to, first, second, (byte)(mask << 4));

    /// <summary>vmovdqa to, from.</summary>
    public void Move(int to, int from)
    {
        if (to != from)
            _asm.Vex(VexOps.MoveVector, to, 0, from);
    }

    /// <summary>Zeroes a register.</summary>
    public void Zero(int to) => _asm.Vex(VexOps.Xor, to, to, to);

    /// <summary>Sets all bits of a register.</summary>
    public void Ones(int to) => _asm.Vex(VecInsn.P(0x76), to, to, to);
}
