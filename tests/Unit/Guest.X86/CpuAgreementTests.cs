using CsCheck;
using Iced.Intel;
using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

public class CpuAgreementTests
{
    private static readonly CpuFakeHost Host = CpuFakeHost.Everything();

    [Fact]
    public void The_table_is_in_enum_order_and_no_bit_or_name_is_there_twice()
    {
        CpuFeatureRow[] rows = CpuFeatureTable.Rows;
        Assert.Equal(Enum.GetValues<CpuFeature>(), rows.Select(r => r.Feature));
        Assert.Equal(rows.Length, rows.Select(r => (r.Word, r.Bit)).Distinct().Count());
        Assert.Equal(rows.Length, rows.Select(r => r.Name).Distinct().Count());
    }

    [Fact]
    public void No_model_has_a_feature_without_what_it_stands_on() =>
        Assert.All(new CpuModelTable().Models, m => Assert.Equal(m.Features, CpuFeatureRules.Prune(m.Features)));

    [Fact]
    public void Cpuid_cpuinfo_and_instructions_tell_one_story_for_every_model()
    {
        foreach (CpuModelDefinition definition in new CpuModelTable().Models)
        {
            CpuModel model = CpuModel.Parse(definition.Name, Host, definition.Is64Bit);
            Assert.Empty(model.MissingOnHost);
            CheckAgreement(model);
        }
    }

    [Fact]
    public void Any_change_of_features_leaves_one_story()
    {
        string[] names = [.. CpuFeatureTable.Rows.Select(r => r.Name).Where(n => n is not ("lm" or "pae"))];
        string[] models = ["max", "qemu64", "x86-64-v3", "Haswell", "Skylake-Server", "EPYC-Genoa", "SapphireRapids"];
        Gen<string> option = Gen.Select(Gen.Bool, Gen.Int[0, names.Length - 1], (plus, i) => (plus ? "+" : "-") + names[i]);
        Gen<string> model = Gen.Int[0, models.Length - 1].Select(i => models[i]);
        Gen.Select(model, option.Array[1, 6]).Sample(
            (name, options) => CheckAgreement(CpuModel.Parse($"{name},{string.Join(',', options)}", Host, is64Bit: true)), iter: 300, threads: 1);
    }

    private static void CheckAgreement(CpuModel model)
    {
        string cpuinfo = model.ProcCpuinfo("processor\t: 0\nflags\t\t: fpu\n");
        string line = cpuinfo.Split('\n')[1];
        var flags = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        // A name can stand for the bits of two makers.
        ILookup<string, CpuFeatureRow> byName = CpuFeatureTable.Rows.SelectMany(r => (r.Kernel ?? r.Name).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(n => (Name: n, Row: r))).ToLookup(x => x.Name, x => x.Row);
        foreach (IGrouping<string, CpuFeatureRow> name in byName)
            Assert.True(flags.Contains(name.Key) == name.Any(r => InCpuid(model, r)), $"{model.Name}: {name.Key} in cpuinfo");
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
        {
            bool inCpuid = InCpuid(model, row);
            Assert.True(model.Cpu!.Has(row.Feature) == inCpuid, $"{model.Name}: {row.Name} in cpuid");
            foreach (CpuidFeature group in row.Iced)
                Assert.True(model.Supports(group) == inCpuid, $"{model.Name}: {row.Name} for instructions");
        }
        uint ecx = model.Query(1, 0).Ecx;
        Assert.Equal((ecx & 1u << 26) != 0, (ecx & 1u << 27) != 0);
        Assert.Equal((ecx & 1u << 28) != 0, (model.Xcr0 & 4) != 0);
        Assert.Equal((ecx & 1u << 26) != 0, model.Xcr0 != 0);
        if (model.Query(0, 0).Eax >= 0xD)
            Assert.Equal((uint)model.Xcr0, model.Query(0xD, 0).Eax);
    }

    private static bool InCpuid(CpuModel model, CpuFeatureRow row)
    {
        CpuidPlace place = CpuidWords.Place(row.Word);
        uint last = model.Query(place.Leaf & 0xF000_0000, 0).Eax;
        if (place.Leaf > last || (last ^ place.Leaf) >= 0x1000_0000 || (place.Leaf == 7 && place.Subleaf > model.Query(7, 0).Eax))
            return false;
        return (CpuidWords.Register(model.Query(place.Leaf, place.Subleaf), place.Register) >> row.Bit & 1) != 0;
    }
}
