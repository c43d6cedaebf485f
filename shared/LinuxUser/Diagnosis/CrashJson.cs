using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Symbols;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>A crash report for programs: one JSON object in one line.</summary>
internal static class CrashJson
{
    /// <summary>The object and a line end.</summary>
    public static string Write(CrashFacts f)
    {
        (string codeName, string meaning) = SignalText.Code(f.Signal, f.Code);
        JsonBuilder j = new();
        j.Object().Text("report", "crash").Text("tool", f.Tool).Text("version", f.Version).Number("pid", f.Pid).Number("tid", f.Tid).Number("threads", f.Threads);
        j.Text("program", f.Program).Array("arguments");
        foreach (string word in f.Arguments)
            j.Text(null, word);
        j.EndArray().Text("cpu", f.CpuModel);
        j.Object("signal").Number("number", f.Signal).Text("name", SignalNames.Name(f.Signal)).Text("text", SignalText.Describe(f.Signal));
        j.Number("code", f.Code).Text("code_name", codeName).Text("code_text", meaning);
        if (f.Sender is { } sender)
            j.Number("sender_pid", sender.Pid).Number("sender_uid", sender.Uid);
        j.EndObject().Text("cause", f.Cause);
        Place(j.Object("pc"), f.Map, f.Pc, f.Pc).EndObject();
        if (f.Fault is { } fault)
            j.Object("fault").Hex("address", fault.Address).Text("access", fault.Access).Text("text", fault.Place).EndObject();
        j.Object("registers");
        foreach ((string name, ulong value) in f.Registers)
            j.Hex(name, value);
        j.EndObject().Array("code");
        foreach ((ulong address, string text, bool isCurrent) in f.Instructions)
            j.Object().Hex("address", address).Text("text", text).Flag("current", isCurrent).EndObject();
        j.EndArray().Array("backtrace");
        foreach (GuestFrame frame in f.Backtrace)
            Frame(j, f.Map, frame);
        j.EndArray().Array("calls");
        foreach (string call in f.Calls)
            j.Text(null, call);
        j.EndArray().Flag("all_calls", f.AllCalls);
        if (f.Missing is { } missing)
            j.Object("missing").Text("instruction", missing.Instruction).Text("feature", missing.Feature).Text("lacking", missing.Lacking).Text("cpu", missing.Model).EndObject();
        if (f.Core is { } core)
            j.Object("core").Text("file", core.File).Text("note", core.Note).EndObject();
        return j.EndObject() + "\n";
    }

    /// <summary>One frame, as an object.</summary>
    public static void Frame(JsonBuilder j, ModuleMap map, in GuestFrame frame) =>
        Place(j.Object(), map, frame.Pc, frame.LookupPc).Hex("sp", frame.StackPointer).Text("how", frame.Kind.ToString().ToLowerInvariant()).EndObject();

    private static JsonBuilder Place(JsonBuilder j, ModuleMap map, ulong pc, ulong lookup)
    {
        j.Hex("address", pc);
        if (map.Find(lookup) is not { } module)
            return j;
        if (module.Find(lookup) is { } symbol)
            j.Text("symbol", symbol.Name).Number("offset", (long)(pc - symbol.Start));
        return j.Text("module", module.Path).Hex("module_offset", pc - module.Start);
    }
}
