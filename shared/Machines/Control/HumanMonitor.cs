using System.Text;
using Suite.Devices.Char;

namespace Suite.Machines.Control;

/// <summary>The human monitor on a character back end: a prompt, a line that can be edited, answers.</summary>
public sealed class HumanMonitor : ICharReceiver
{
    private const string Prompt = "(qemu) ";
    private const int LongestLine = 4096, MostHistory = 64, Accepted = 256;
    private const char Escape = '\x1B';

    private readonly MonitorContext _context;
    private readonly IChardev _line;
    private readonly string _greeting;
    private readonly StringBuilder _typed = new();
    private readonly List<string> _history = [];
    private int _historyAt;
    private string _escape = "";
    private bool _isBusy, _hasGreeted;
    private readonly Queue<(int Client, string Line)> _waiting = [];

    /// <summary>A monitor; it greets when something is typed, or at once when told so.</summary>
    /// <param name="control">The machine.</param>
    /// <param name="line">Its terminal.</param>
    public HumanMonitor(MachineControl control, IChardev line)
    {
        _context = new MonitorContext(control);
        _line = line;
        _greeting = $"QEMU-compatible monitor of suite {Cli.UserHelp.VersionNumber} - type 'help' for more information\r\n{Prompt}";
        line.Receiver = this;
    }

    /// <inheritdoc/>
    public int Room => Accepted;

    /// <summary>Greets at once where somebody is there already and sees nothing else.</summary>
    public void Begin(bool isAlone)
    {
        if (isAlone && _line.IsOpen)
            Opened();
    }

    /// <summary>Shows who it is.</summary>
    public void Opened()
    {
        _hasGreeted = true;
        Write(_greeting);
    }

    /// <inheritdoc/>
    public void Closed()
    {
        _hasGreeted = false;
        _typed.Clear();
        _escape = "";
        _context.ClientLeft(); // its whole lines are still done: a script may have sent them and gone
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (!_hasGreeted)
            Opened();
        foreach (byte b in bytes)
            Take((char)b);
    }

    private void Take(char c)
    {
        if (_escape.Length > 0 || c == Escape)
        {
            TakeEscape(c);
            return;
        }

        switch (c)
        {
            case '\r' or '\n':
                Write("\r\n");
                Enter(_typed.ToString());
                _typed.Clear();
                break;
            case '\b' or '\x7F':
                if (_typed.Length == 0)
                    break;
                _typed.Length--;
                Write("\b \b");
                break;
            case '\x03':
                Write("^C\r\n" + Prompt);
                _typed.Clear();
                break;
            case '\x15':
                Replace("");
                break;
            case '\t':
                Complete();
                break;
            case >= ' ' when _typed.Length < LongestLine:
                _typed.Append(c);
                Write(c.ToString());
                break;
        }
    }

    // Cursor keys up and down: older and newer lines.
    private void TakeEscape(char c)
    {
        _escape += c;
        if (_escape.Length < 3 && (c is Escape or '[' or 'O'))
            return;
        if (c == 'A' && _historyAt > 0)
            Replace(_history[--_historyAt]);
        else if (c == 'B' && _historyAt < _history.Count)
            Replace(++_historyAt < _history.Count ? _history[_historyAt] : "");
        _escape = "";
    }

    private void Replace(string text)
    {
        Write($"\r{Prompt}\x1B[K{text}");
        _typed.Clear().Append(text);
    }

    private void Complete()
    {
        string typed = _typed.ToString();
        bool isInfo = typed.StartsWith("info ", StringComparison.Ordinal);
        string word = isInfo ? typed["info ".Length..].TrimStart() : typed;
        string[] fits = [.. (isInfo ? MonitorInfo.All : MonitorCommands.All).SelectMany(c => c.Names).Where(n => n.StartsWith(word, StringComparison.Ordinal) && n.Length > 1)];
        if (fits.Length == 1)
            Replace((isInfo ? "info " : "") + fits[0] + " ");
        else if (fits.Length > 1)
            Write($"\r\n{string.Join(' ', fits)}\r\n{Prompt}{typed}");
    }

    // Commands are done on the machine's own thread, one after the other.
    private void Enter(string line)
    {
        if (line.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != line))
            _history.Add(line);
        if (_history.Count > MostHistory)
            _history.RemoveAt(0);
        _historyAt = _history.Count;
        _waiting.Enqueue((_context.Client, line));
        Next();
    }

    private void Next()
    {
        if (_isBusy || !_waiting.TryDequeue(out (int Client, string Line) next))
            return;
        _isBusy = true;
        _context.Control.Machine.Post(() =>
        {
            string answer = MonitorCommands.Execute(_context, next.Line);
            lock (_context.Control.Machine.Lock)
            {
                _context.Answer(next.Client, () => Write(answer.Replace("\n", "\r\n", StringComparison.Ordinal) + Prompt), () =>
                {
                    _isBusy = false;
                    Next();
                });
            }
        });
    }

    private void Write(string text) => _line.Write(Encoding.UTF8.GetBytes(text));
}
