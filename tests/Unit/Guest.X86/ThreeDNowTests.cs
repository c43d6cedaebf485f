using Suite.Guest.X86;
using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

/// <summary>3DNow! as AMD's manual has it (AMD64 volume 5), and which models have it.</summary>
public sealed class ThreeDNowTests
{
    private static readonly CpuFakeHost Host = WithoutIt();

    [Theory]
    [InlineData(0x9E, 1.5f, 0.25f, 1.75f)] // pfadd
    [InlineData(0x9A, 1.5f, 0.25f, 1.25f)] // pfsub
    [InlineData(0xAA, 1.5f, 0.25f, -1.25f)] // pfsubr
    [InlineData(0xB4, 3e38f, -10f, -3.4028235e38f)] // pfmul: the largest number, no infinity
    [InlineData(0xB4, 1.2e-38f, 0.5f, 0f)] // no denormal numbers
    [InlineData(0x96, 9f, 0f, 3.4028235e38f)] // pfrcp
    [InlineData(0x97, 9f, -16f, -0.25f)] // pfrsqrt: the sign of the operand
    [InlineData(0x94, 2f, -0f, 0f)] // pfmin: no negative zero
    public void Numbers(byte operation, float first, float second, float expected)
    {
        Assert.True(ThreeDNow.TryCompute(operation, Both(first), Both(second), out ulong result));
        Assert.Equal(Both(expected), result);
    }

    /// <summary>"If a PI2FD conversion produces an inexact value, the value is truncated": installed emulators round it.</summary>
    [Theory]
    [InlineData(0x7FFF_FFFFu, 2147483520f)]
    [InlineData(0x8000_0000u, -2147483648f)]
    [InlineData(0xFEFF_FFFDu, -16777218f)]
    [InlineData(7u, 7f)]
    [InlineData(0u, 0f)]
    public void Integers_are_cut_off(uint value, float expected)
    {
        Assert.True(ThreeDNow.TryCompute(0x0D, 0, value, out ulong result));
        Assert.Equal(BitConverter.SingleToUInt32Bits(expected), (uint)result);
    }

    [Fact]
    public void There_are_24_operations() =>
        Assert.Equal(24, Enumerable.Range(0, 256).Count(operation => ThreeDNow.TryCompute((byte)operation, 0, 0, out _)));

    [Fact]
    public void A_model_of_programs_has_it_where_the_host_has_not()
    {
        Assert.Contains("3dnow", CpuModel.Parse("athlon", Host, is64Bit: false).MissingOnHost);
        CpuModel emulated = CpuModel.Parse("athlon", Host, is64Bit: false, emulates3DNow: true);
        Assert.DoesNotContain("3dnow", emulated.MissingOnHost);
        Assert.Equal(ModelAction.Emulate, emulated.Classify(Iced.Intel.Instruction.Create(Iced.Intel.Code.D3NOW_Pfadd_mm_mmm64, Iced.Intel.Register.MM0, Iced.Intel.Register.MM1)));
        Assert.Equal(ModelAction.Undefined, CpuModel.Parse("pentium3", Host, is64Bit: false, emulates3DNow: true)
            .Classify(Iced.Intel.Instruction.Create(Iced.Intel.Code.Femms)));
    }

    /// <summary>Feature bits of a changed max were the host's whenever ecx was not 0, which cpuid ignores with most leaves.</summary>
    [Fact]
    public void A_leaf_without_parts_ignores_ecx()
    {
        CpuModel model = CpuModel.Parse("max,+3dnow", Host, is64Bit: true, emulates3DNow: true);
        Assert.Equal(1u, model.Query(0x8000_0001, 12345).Edx >> 31);
        Assert.Equal(model.Query(0x8000_0001, 0), model.Query(0x8000_0001, 12345));
    }

    private static CpuFakeHost WithoutIt()
    {
        const uint Extended = 0x8000_0001, Both = 3u << 30;
        CpuFakeHost host = CpuFakeHost.Everything();
        CpuidLeaf leaf = host.Query(Extended, 0);
        return host.With(Extended, 0, leaf.Eax, leaf.Ebx, leaf.Ecx, leaf.Edx & ~Both);
    }

    private static ulong Both(float value)
    {
        ulong bits = BitConverter.SingleToUInt32Bits(value);
        return bits << 32 | bits;
    }
}
