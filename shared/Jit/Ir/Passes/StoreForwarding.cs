namespace Suite.Jit.Ir.Passes;

/// <summary>
/// A Load of what the block stored shortly before is the value stored. Most of all a double put together from two words: the host would wait until
/// both stores have reached the cache. No such Load can fault, since its bytes were written.
/// </summary>
public sealed class StoreForwarding
{
    private const int Reach = 8;

    // Indices of the last Stores whose bytes nothing may have overwritten; all at displacements from one base value.
    private readonly int[] _stores = new int[Reach];
    private int _count;

    /// <summary>Forgets everything, for a new block.</summary>
    public void Begin() => _count = 0;

    /// <summary>The value that a Load yields, or -1; a Load of two words becomes <see cref="IrOp.FFromWords"/>.</summary>
    public int Visit(IrBlock block, int index)
    {
        ref IrInsn n = ref block[index];
        switch (n.Op)
        {
            case IrOp.Store:
                Note(block, n, index);
                return -1;
            case IrOp.Load when _count > 0:
                return Find(block, ref n);
            case IrOp.VecStore or IrOp.CompareExchange32 or IrOp.Fence or IrOp.Call:
                _count = 0;
                return -1;
            default:
                return -1;
        }
    }

    // Another base may be the same address.
    private void Note(IrBlock block, in IrInsn store, int index)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
            if (block[_stores[i]].A == store.A && !Overlap(block[_stores[i]], store))
                _stores[kept++] = _stores[i];
        if (kept == Reach)
            Array.Copy(_stores, 1, _stores, 0, --kept);
        _stores[kept++] = index;
        _count = kept;
    }

    private int Find(IrBlock block, ref IrInsn load)
    {
        MemKind kind = MemAccess.Kind(load.Imm);
        int displacement = MemAccess.Displacement(load.Imm), whole = StoreAt(block, load.A, kind, displacement);
        if (whole >= 0)
            return kind is MemKind.U32Be or MemKind.F64Be ? whole : -1;
        if (kind != MemKind.F64Be)
            return -1;
        int high = StoreAt(block, load.A, MemKind.U32Be, displacement), low = StoreAt(block, load.A, MemKind.U32Be, displacement + sizeof(uint));
        if (high < 0 || low < 0)
            return -1;
        load = new IrInsn { Op = IrOp.FFromWords, Type = IrType.F64, A = high, B = low, C = -1 };
        return -1;
    }

    private int StoreAt(IrBlock block, int address, MemKind kind, int displacement)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            ref readonly IrInsn store = ref block[_stores[i]];
            if (store.A == address && store.Imm == MemAccess.Pack(kind, displacement))
                return store.B;
        }

        return -1;
    }

    private static bool Overlap(in IrInsn a, in IrInsn b)
    {
        int first = MemAccess.Displacement(a.Imm), second = MemAccess.Displacement(b.Imm);
        return first < second + MemAccess.Size(MemAccess.Kind(b.Imm)) && second < first + MemAccess.Size(MemAccess.Kind(a.Imm));
    }
}
