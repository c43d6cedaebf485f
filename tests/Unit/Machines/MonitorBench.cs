using System.Text;
using System.Text.Json;
using Suite.Machines.Control;
using Suite.Machines.X86.Command;
using Suite.Machines.X86.Control;

namespace Suite.Tests.Machines;

/// <summary>A PC that loops, with a qcow2 disk "disk" of 8 MiB in device "d0", and both monitors. One run each.</summary>
internal sealed class MonitorBench : IDisposable
{
    public MonitorBench(string options = "")
    {
        Suite.Devices.Block.BlockImage.CreateQcow2(Path.Combine(Folder, "disk.qcow2"), 8 << 20);
        Pc = new TinyPc($"-accel translation -net none -vga none -m 4 -drive file={Folder}/disk.qcow2,format=qcow2,if=none,id=disk -device virtio-blk-pci,drive=disk,id=d0 {options.Replace("FOLDER", Folder, StringComparison.Ordinal)}", 0xEB, 0xFE); // jmp $
        Control = new MachineControl(Pc.Board, new X86Inspector(Pc.Board), X86Catalogue.Create(), Pc.Board.Accelerator) { Machines = [("pc", true)], CpuModels = ["max"] };
        Control.Snapshots = new Suite.Machines.Snapshots.MachineSnapshots(Pc.Board, new X86ProcessorState(Pc.Board));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("suite-monitor-").FullName;

    public TinyPc Pc { get; }

    public MachineControl Control { get; }

    public static string Error(JsonElement g) => g.TryGetProperty("error", out JsonElement e) ? e.GetProperty("desc").GetString()! : "";

    /// <summary>The answers of the human monitor.</summary>
    public string[] Human(params string[] lines)
    {
        MonitorContext context = new(Control);
        List<string> answers = [];
        Pc.Machine.Post(() =>
        {
            foreach (string line in lines)
                answers.Add(MonitorCommands.Execute(context, line.Replace("FOLDER", Folder, StringComparison.Ordinal)));
            Pc.Machine.Exit(9);
        });
        Assert.Equal(9, Pc.Run());
        return [.. answers];
    }

    /// <summary>QMP's answers alone, without greeting and events. FOLDER stands for the test's own.</summary>
    public JsonElement[] Qmp(params string[] messages)
    {
        TinyPc.Collected line = new();
        QmpSession session = new(Control, line, isPretty: false);
        Pc.Machine.Post(() =>
        {
            foreach (string message in (string[])["""{"execute": "qmp_capabilities"}""", .. messages])
                lock (Pc.Machine.Lock)
                    session.Receive(Encoding.UTF8.GetBytes(message.Replace("FOLDER", Folder, StringComparison.Ordinal)));
            Pc.Machine.Post(() => Pc.Machine.Post(() => Pc.Machine.Exit(9)));
        });
        Assert.Equal(9, Pc.Run());
        return Answers(line);
    }

    /// <summary>The answers that were written to a session's line.</summary>
    public static JsonElement[] Answers(TinyPc.Collected line)
    {
        JsonElement[] all = [.. line.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.Clone())];
        return [.. all.Where(g => g.TryGetProperty("return", out _) || g.TryGetProperty("error", out _)).Skip(1)];
    }

    public void Dispose()
    {
        Pc.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
