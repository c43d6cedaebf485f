namespace Suite.Jit.Ir.Passes;

/// <summary>
/// A Load of what the block stored shortly before is the value stored. Most of all a double put together from two words: the host would wait until
/// both stores have reached the cache. No such Load can fault, since its bytes were written. Addresses that are a constant apart are known not to be the same memory
/// unless they are whole pages apart: a page may be mapped twice.
/// </summary>
public sealed class StoreForwarding
{
    private const int Reach = 24;

    // The last Stores whose bytes nothing may have overwritten; all at displacements from one base value.
    private readonly Written[] _stores = new Written[Reach];
    private int _count, _base;

    private readonly record struct Written(int Displacement, MemKind Kind, int Value);

    /// <summary>Forgets everything, for a new block.</summary>
    public void Begin() => _count = 0;

    /// <summary>The value that a Load yields, or -1; a Load of two words becomes <see cref="IrOp.FFromWords"/>.</summary>
    public int Visit(IrBlock block, int index)
    {
        ref IrInsn n = ref block[index];
        switch (n.Op)
        {
            case IrOp.Store:
                Note(block, n);
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
    private void Note(IrBlock block, in IrInsn store)
    {
        (int root, int displacement) = Resolve(block, store);
        Written written = new(displacement, MemAccess.Kind(store.Imm), store.B);
        int kept = 0;
        for (int i = 0; i < _count && root == _base; i++)
            if (!Overlap(_stores[i], written))
                _stores[kept++] = _stores[i];
        if (kept == Reach)
            Array.Copy(_stores, 1, _stores, 0, --kept);
        _stores[kept++] = written;
        (_count, _base) = (kept, root);
    }

    private int Find(IrBlock block, ref IrInsn load)
    {
        (int root, int displacement) = Resolve(block, load);
        MemKind kind = MemAccess.Kind(load.Imm);
        if (root != _base || kind is not (MemKind.U32Be or MemKind.F64Be))
            return -1;
        int whole = ValueAt(kind, displacement);
        if (whole >= 0)
            return whole;
        int high = ValueAt(kind == MemKind.F64Be ? MemKind.U32Be : MemKind.F64Be, displacement);
        if (kind == MemKind.U32Be)
        {
            int value = high >= 0 ? high : ValueAt(MemKind.F64Be, displacement - sizeof(uint));
            if (value >= 0)
                load = new IrInsn { Op = high >= 0 ? IrOp.FHigh : IrOp.FLow, Type = IrType.I32, A = value, B = -1, C = -1 };
            return -1;
        }

        int low = ValueAt(MemKind.U32Be, displacement + sizeof(uint));
        if (high >= 0 && low >= 0)
            load = new IrInsn { Op = IrOp.FFromWords, Type = IrType.F64, A = high, B = low, C = -1 };
        return -1;
    }

    private int ValueAt(MemKind kind, int displacement)
    {
        for (int i = _count - 1; i >= 0; i--)
            if (_stores[i].Displacement == displacement && _stores[i].Kind == kind)
                return _stores[i].Value;
        return -1;
    }

    // An address as a value and what is added to it, which wraps at 32 bits.
    private static (int Root, int Displacement) Resolve(IrBlock block, in IrInsn access)
    {
        (int root, int displacement) = (access.A, MemAccess.Displacement(access.Imm));
        while (block[root] is { Op: IrOp.Add, Type: IrType.I32, B: < 0 } sum)
        {
            displacement += (int)sum.Imm;
            root = sum.A;
        }

        return (root, displacement);
    }

    // Distances within a page.
    private static bool Overlap(in Written a, in Written b)
    {
        const int InPage = 4095;
        return (b.Displacement - a.Displacement & InPage) < MemAccess.Size(a.Kind) || (a.Displacement - b.Displacement & InPage) < MemAccess.Size(b.Kind);
    }
}
