using Suite.LinuxUser.Seccomp;

namespace Suite.Tests.LinuxUser.Seccomp;

/// <summary>The interpreter of seccomp filters, and what the kernel's checks refuse (net/core/filter.c, kernel/seccomp.c).</summary>
public sealed class BpfProgramTests
{
    private const ushort LdAbs = 0x20, LdImm = 0x00, LdxImm = 0x01, LdMem = 0x60, LdxMem = 0x61, St = 0x02, Stx = 0x03, LdLen = 0x80, Tax = 0x07, Txa = 0x87,
        RetK = 0x06, RetA = 0x16, Ja = 0x05, JeqK = 0x15, JgtX = 0x2D, JsetK = 0x45, AddK = 0x04, DivK = 0x34, DivX = 0x3C, ModK = 0x94, LshK = 0x64, RshX = 0x7C, Neg = 0x84;

    [Fact]
    public void Decides_by_number()
    {
        BpfProgram program = Make(new(LdAbs, 0, 0, 0), new(JeqK, 0, 1, 39), new(RetK, 0, 0, 0x50001), new(RetK, 0, 0, 0x7FFF0000));
        Assert.Equal(0x50001u, program.Run(Data(39)));
        Assert.Equal(0x7FFF0000u, program.Run(Data(40)));
    }

    [Theory]
    [InlineData(AddK, 5u, 12u)]
    [InlineData(DivK, 2u, 3u)]
    [InlineData(LshK, 4u, 112u)]
    [InlineData(Neg, 0u, 0xFFFFFFF9u)]
    [InlineData(RshX, 0u, 3u)] // X is 1
    public void Computes(ushort code, uint k, uint expected) =>
        Assert.Equal(expected, Make(new(LdxImm, 0, 0, 1), new(LdImm, 0, 0, 7), new(code, 0, 0, k), new(RetA, 0, 0, 0)).Run(Data(0)));

    [Fact]
    public void Division_by_zero_ends_the_filter_with_zero() =>
        Assert.Equal(0u, Make(new(LdxImm, 0, 0, 0), new(LdImm, 0, 0, 7), new(DivX, 0, 0, 0), new(RetK, 0, 0, 1)).Run(Data(0)));

    [Fact]
    public void Memory_and_registers_keep_values() =>
        Assert.Equal(64u, Make(new(LdLen, 0, 0, 0), new(Tax, 0, 0, 0), new(Stx, 0, 0, 15), new(LdImm, 0, 0, 1), new(St, 0, 0, 0), new(LdxMem, 0, 0, 15), new(Txa, 0, 0, 0),
            new(RetA, 0, 0, 0)).Run(Data(0)));

    [Fact]
    public void Jumps_compare_unsigned_with_x_and_test_bits()
    {
        BpfProgram greater = Make(new(LdxImm, 0, 0, 1), new(LdAbs, 0, 0, 0), new(JgtX, 0, 1, 0), new(RetK, 0, 0, 2), new(RetK, 0, 0, 3));
        Assert.Equal(2u, greater.Run(Data(unchecked((uint)-1))));
        Assert.Equal(3u, greater.Run(Data(1)));
        BpfProgram bits = Make(new(LdAbs, 0, 0, 0), new(JsetK, 1, 0, 6), new(Ja, 0, 0, 1), new(RetK, 0, 0, 2), new(RetK, 0, 0, 3));
        Assert.Equal(2u, bits.Run(Data(4)));
        Assert.Equal(3u, bits.Run(Data(1)));
    }

    [Theory]
    [InlineData(LdAbs, 64u)] // behind the data
    [InlineData(LdAbs, 2u)] // not aligned
    [InlineData(0x30, 0u)] // a byte
    [InlineData(LdMem, 3u)] // never stored
    [InlineData(St, 16u)]
    [InlineData(DivK, 0u)]
    [InlineData(ModK, 3u)] // not for seccomp
    [InlineData(LshK, 32u)]
    [InlineData(Ja, 1u)] // out of the program
    [InlineData(0x0104, 1u)]
    public void Refuses(ushort code, uint k) => Assert.False(BpfProgram.TryCreate([new(code, 0, 0, k), new(RetK, 0, 0, 0)], out _));

    [Fact]
    public void Refuses_programs_without_an_end() => Assert.False(BpfProgram.TryCreate([new(LdImm, 0, 0, 0)], out _));

    [Fact]
    public void Refuses_memory_that_only_one_branch_stored() =>
        Assert.False(BpfProgram.TryCreate([new(LdAbs, 0, 0, 0), new(JeqK, 0, 1, 1), new(St, 0, 0, 2), new(LdMem, 0, 0, 2), new(RetA, 0, 0, 0)], out _));

    private static BpfProgram Make(params BpfInsn[] insns)
    {
        Assert.True(BpfProgram.TryCreate(insns, out BpfProgram? program));
        return program;
    }

    private static uint[] Data(uint number)
    {
        uint[] data = new uint[BpfProgram.DataWords];
        data[0] = number;
        return data;
    }
}
