using System.Globalization;
using System.Text;

namespace Suite.Jit.Ir;

/// <summary>Listing of a block, a line an instruction, for people and for tests: <c>v3 = add v1, v2</c>.</summary>
public static class IrText
{
    /// <summary>The whole block; lines end with a line feed.</summary>
    public static string List(IrBlock block, StateLayout layout)
    {
        StringBuilder text = new();
        for (int i = 0; i < block.Count; i++)
            if (block[i].Op != IrOp.None)
                Line(text, block, layout, i);
        return text.ToString();
    }

    private static void Line(StringBuilder text, IrBlock block, StateLayout layout, int index)
    {
        ref readonly IrInsn n = ref block[index];
        CultureInfo inv = CultureInfo.InvariantCulture;
        if (n.Op == IrOp.InsnStart)
        {
            text.Append(inv, $"{n.Imm:x8}:\n");
            return;
        }

        text.Append("  ");
        if (n.Type != IrType.None)
            text.Append(inv, $"v{index}:{n.Type.ToString().ToLowerInvariant()} = ");
        text.Append(n.Op.ToString().ToLowerInvariant());
        string separator = " ";
        if (n.Op is IrOp.Get or IrOp.Put)
        {
            text.Append(inv, $" {layout.Slots[n.Imm].Name}");
            separator = ", ";
        }

        foreach (int operand in (ReadOnlySpan<int>)[n.A, n.B, n.C])
        {
            if (operand < 0)
                continue;
            text.Append(inv, $"{separator}v{operand}");
            separator = ", ";
        }

        text.Append(Constant(n, separator)).Append('\n');
    }

    private static string Constant(in IrInsn n, string separator)
    {
        CultureInfo inv = CultureInfo.InvariantCulture;
        return n.Op switch
        {
            IrOp.Const => string.Create(inv, $" {(n.Type == IrType.I32 ? (uint)n.Imm : (ulong)n.Imm):x}"),
            IrOp.Load or IrOp.Store => string.Create(inv, $"{separator}{MemAccess.Kind(n.Imm).ToString().ToLowerInvariant()}{MemAccess.Displacement(n.Imm):+0;-0;''}"),
            IrOp.Vec => string.Create(inv, $"{separator}{VecImm.Op(n.Imm).ToString().ToLowerInvariant()} {VecImm.Immediate(n.Imm)}"),
            IrOp.ExitIf or IrOp.ExitUnless or IrOp.Exit => string.Create(inv, $"{separator}{n.Imm:x8}"),
            IrOp.Trap or IrOp.TrapIf or IrOp.TrapBehind =>
                string.Create(inv, $"{separator}{((Runtime.ExitReason)(uint)n.Imm).ToString().ToLowerInvariant()} {(uint)(n.Imm >> 32)}"),
            IrOp.FpMode or IrOp.Call or IrOp.Query => string.Create(inv, $"{separator}{n.Imm}"),
            IrOp.RotMask => string.Create(inv, $"{separator}{n.Imm >> 32}, {(uint)n.Imm:x}"),
            _ when n.B < 0 && IrTraits.TakesImmediate(n.Op) => string.Create(inv, $"{separator}{n.Imm}"),
            _ => "",
        };
    }
}
