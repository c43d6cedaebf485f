using System.Text.Json;

namespace Suite.Machines.Control;

/// <summary>dump-guest-memory of both monitors.</summary>
internal static class CoreDump
{
    private const string Elf = "elf", Completed = "completed";

    /// <summary>The human monitor's.</summary>
    public static IReadOnlyList<MonitorCommand> Human { get; } =
    [
        new(["dump-guest-memory"], "[-p] [-d] filename [begin length]", "write memory and registers to an ELF core file (-p: with the mappings of the page tables, for gdb)", Run),
    ];

    /// <summary>QMP's.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        new("dump-guest-memory", ["paging", "protocol", "detach", "begin", "length", "format"], Run),
        new("query-dump-guest-memory-capability", static (_, _) => static w => QmpCommands.Object(w, static o =>
        {
            o.WriteStartArray("formats");
            o.WriteStringValue(Elf);
            o.WriteEndArray();
        })),
        new("query-dump", static (c, _) => w => QmpCommands.Object(w, o =>
        {
            o.WriteString("status", c.Control.DumpedBytes is null ? "none" : Completed);
            o.WriteNumber(Completed, c.Control.DumpedBytes ?? 0);
            o.WriteNumber("total", c.Control.DumpedBytes ?? 0);
        })),
    ];

    private static string Run(MonitorContext c, string[] a)
    {
        string[] words = [.. a.Where(w => !w.StartsWith('-'))];
        foreach (string option in a.Where(w => w.StartsWith('-') && w is not ("-p" or "-d")))
            throw new ControlException($"'{option}' is not a format here: the file is an ELF core file");
        string file = MonitorCommands.Need(words, 0, "a file");
        if (words.Length == 2)
            throw new ControlException("length is missing");
        Write(c.Control, file, a.Contains("-p"), words.Length > 1 ? MonitorCommands.Number(c, words[1]) : 0, words.Length > 2 ? MonitorCommands.Number(c, words[2]) : ulong.MaxValue);
        return "";
    }

    private static Action<Utf8JsonWriter> Run(MonitorContext c, QmpArguments a)
    {
        const string File = "file:";
        if (a.Get("paging") is null)
            throw new QmpException("GenericError", "Parameter 'paging' is missing");
        bool withPaging = a.Flag("paging", false);
        string protocol = a.NeedText("protocol"), format = a.Text("format") ?? Elf;
        a.Flag("detach", false);
        if (a.Get("begin") is null != a.Get("length") is null)
            throw new QmpException("GenericError", $"Parameter '{(a.Get("begin") is null ? "begin" : "length")}' is missing");
        ulong begin = (ulong)a.Number("begin", 0), length = (ulong)a.Number("length", -1);
        if (format != Elf)
            throw new QmpException("GenericError", $"Parameter 'format' does not accept value '{format}'");
        if (!protocol.StartsWith(File, StringComparison.Ordinal))
            throw new QmpException("GenericError", "Parameter 'protocol' expects file:PATH");
        Write(c.Control, protocol[File.Length..], withPaging, begin, length);
        return QmpCommands.Empty;
    }

    private static void Write(MachineControl control, string path, bool withPaging, ulong begin, ulong length)
    {
        if (path.Length == 0 || path.Contains('\0'))
            throw new ControlException("the file to write to has no name");
        long bytes = 0;
        control.Machine.WhileParked(() =>
        {
            CoreFile core = new(control, withPaging, begin, length);
            using FileStream file = File.Create(path);
            bytes = core.Write(file);
        });
        control.DumpedBytes = bytes;
        control.Machine.Tell(new MachineEvent("DUMP_COMPLETED", ("result", new (string, object)[] { ("status", Completed), (Completed, bytes), ("total", bytes) })));
    }
}
