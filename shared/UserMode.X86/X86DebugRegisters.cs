using Suite.Gdb;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.UserMode.Debugging;

namespace Suite.UserMode.X86;

/// <summary>The registers of the x86 targets for debuggers, as gdb's features org.gnu.gdb.i386.* have them.</summary>
public sealed class X86DebugRegisters
{
    private const int Avx = 2, OpMask = 5, ZmmHigh = 6, HighZmm = 7;
    private const ulong Avx512 = 1UL << OpMask | 1UL << ZmmHigh | 1UL << HighZmm;
    private const int Fxsave = 0, StOffset = 32, XmmOffset = 160, MxcsrOffset = 24;

    private const string FlagsType = """
        <flags id="i386_eflags" size="4"><field name="" start="22" end="31"/><field name="ID" start="21" end="21"/><field name="VIP" start="20" end="20"/><field name="VIF" start="19" end="19"/><field name="AC" start="18" end="18"/><field name="VM" start="17" end="17"/><field name="RF" start="16" end="16"/><field name="NT" start="14" end="14"/><field name="OF" start="11" end="11"/><field name="DF" start="10" end="10"/><field name="IF" start="9" end="9"/><field name="TF" start="8" end="8"/><field name="SF" start="7" end="7"/><field name="ZF" start="6" end="6"/><field name="AF" start="4" end="4"/><field name="PF" start="2" end="2"/><field name="" start="1" end="1"/><field name="CF" start="0" end="0"/></flags>

        """;

    private const string VectorTypes = """
        <vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>
        <union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>

        """;

    private const string MxcsrType = """
        <flags id="i386_mxcsr" size="4"><field name="IE" start="0" end="0"/><field name="DE" start="1" end="1"/><field name="ZE" start="2" end="2"/><field name="OE" start="3" end="3"/><field name="UE" start="4" end="4"/><field name="PE" start="5" end="5"/><field name="DAZ" start="6" end="6"/><field name="IM" start="7" end="7"/><field name="DM" start="8" end="8"/><field name="ZM" start="9" end="9"/><field name="OM" start="10" end="10"/><field name="UM" start="11" end="11"/><field name="PM" start="12" end="12"/><field name="FZ" start="15" end="15"/></flags>

        """;

    private const string WideType = """
        <vector id="v2ui128" type="uint128" count="2"/>

        """;

    private readonly ulong _xcr0;
    private readonly bool _is64;
    private readonly uint _vectors;
    private readonly List<GdbFeature> _features = [];
    private readonly List<RegisterPlace> _places = [];
    private readonly List<GdbRegister> _current = [];

    private X86DebugRegisters(bool is64, ulong xcr0)
    {
        (_is64, _xcr0) = (is64, HostCpu.HasXsave ? xcr0 : 0);
        _vectors = HostCpu.HasXsave ? Regset.NT_X86_XSTATE : is64 ? Regset.NT_PRFPREG : Regset.NT_PRXFPREG;
    }

    private int Xmms => _is64 ? 16 : 8;

    /// <summary>struct user_regs_struct of x86-64, and vectors.</summary>
    /// <param name="xcr0">State components the guest sees.</param>
    public static DebugRegisters Bits64(ulong xcr0)
    {
        // Places in the structure, in gdb's order: rax rbx rcx rdx rsi rdi rbp rsp r8-r15.
        ReadOnlySpan<byte> order = [10, 5, 11, 12, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0];
        ReadOnlySpan<string> names = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
        X86DebugRegisters table = new(true, xcr0);
        int orig = table.AddCommon(names, order, ("rip", 16), flags: 18, segments: [17, 20, 23, 24, 25, 26], ("orig_rax", 15));
        table.General("fs_base", 64, "int", 21);
        table.General("gs_base", 64, "int", 22);
        table.End("org.gnu.gdb.i386.segments", "");
        table.AddExtended();
        const int Rsp = 7, Rip = 16;
        return table.Finish("i386:x86-64", Rip, Rsp, orig, unchecked((ulong)-512));
    }

    /// <summary>struct user_regs_struct of i386, and vectors.</summary>
    /// <param name="xcr0">State components the guest sees.</param>
    public static DebugRegisters Bits32(ulong xcr0)
    {
        // eax ecx edx ebx esp ebp esi edi
        ReadOnlySpan<byte> order = [6, 1, 2, 0, 15, 5, 3, 4];
        ReadOnlySpan<string> names = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"];
        X86DebugRegisters table = new(false, xcr0);
        int orig = table.AddCommon(names, order, ("eip", 12), flags: 14, segments: [13, 16, 7, 8, 9, 10], ("orig_eax", 11));
        table.AddExtended();
        const int Esp = 4, Eip = 8;
        return table.Finish("i386", Eip, Esp, orig, unchecked((uint)-512));
    }

    // What both have, at their places in the structure. The result is the number of orig_rax.
    private int AddCommon(ReadOnlySpan<string> names, ReadOnlySpan<byte> order, (string Name, int Word) pc, int flags, ReadOnlySpan<byte> segments, (string Name, int Word) call)
    {
        int bits = _is64 ? 64 : 32;
        for (int i = 0; i < order.Length; i++)
            General(names[i], bits, names[i] is "rbp" or "rsp" or "ebp" or "esp" ? "data_ptr" : $"int{bits}", order[i]);
        General(pc.Name, bits, "code_ptr", pc.Word);
        General("eflags", 32, "i386_eflags", flags);
        AddSegments(segments);
        AddX87();
        End("org.gnu.gdb.i386.core", FlagsType);
        AddSse();
        int number = _places.Count;
        General(call.Name, bits, "int", call.Word);
        End("org.gnu.gdb.i386.linux", "");
        return number;
    }

    private DebugRegisters Finish(string architecture, int programCounter, int stackPointer, int orig, ulong restart)
    {
        ulong whole = _is64 ? ulong.MaxValue : uint.MaxValue;
        const ulong X87AndSse = 3;
        return new DebugRegisters(new GdbDescription(architecture, "GNU/Linux", _features, programCounter, stackPointer, isBigEndian: false), _places)
        {
            CallMarks = [(0, whole, restart)],
            CallNumber = orig,
            XsaveComponents = HostCpu.HasXsave ? X87AndSse | (_xcr0 & (1UL << Avx | Avx512)) : 0,
        };
    }

    private void General(string name, int bits, string type, int word)
    {
        int bytes = _is64 ? 8 : 4;
        Add(new GdbRegister(name, bits, type), new RegisterPlace(Regset.NT_PRSTATUS, word * bytes, Math.Min(bytes, bits / 8)));
    }

    private void AddSegments(ReadOnlySpan<byte> words)
    {
        ReadOnlySpan<string> names = ["cs", "ss", "ds", "es", "fs", "gs"];
        for (int i = 0; i < words.Length; i++)
            General(names[i], 32, "int32", words[i]);
    }

    // The FXSAVE area (Intel SDM volume 1, table 10-2).
    private void AddX87()
    {
        const int StBytes = 10;
        for (int i = 0; i < 8; i++)
            Add(new GdbRegister($"st{i}", StBytes * 8, "i387_ext"), new RegisterPlace(_vectors, StOffset + 16 * i, StBytes));
        ReadOnlySpan<(string Name, byte Offset, byte Bytes)> control = [("fctrl", 0, 2), ("fstat", 2, 2), ("ftag", 4, 2), ("fiseg", 12, 2), ("fioff", 8, 4), ("foseg", 20, 2), ("fooff", 16, 4), ("fop", 6, 2)];
        foreach ((string name, byte offset, byte bytes) in control)
            Add(new GdbRegister(name, 32, "int", "float"), new RegisterPlace(_vectors, Fxsave + offset, bytes, name == "ftag" ? X87Tags.Form : null));
    }

    private void AddSse()
    {
        for (int i = 0; i < Xmms; i++)
            Add(new GdbRegister($"xmm{i}", 128, "vec128"), new RegisterPlace(_vectors, XmmOffset + 16 * i, 16));
        Add(new GdbRegister("mxcsr", 32, "i386_mxcsr", "vector"), new RegisterPlace(_vectors, MxcsrOffset, 4));
        End("org.gnu.gdb.i386.sse", VectorTypes + MxcsrType);
    }

    private void AddExtended()
    {
        if ((_xcr0 >> Avx & 1) == 0)
            return;
        AddParts("ymm{0}h", 0, Xmms, 128, "uint128", Avx, 0, 16);
        End("org.gnu.gdb.i386.avx", "");
        if ((_xcr0 & Avx512) != Avx512)
            return;
        AddParts("k{0}", 0, 8, 64, "uint64", OpMask, 0, 8);
        AddParts("zmm{0}h", 0, Xmms, 256, "v2ui128", ZmmHigh, 0, 32);
        if (_is64)
        {
            AddParts("xmm{0}", 16, 16, 128, "vec128", HighZmm, 0, 64);
            AddParts("ymm{0}h", 16, 16, 128, "uint128", HighZmm, 16, 64);
            AddParts("zmm{0}h", 16, 16, 256, "v2ui128", HighZmm, 32, 64);
        }

        End("org.gnu.gdb.i386.avx512", VectorTypes + WideType);
    }

    private void AddParts(string name, int first, int count, int bits, string type, int component, int into, int stride)
    {
        int start = HostCpu.XsaveComponent(component).Offset + into;
        for (int i = 0; i < count; i++)
            Add(new GdbRegister(string.Format(System.Globalization.CultureInfo.InvariantCulture, name, first + i), bits, type),
                new RegisterPlace(_vectors, start + i * stride, bits / 8));
    }

    private void Add(GdbRegister register, RegisterPlace place)
    {
        _current.Add(register);
        _places.Add(place);
    }

    private void End(string feature, string types)
    {
        _features.Add(new GdbFeature(feature, types, [.. _current]));
        _current.Clear();
    }
}
