using Suite.Gdb;
using Suite.Guest.Ppc;
using Suite.LinuxUser.Abi;
using Suite.UserMode.Debugging;

namespace Suite.Tools.Ppc;

/// <summary>The registers for debuggers, as gdb's features org.gnu.gdb.power.* have them.</summary>
internal sealed class PpcDebugRegisters
{
    private const string VectorTypes = """
        <vector id="v4f" type="ieee_single" count="4"/><vector id="v4i32" type="int32" count="4"/><vector id="v8i16" type="int16" count="8"/><vector id="v16i8" type="int8" count="16"/>
        <union id="vec128"><field name="uint128" type="uint128"/><field name="v4_float" type="v4f"/><field name="v4_int32" type="v4i32"/><field name="v8_int16" type="v8i16"/><field name="v16_int8" type="v16i8"/></union>

        """;

    private const int StackPointer = 1, Result = 3, ProgramCounter = 32, ConditionRegister = 34;
    private const uint SummaryOverflow = 0x10000000, SystemCallTrap = 0xC00, TrapFlags = 0xF, Restart = 512;

    private readonly List<GdbFeature> _features = [];
    private readonly List<RegisterPlace> _places = [];
    private readonly List<GdbRegister> _current = [];

    private PpcDebugRegisters()
    {
    }

    /// <summary>The registers of a model.</summary>
    public static DebugRegisters Make(PpcModel model)
    {
        PpcDebugRegisters table = new();
        table.AddCore();
        if (model.Has(PpcFeature.Float))
            table.AddFloat();
        table.AddWord("orig_r3", SignalFrame.OriginalR3, "int");
        int trap = table._places.Count;
        table.AddWord("trap", SignalFrame.Trap, "int");
        table.End("org.gnu.gdb.power.linux", "");
        if (model.Has(PpcFeature.Altivec))
            table.AddAltivec();
        else if (model.Has(PpcFeature.Spe))
            table.AddSpe();
        string architecture = model.Has(PpcFeature.Spe) ? "powerpc:e500" : "powerpc:common";
        return new DebugRegisters(new GdbDescription(architecture, "GNU/Linux", table._features, ProgramCounter, StackPointer, isBigEndian: true), table._places)
        {
            CallMarks = [(Result, uint.MaxValue, Restart), (ConditionRegister, SummaryOverflow, SummaryOverflow), (trap, ~TrapFlags, SystemCallTrap)],
        };
    }

    private void AddCore()
    {
        for (int n = 0; n < 32; n++)
            AddWord($"r{n}", n, "uint32");
        AddWord("pc", SignalFrame.Nip, "code_ptr");
        AddWord("msr", SignalFrame.Msr, "uint32");
        AddWord("cr", SignalFrame.Cr, "uint32");
        AddWord("lr", SignalFrame.Lr, "code_ptr");
        AddWord("ctr", SignalFrame.Ctr, "uint32");
        AddWord("xer", SignalFrame.Xer, "uint32");
        End("org.gnu.gdb.power.core", "");
    }

    private void AddFloat()
    {
        const int FpscrOffset = 32 * 8 + 4;
        for (int n = 0; n < 32; n++)
            Add($"f{n}", 64, "ieee_double", null, Regset.NT_PRFPREG, n * 8);
        Add("fpscr", 32, "int", "float", Regset.NT_PRFPREG, FpscrOffset);
        End("org.gnu.gdb.power.fpu", "");
    }

    private void AddAltivec()
    {
        const int VscrOffset = 32 * GuestOrder.VectorSize + 12, VrSaveOffset = 33 * GuestOrder.VectorSize;
        for (int n = 0; n < 32; n++)
            Add($"vr{n}", 128, "vec128", null, Regset.NT_PPC_VMX, n * GuestOrder.VectorSize);
        Add("vscr", 32, "int", "vector", Regset.NT_PPC_VMX, VscrOffset);
        Add("vrsave", 32, "int", "vector", Regset.NT_PPC_VMX, VrSaveOffset);
        End("org.gnu.gdb.power.altivec", VectorTypes);
    }

    private void AddSpe()
    {
        const int AccumulatorOffset = 32 * 4, SpefscrOffset = AccumulatorOffset + 8;
        for (int n = 0; n < 32; n++)
            Add($"ev{n}h", 32, "int", null, Regset.NT_PPC_SPE, n * 4);
        Add("acc", 64, "int", null, Regset.NT_PPC_SPE, AccumulatorOffset);
        Add("spefscr", 32, "int", null, Regset.NT_PPC_SPE, SpefscrOffset);
        End("org.gnu.gdb.power.spe", "");
    }

    private void AddWord(string name, int word, string type) => Add(name, 32, type, null, Regset.NT_PRSTATUS, word * 4);

    private void Add(string name, int bits, string type, string? group, uint regset, int offset)
    {
        _current.Add(new GdbRegister(name, bits, type, group));
        _places.Add(new RegisterPlace(regset, offset, bits / 8));
    }

    private void End(string feature, string types)
    {
        _features.Add(new GdbFeature(feature, types, [.. _current]));
        _current.Clear();
    }
}
