using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>SPE products, accumulation, saturation and division by worked examples: register values, accumulator and SPEFSCR afterwards (SPE PEM 5.3).</summary>
public sealed class SpeMultiplyTests
{
    private const uint Both = 0xC000C000, High = 0xC0000000, Low = 0xC000;

    // mnemonic, rA, rB, accumulator before; rD, overflow bits
    [Theory]
    [InlineData("evmheumi", 0xFFFF0002_00030004, 0xFFFF0002_00050006, 0, 0xFFFE0001_0000000F, 0)]
    [InlineData("evmhoumi", 0xFFFF0002_00030004, 0xFFFF0002_00050006, 0, 0x00000004_00000018, 0)]
    [InlineData("evmhesmi", 0xFFFF0002_80000004, 0x00030002_80000006, 0, 0xFFFFFFFD_40000000, 0)]
    [InlineData("evmhosmi", 0x0000FFFF_00008000, 0x00000003_00007FFF, 0, 0xFFFFFFFD_C0008000, 0)]
    [InlineData("evmhesmf", 0x40000000_80000000, 0x40000000_80000000, 0, 0x20000000_80000000, 0)]
    [InlineData("evmhessf", 0x40000000_80000000, 0x40000000_80000000, 0, 0x20000000_7FFFFFFF, Low)]
    [InlineData("evmhossf", 0x00008000_00004000, 0x00008000_0000C000, 0, 0x7FFFFFFF_E0000000, High)]
    [InlineData("evmhessfa", 0x80000000_80000000, 0x80000000_80000000, 0, 0x7FFFFFFF_7FFFFFFF, Both)]
    [InlineData("evmheumiaaw", 0xFFFF0000_00030000, 0xFFFF0000_00050000, 0x00020000_00000001, 0x00000001_00000010, 0)]
    [InlineData("evmheusiaaw", 0xFFFF0000_00030000, 0xFFFF0000_00050000, 0x00020000_00000001, 0xFFFFFFFF_00000010, High)]
    [InlineData("evmheusianw", 0xFFFF0000_00030000, 0xFFFF0000_00050000, 0x00020000_00000010, 0x00000000_00000001, High)]
    [InlineData("evmhessiaaw", 0x7FFF0000_80000000, 0x7FFF0000_7FFF0000, 0x7FFFFFFF_80000000, 0x7FFFFFFF_80000000, Both)]
    [InlineData("evmhessianw", 0x7FFF0000_00010000, 0x80000000_00010000, 0x7FFFFFFF_00000000, 0x7FFFFFFF_FFFFFFFF, High)]
    [InlineData("evmhossfaaw", 0x00008000_00004000, 0x00008000_00004000, 0x00000000_00000001, 0x7FFFFFFF_20000001, High)]
    [InlineData("evmhossfanw", 0x00008000_00004000, 0x00008000_00004000, 0x00000000_00000001, 0x80000001_E0000001, High)]
    [InlineData("evmhesmfanw", 0x40000000_80000000, 0x40000000_80000000, 0, 0xE0000000_80000000, 0)]
    [InlineData("evmhegumiaa", 0, 0, 0x00000001_FFFFFFFF, 0x00000001_FFFFFFFF, 0)]
    [InlineData("evmhegumiaa", 0x00000000_FFFF0000, 0x00000000_FFFF0000, 0x00000000_FFFFFFFF, 0x00000001_FFFE0000, 0)]
    [InlineData("evmhogsmiaa", 0x00000000_0000FFFF, 0x00000000_00000002, 0, 0xFFFFFFFF_FFFFFFFE, 0)]
    [InlineData("evmhegsmfaa", 0x00000000_80000000, 0x00000000_80000000, 0, 0x00000000_80000000, 0)]
    [InlineData("evmhogsmfan", 0x00000000_00008000, 0x00000000_00008000, 0, 0xFFFFFFFF_80000000, 0)]
    [InlineData("evmwhumi", 0xFFFFFFFF_00000002, 0xFFFFFFFF_80000000, 0, 0xFFFFFFFE_00000001, 0)]
    [InlineData("evmwhsmi", 0xFFFFFFFF_00010000, 0x00000001_00010000, 0, 0xFFFFFFFF_00000001, 0)]
    [InlineData("evmwhsmf", 0x40000000_80000000, 0x40000000_80000000, 0, 0x20000000_80000000, 0)]
    [InlineData("evmwhssf", 0x40000000_80000000, 0x40000000_80000000, 0, 0x20000000_7FFFFFFF, Low)]
    [InlineData("evmwlumi", 0x00010001_FFFFFFFF, 0x00010001_FFFFFFFF, 0, 0x00020001_00000001, 0)]
    [InlineData("evmwlumiaaw", 0x00000003_FFFFFFFF, 0x00000005_FFFFFFFF, 0xFFFFFFFF_00000001, 0x0000000E_00000002, 0)]
    [InlineData("evmwlusiaaw", 0x00000003_FFFFFFFF, 0x00000005_FFFFFFFF, 0xFFFFFFFF_00000001, 0xFFFFFFFF_00000002, High)]
    [InlineData("evmwlssiaaw", 0x00000001_FFFFFFFF, 0x7FFFFFFF_00000001, 0x00000001_80000000, 0x7FFFFFFF_80000000, Both)]
    [InlineData("evmwlssianw", 0x00000001_FFFFFFFF, 0x00000001_00000001, 0x80000000_7FFFFFFF, 0x80000000_7FFFFFFF, Both)]
    [InlineData("evmwssf", 0x00000000_80000000, 0x00000000_80000000, 0, 0x7FFFFFFF_FFFFFFFF, Low)]
    [InlineData("evmwsmf", 0x00000000_80000000, 0x00000000_80000000, 0, 0x80000000_00000000, 0)]
    [InlineData("evmwssfaa", 0x00000000_40000000, 0x00000000_40000000, 0x7FFFFFFF_FFFFFFFF, 0x9FFFFFFF_FFFFFFFF, Low)]
    [InlineData("evmwssfan", 0x00000000_80000000, 0x00000000_80000000, 0, 0x80000000_00000001, Low)]
    [InlineData("evmwsmfan", 0x00000000_40000000, 0x00000000_40000000, 0, 0xE0000000_00000000, 0)]
    [InlineData("evmwumian", 0x00000000_FFFFFFFF, 0x00000000_00000002, 0, 0xFFFFFFFE_00000002, 0)]
    [InlineData("evmwsmian", 0x00000000_FFFFFFFF, 0x00000000_00000002, 0, 0x00000000_00000002, 0)]
    [InlineData("evaddumiaaw", 0xFFFFFFFF_00000001, 0, 0x00000002_00000003, 0x00000001_00000004, 0)]
    [InlineData("evaddusiaaw", 0xFFFFFFFF_00000001, 0, 0x00000002_00000003, 0xFFFFFFFF_00000004, High)]
    [InlineData("evaddssiaaw", 0x7FFFFFFF_80000000, 0, 0x00000001_FFFFFFFF, 0x7FFFFFFF_80000000, Both)]
    [InlineData("evsubfsmiaaw", 0x00000001_00000001, 0, 0x00000000_80000000, 0xFFFFFFFF_7FFFFFFF, 0)]
    [InlineData("evsubfssiaaw", 0x00000001_00000001, 0, 0x00000000_80000000, 0xFFFFFFFF_80000000, Low)]
    [InlineData("evsubfusiaaw", 0x00000001_00000001, 0, 0x00000000_80000000, 0x00000000_7FFFFFFF, High)]
    public void ProductsAndSums(string name, ulong a, ulong b, ulong acc, ulong expected, uint overflow)
    {
        (ulong result, ulong accAfter, uint spefscr) = Run(name, a, b, acc);
        Assert.Equal($"{expected:x16}", $"{result:x16}");
        Assert.Equal(overflow, spefscr);
        bool writesAcc = name.EndsWith('a') || name.EndsWith("aa") || name.EndsWith("an") || name.EndsWith("aaw") || name.EndsWith("anw");
        Assert.Equal(writesAcc ? expected : acc, accAfter);
    }

    [Theory]
    [InlineData("evdivws", 0x00000007_FFFFFFF9, 0x00000002_00000002, 0x00000003_FFFFFFFD, 0)]
    [InlineData("evdivws", 0x80000000_80000000, 0xFFFFFFFF_00000000, 0x7FFFFFFF_80000000, Both)]
    [InlineData("evdivws", 0x00000001_00000009, 0x00000000_00000003, 0x7FFFFFFF_00000003, High)]
    [InlineData("evdivwu", 0xFFFFFFFF_00000005, 0x00000002_00000000, 0x7FFFFFFF_FFFFFFFF, Low)]
    public void Quotients(string name, ulong a, ulong b, ulong expected, uint overflow)
    {
        (ulong result, _, uint spefscr) = Run(name, a, b, 0);
        Assert.Equal($"{expected:x16}", $"{result:x16}");
        Assert.Equal(overflow, spefscr);
    }

    private static (ulong Result, ulong Acc, uint Spefscr) Run(string name, ulong a, ulong b, ulong acc)
    {
        using var m = new PpcMachine(PpcFeature.Spe);
        (m.Slot<uint>(PpcSlot.GprHigh(10)), m.Slot<uint>(PpcSlot.GprHigh(11))) = ((uint)(a >> 32), (uint)(b >> 32));
        m.SetGpr(10, (uint)a);
        m.SetGpr(11, (uint)b);
        m.Slot<ulong>(PpcSlot.Acc) = acc;
        m.Slot<uint>(PpcSlot.Spefscr) = 0;
        PpcRow row = Array.Find(SpeRows.Rows, r => r.Name == name);
        m.Execute(row, row.Match | 12u << 21 | 10u << 16 | 11u << 11, exact: true);
        return ((ulong)m.Slot<uint>(PpcSlot.GprHigh(12)) << 32 | m.Gpr(12), m.Slot<ulong>(PpcSlot.Acc), m.Slot<uint>(PpcSlot.Spefscr));
    }
}
