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
/// What emits the code of one vector operation sees. Whether VEX or EVEX is needed, and whether an operand is in memory, is <see cref="Op"/>'s business.
/// </summary>
public readonly unsafe ref struct VecCode
{
    private readonly ref X64Asm _asm;
    private readonly IrCompiler _compiler;

    internal VecCode(ref X64Asm asm, IrCompiler compiler, int immediate, int to, VecPlace a, VecPlace b, VecPlace c)
    {
        _asm = ref asm;
        _compiler = compiler;
        (Immediate, To, A, B, C) = (immediate, to, a, b, c);
    }

    /// <summary>The assembler, for what <see cref="Op"/> does not cover.</summary>
    public ref X64Asm Asm => ref _asm;

    public HostFeatures Features => _compiler.Features;

    /// <summary>The operation's immediate.</summary>
    public int Immediate { get; }

    /// <summary>Destination register: vector, or general when the result is I32 or I64. May be the register of an operand: write it last, or compute in a <see cref="Temp"/>.</summary>
    public int To { get; }

    /// <summary>Operands. The first is always in a register; general ones always are.</summary>
    public VecPlace A { get; }
    public VecPlace B { get; }
    public VecPlace C { get; }

    /// <summary>A vector register for this operation, 0 to 15.</summary>
    public int Temp() => _compiler.VectorTemp();

    /// <summary>A general register for this operation.</summary>
    public Reg GeneralTemp() => _compiler.GeneralTemp();

    /// <summary>The operand in a register, loaded into a <see cref="Temp"/> if need be.</summary>
    public int InRegister(VecPlace p)
    {
        if (p.IsRegister)
            return p.Register;
        int t = Temp();
        _asm.Vex(VexOps.LoadVector, t, 0, p.Memory);
        return t;
    }

    /// <summary>The operand in a register from 0 to 15, for instructions without an EVEX form.</summary>
    public int InLowRegister(VecPlace p)
    {
        if (p.Register is >= 0 and < 16)
            return p.Register;
        int t = Temp();
        if (p.IsRegister)
            _asm.Vex(VexOps.MoveVector, t, 0, p.Register);
        else
            _asm.Vex(VexOps.LoadVector, t, 0, p.Memory);
        return t;
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
    public void Op(VexOp op, int to, int first, VecPlace second, byte immediate)
    {
        Op(op, to, first, second);
        _asm.Byte(immediate);
    }

    public void Op(VexOp op, int to, int first, int second, byte immediate) => _asm.Vex(op, to, first, second, immediate);

    /// <summary>vmovdqa to, from.</summary>
    public void Move(int to, int from)
    {
        if (to != from)
            _asm.Vex(VexOps.MoveVector, to, 0, from);
    }
}

/// <summary>Host code of the vector operations.</summary>
public static class VecEmitter
{
    /// <summary>False for operations that are left to the interpreter on this host.</summary>
    public static bool Supports(VecOp op, HostFeatures features) => op is >= VecOp.And and <= VecOp.Sub32;

    /// <summary>Emits one operation that is supported.</summary>
    public static void Emit(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.AndNot:
                e.Op(VexOps.AndNot, e.To, e.InRegister(e.B), e.A);
                break;
            case VecOp.Nor:
                EmitNor(e);
                break;
            default:
                e.Op(Simple(op), e.To, e.A.Register, e.B);
                break;
        }
    }

    private static void EmitNor(in VecCode e)
    {
        int t = e.Temp();
        int ones = e.Temp();
        e.Op(VexOps.Or, t, e.A.Register, e.B);
        e.Op(Compare32, ones, ones, ones);
        e.Op(VexOps.Xor, e.To, t, ones);
    }

    /// <summary>vpcmpeqd.</summary>
    private static VexOp Compare32 => new(VexMap.M0F, VexPrefix.P66, 0x76);

    private static VexOp Simple(VecOp op) => op switch
    {
        VecOp.And => VexOps.And,
        VecOp.Or => VexOps.Or,
        VecOp.Xor => VexOps.Xor,
        VecOp.Add8 => Packed(0xFC),
        VecOp.Add16 => Packed(0xFD),
        VecOp.Add32 => Packed(0xFE),
        VecOp.Sub8 => Packed(0xF8),
        VecOp.Sub16 => Packed(0xF9),
        VecOp.Sub32 => Packed(0xFA),
        _ => throw new InvalidOperationException($"vector operation {op} has no host code"),
    };

    private static VexOp Packed(byte opcode) => new(VexMap.M0F, VexPrefix.P66, opcode);
}
