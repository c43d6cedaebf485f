using System.Globalization;
using System.Text;
using Suite.Gdb;
using Suite.LinuxUser.Memory;

namespace Suite.UserMode.Debugging;

// gdb's command `monitor`.
internal sealed unsafe partial class Debugger
{
    private const string MonitorHelp = """
        help            this list
        info mappings   the program's address space
        info process    program, ids, threads
        info jit        translated code
        info signals    what the program does with each signal

        """;

    string IGdbTarget.Monitor(string command) => command switch
    {
        "" or "help" => MonitorHelp,
        "info mappings" or "info mem" => MappingsText(),
        "info process" => ProcessText(),
        "info jit" => $"blocks translated so far: {_engine.Translations}\n",
        "info signals" => SignalsText(),
        _ => $"'{command}' is no command of this monitor: 'monitor help' lists them\n",
    };

    private string MappingsText()
    {
        StringBuilder text = new();
        foreach (Vma vma in _process.Memory.Snapshot())
        {
            char Flag(int bit, char letter) => (vma.Protection & bit) != 0 ? letter : '-';
            text.Append($"{vma.Start:x}-{vma.End:x} {Flag(1, 'r')}{Flag(2, 'w')}{Flag(4, 'x')}{(vma.Shared ? 's' : 'p')} {vma.Offset:x8} {vma.Name}".TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private string ProcessText() => $"program: {_process.Identity.Path}\nprocess: {_self}\nthreads: {string.Join(' ', Snapshot().Select(d => d.Id.Thread))}\n";

    private string SignalsText()
    {
        StringBuilder text = new();
        for (int signal = 1; signal <= 64; signal++)
        {
            var action = _process.Actions[signal];
            if (!action.IsDefault)
                text.Append(CultureInfo.InvariantCulture, $"{signal,2} {(action.IsIgnored ? "ignored" : $"handler {action.Handler:x} flags {action.Flags:x}")}\n");
        }

        return text.Length == 0 ? "all signals have their default action\n" : text.ToString();
    }
}
