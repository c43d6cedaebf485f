using System.Text;
using System.Text.Json;
using Suite.Devices.Char;
using Suite.Machines;
using Suite.Machines.Control;
using Suite.Machines.X86.Command;
using Suite.Machines.X86.Control;

namespace Suite.Tests.Machines;

public sealed class ControlTests : IDisposable
{
    private readonly TinyPc _pc = new("-accel translation -net none -vga none -m 4 -name test -device virtio-rng-pci,id=rng0", 0xEB, 0xFE); // jmp $
    private readonly MachineControl _control;

    public ControlTests() => _control = new MachineControl(_pc.Board, new X86Inspector(_pc.Board), X86Catalogue.Create(), _pc.Board.Accelerator);

    [Fact]
    public void The_human_monitor_answers()
    {
        Dictionary<string, string> answers = Human("info status", "info name", "info pci", "info mtree", "info registers", "info qtree", "x/2xb 0xffff0000", "xp/1i 0xffff0000", "inf", "stop", "info status", "sendkey foo", "device_del rng9", "x/z 0", "info cpus");
        Assert.Equal("VM status: running\n", answers["info status"]);
        Assert.Equal("test\n", answers["info name"]);
        Assert.Contains("8086:1237", answers["info pci"], StringComparison.Ordinal);
        Assert.Contains("ram: ram", answers["info mtree"], StringComparison.Ordinal);
        Assert.Matches("(?i)EIP=0000(0000|FFF0)", answers["info registers"]); // at its loop, or at the reset vector still
        Assert.Contains("id \"rng0\"", answers["info qtree"], StringComparison.Ordinal);
        Assert.Contains("0xeb 0xfe", answers["x/2xb 0xffff0000"], StringComparison.Ordinal);
        Assert.Contains("jmp", answers["xp/1i 0xffff0000"], StringComparison.Ordinal);
        Assert.Contains("did you mean", answers["inf"], StringComparison.Ordinal);
        Assert.Contains("no key is named 'foo'", answers["sendkey foo"], StringComparison.Ordinal);
        Assert.Contains("not found", answers["device_del rng9"], StringComparison.Ordinal);
        Assert.Contains("neither a format", answers["x/z 0"], StringComparison.Ordinal);
        Assert.Contains("CPU #0", answers["info cpus"], StringComparison.Ordinal);
    }

    // It showed ff for all that is no memory.
    [Fact]
    public void The_registers_of_devices_are_shown()
    {
        uint version = (uint)_pc.Machine.Spaces.Memory.Read(0xFEE0_0030, 4);
        string answer = Human("xp/1xw 0xfee00030")["xp/1xw 0xfee00030"];
        Assert.NotEqual(uint.MaxValue, version);
        Assert.Contains($"0x{version:x8}", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_survives_without_and_with_nonsense()
    {
        string[] skipped = ["quit", "gdbserver", "system_reset", "cont", "stop"];
        List<string> lines = [];
        foreach (MonitorCommand command in MonitorCommands.All)
            if (!command.Names.Intersect(skipped).Any())
                lines.AddRange([command.Names[0], $"{command.Names[0]} nonsense -1 \"", $"{command.Names[0]} 0xffffffffffffffff 0 /nonexistent/x"]);
        lines.AddRange(MonitorInfo.All.Select(i => $"info {i.Names[0]} 999"));
        lines.Add("info");
        lines.Add("help");
        Assert.All(Human([.. lines.Distinct()]), a => Assert.NotNull(a.Value));
    }

    [Fact]
    public void Qmp_negotiates_answers_echoes_ids_and_tells_events()
    {
        List<JsonElement> got = Qmp(
            """{"execute": "query-status"}""", """{"execute": "qmp_capabilities", "id": 1}""", """{"execute": "query-status", "id": {"a": [1]}}""", """{"execute": "stop"}""", """{"execute": "query-status"}""",
            """{"execute": "no-such"}""", """{"execute": "query-name", "arguments": {"x": 1}}""", "{\"execute\": }", """{"execute": "human-monitor-command", "arguments": {"command-line": "info status"}}""", """{"execute": "device_del", "arguments": {"id": "nix"}}""",
            """{"execute": "query-pci"}""", """{"execute": "query-cpus-fast"}""", """{"execute": "query-commands"}""", """{"execute": "cont"}""");
        Assert.True(got[0].TryGetProperty("QMP", out _));
        Assert.Equal("CommandNotFound", got[1].GetProperty("error").GetProperty("class").GetString());
        Assert.Equal(1, got[2].GetProperty("id").GetInt32());
        Assert.Equal("running", got[3].GetProperty("return").GetProperty("status").GetString());
        Assert.Equal("[1]", got[3].GetProperty("id").GetProperty("a").GetRawText());
        Assert.Contains(got, g => g.TryGetProperty("event", out JsonElement e) && e.GetString() == "STOP" && g.GetProperty("timestamp").GetProperty("seconds").GetInt64() > 0);
        Assert.Contains(got, g => g.TryGetProperty("return", out JsonElement r) && r.ValueKind == JsonValueKind.Object && r.TryGetProperty("status", out JsonElement s) && s.GetString() == "paused");
        Assert.Contains(got, g => Error(g).Contains("no-such has not been found", StringComparison.Ordinal));
        Assert.Contains(got, g => Error(g).Contains("'x' is unexpected", StringComparison.Ordinal));
        Assert.Contains(got, g => Error(g).Contains("JSON parse error", StringComparison.Ordinal));
        Assert.Contains(got, g => g.TryGetProperty("return", out JsonElement r) && r.ValueKind == JsonValueKind.String && r.GetString()!.Contains("paused", StringComparison.Ordinal));
        Assert.Contains(got, g => g.TryGetProperty("error", out JsonElement e) && e.GetProperty("class").GetString() == "DeviceNotFound");
        Assert.Contains(got, g => g.TryGetProperty("event", out JsonElement e) && e.GetString() == "RESUME");
    }

    [Fact]
    public void Hostile_qmp_input_does_no_harm()
    {
        List<JsonElement> got = Qmp("}}}}", new string('{', 3000), "\"", """{"execute": 5}""", """{"execute": "qmp_capabilities", "arguments": []}""", "[[[[", "\0\x01\xff");
        Assert.True(got[0].TryGetProperty("QMP", out _));
    }

    [Theory]
    [InlineData("string:HELLO=>7", "say HELL and HELLO there", 7)]
    [InlineData("string:aab", "aaab", 0)]
    [InlineData("panic", "[ 1.0] Kernel panic - not syncing: x", 1)]
    public void Exit_control_finds_words_in_pieces(string option, string said, int status)
    {
        using Machine machine = new();
        ExitControl control = new([option], machine);
        TinyPc.Collected end = new();
        IChardev line = control.Watch(end);
        foreach (byte b in Encoding.UTF8.GetBytes(said))
            line.Write([b]);
        Assert.Equal(said, end.Text);
        Assert.Equal(status, machine.ExitStatus);
    }

    public void Dispose() => _pc.Dispose();

    private static string Error(JsonElement g) => g.TryGetProperty("error", out JsonElement e) ? e.GetProperty("desc").GetString()! : "";

    private Dictionary<string, string> Human(params string[] lines)
    {
        Dictionary<string, string> answers = [];
        MonitorContext context = new(_control);
        _pc.Machine.Post(() =>
        {
            foreach (string line in lines)
                answers.TryAdd(line, MonitorCommands.Execute(context, line));
            _pc.Machine.Exit(9);
        });
        Assert.Equal(9, _pc.Run());
        return answers;
    }

    private List<JsonElement> Qmp(params string[] messages)
    {
        TinyPc.Collected line = new();
        QmpSession session = new(_control, line, isPretty: false);
        _pc.Machine.Post(() =>
        {
            foreach (string message in messages)
                lock (_pc.Machine.Lock)
                    session.Receive(Encoding.UTF8.GetBytes(message));
            _pc.Machine.Post(() => _pc.Machine.Post(() => _pc.Machine.Exit(9)));
        });
        Assert.Equal(9, _pc.Run());
        return [.. line.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.Clone())];
    }
}
