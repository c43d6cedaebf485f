using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.Jit.Backend;

/// <summary>Where indirect jumps stand, which is what processors know them by (docs/adr/017).</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class IndirectJumpTests
{
    // Eight functions of one shape, called in turn, all returned from the same place of a line: each call was predicted wrongly.
    [Fact]
    public void Blocks_of_one_shape_leave_from_different_places()
    {
        const int Blocks = 16, Places = 4;
        using IrHost h = new(HostFeatures.Detect());
        h.Run(() =>
        {
            List<int> places = [];
            for (int i = 0; i < Blocks; i++)
            {
                ulong pc = h.NewPc();
                IrBlock block = new();
                block.InsnStart(pc, 4);
                block.ExitTo(block.Get(h.Layout, IrTestLayout.Integer0));
                h.Define(pc, block);
                *(ulong*)h.Layout.AddressOf(h.State, IrTestLayout.Integer0) = pc + 8;
                h.Execute(pc);
                ulong last = h.HostCodeAt + (ulong)h.HostCode.Length - 1;
                places.Add((int)(last / Places % Places));
            }

            Assert.Equal(Blocks - 1, places.Zip(places.Skip(1)).Distinct().Count());
        });
    }
}
