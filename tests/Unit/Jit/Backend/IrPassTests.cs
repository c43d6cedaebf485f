using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Ir.Passes;
using static Suite.Tests.Jit.Backend.IrTestLayout;

namespace Suite.Tests.Jit.Backend;

/// <summary>What the passes make of a block, as a listing.</summary>
public sealed class IrPassTests
{
    private readonly StateLayout _layout = Create(default(HostFeatures));
    private readonly IrBlock _block = new();

    [Fact]
    public void The_listing_names_slots_values_and_constants()
    {
        _block.InsnStart(0x1000, 4);
        int sum = _block.Add(_block.Get(_layout, 3), _block.Const(0xFFFF_FFF0));
        _block.Store(MemKind.U16Be, sum, _block.Load(MemKind.U8, sum, -4));
        _block.Put(3, sum);
        _block.ExitIf(_block.Compare(IrOp.LtU, sum, _block.Get(_layout, 4)), 0x2000);
        Assert.Equal("""
            00001000:
              v1:i32 = get r3
              v2:i32 = const fffffff0
              v3:i32 = add v1, v2
              v4:i32 = load v3, u8-4
              store v3, v4, u16be
              put r3, v3
              v7:i32 = get r4
              v8:i32 = ltu v3, v7
              exitif v8, 00002000

            """.ReplaceLineEndings("\n"), IrText.List(_block, _layout));
    }

    [Fact]
    public void Constants_fold_slots_are_forwarded_and_what_is_dead_goes()
    {
        _block.InsnStart(0x1000, 4);
        _block.Put(0, _block.Const(0x1234_0000));
        _block.InsnStart(0x1004, 4);
        _block.Put(0, _block.Or(_block.Get(_layout, 0), _block.Const(0x5678)));
        _block.InsnStart(0x1008, 4);
        _block.Put(1, _block.Add(_block.Get(_layout, 0), _block.Get(_layout, 2)));
        _block.Put(1, _block.Get(_layout, 1));
        Improved("""
            00001000:
            00001004:
              v6:i32 = const 12345678
              put r0, v6
            00001008:
              v10:i32 = get r2
              v11:i32 = add v10, 305419896
              put r1, v11

            """);
    }

    [Fact]
    public void Tests_of_an_ordering_become_comparisons_and_negation_is_free()
    {
        _block.InsnStart(0x1000, 4);
        _block.Put(Order0, _block.OrderU(_block.Get(_layout, 0), _block.Const(uint.MaxValue)));
        _block.InsnStart(0x1004, 4);
        int greater = _block.Convert(IrOp.OrderGreater, IrType.I32, _block.Get(_layout, Order0));
        _block.ExitIf(_block.Compare(IrOp.Eq, greater, _block.Const(0)), 0x2000);
        Improved("""
            00001000:
              v1:i32 = get r0
              v3:i64 = orderu v1, 4294967295
              put o0, v3
            00001004:
              v9:i32 = leu v1, -1
              exitif v9, 00002000

            """);
    }

    [Fact]
    public void A_branch_that_is_always_taken_ends_the_block()
    {
        _block.InsnStart(0x1000, 4);
        _block.ExitIf(_block.Compare(IrOp.LtS, _block.Const(uint.MaxValue), _block.Const(0)), 0x2000);
        _block.InsnStart(0x1004, 4);
        _block.Put(0, _block.Const(1));
        Improved("""
            00001000:
              exit 00002000

            """);
    }

    private void Improved(string expected)
    {
        new IrOptimizer(_layout).Run(_block);
        Assert.Equal(expected.ReplaceLineEndings("\n"), IrText.List(_block, _layout));
    }
}
