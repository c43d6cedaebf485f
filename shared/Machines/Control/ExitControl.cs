using System.Globalization;
using System.Text;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>
/// --exit-on: what ends the machine, and with which status. panic[=N]: pvpanic, or the words of a Linux panic on a serial line (status 1, or N).
/// string:TEXT[=>N]: a guest writes these words to a serial line or console (status 0, or N). port[:PORT]: a byte written to the port is the status (F4h).
/// </summary>
public sealed class ExitControl
{
    private const int UsualPanicStatus = 1;
    private const ulong UsualPort = 0xF4, LastPort = 0xFFFF;
    private static readonly byte[] PanicWords = "Kernel panic - not syncing"u8.ToArray();

    private readonly List<(byte[] Words, int Status)> _words = [];

    /// <summary>Reads the options and sets the machine up.</summary>
    /// <exception cref="OptionException">One is not understood.</exception>
    public ExitControl(IEnumerable<string> options, Machine machine)
    {
        Machine = machine;
        foreach (string option in options)
            Apply(option);
    }

    private Machine Machine { get; }

    /// <summary>True when what guests write has to be looked at.</summary>
    public bool WatchesOutput => _words.Count > 0;

    /// <summary>A back end between a device and the host that looks for the words.</summary>
    public IChardev Watch(IChardev line) => WatchesOutput ? new Watched(this, line) : line;

    private void Apply(string option)
    {
        int colon = option.IndexOf(':');
        string kind = colon < 0 ? option : option[..colon], rest = colon < 0 ? "" : option[(colon + 1)..];
        if (kind.StartsWith("panic=", StringComparison.Ordinal))
            (kind, rest) = ("panic", kind["panic=".Length..]);
        switch (kind)
        {
            case "panic":
                int status = rest.Length == 0 ? UsualPanicStatus : Status(option, rest);
                (Machine.OnPanic, Machine.PanicStatus) = (PanicAction.Shutdown, status);
                _words.Add((PanicWords, status));
                break;
            case "panic-pause":
                Machine.OnPanic = PanicAction.Pause;
                break;
            case "panic-none":
                Machine.OnPanic = PanicAction.None;
                break;
            case "string" when rest.Length > 0:
                int arrow = rest.LastIndexOf("=>", StringComparison.Ordinal);
                string words = arrow > 0 ? rest[..arrow] : rest;
                _words.Add((Encoding.UTF8.GetBytes(words), arrow > 0 ? Status(option, rest[(arrow + 2)..]) : 0));
                break;
            case "port":
                ulong port = rest.Length == 0 ? UsualPort : KeyValues.TryNumber(rest, out long n) && n is >= 0 and <= (long)LastPort ? (ulong)n : throw new OptionException($"-exit-on {option}: '{rest}' is not a port");
                Machine.Spaces.Io.Attach(new ExitPort(Machine), "exit", port, 1);
                break;
            default:
                throw new OptionException($"-exit-on {option}: not understood", "panic, panic=STATUS, string:TEXT, string:TEXT=>STATUS, port, port:0xf4");
        }
    }

    private static int Status(string option, string text) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte status) ? status : throw new OptionException($"-exit-on {option}: '{text}' is not an exit status", "a number from 0 to 255");

    private sealed class ExitPort(Machine machine) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => 0;

        public void Write(ulong offset, int size, ulong value) => machine.Exit((int)value);
    }

    // Words may arrive in pieces: for each, how many of its bytes have been seen (Knuth, Morris, Pratt's automaton).
    private sealed class Watched : IChardev
    {
        private readonly ExitControl _control;
        private readonly IChardev _line;
        private readonly int[][] _fallbacks;
        private readonly int[] _seen;

        public Watched(ExitControl control, IChardev line)
        {
            (_control, _line) = (control, line);
            _fallbacks = [.. control._words.Select(w => Fallbacks(w.Words))];
            _seen = new int[control._words.Count];
        }

        public ICharReceiver? Receiver
        {
            get => _line.Receiver;
            set => _line.Receiver = value;
        }

        public bool IsOpen => _line.IsOpen;

        public void ReceiverReady() => _line.ReceiverReady();

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _line.Write(bytes);
            for (int w = 0; w < _seen.Length; w++)
            {
                (byte[] words, int status) = _control._words[w];
                foreach (byte b in bytes)
                {
                    while (_seen[w] > 0 && words[_seen[w]] != b)
                        _seen[w] = _fallbacks[w][_seen[w] - 1];
                    if (words[_seen[w]] == b && ++_seen[w] == words.Length)
                    {
                        _control.Machine.Exit(status);
                        _seen[w] = 0;
                    }
                }
            }
        }

        private static int[] Fallbacks(byte[] words)
        {
            int[] table = new int[words.Length];
            for (int i = 1, k = 0; i < words.Length; i++)
            {
                while (k > 0 && words[k] != words[i])
                    k = table[k - 1];
                if (words[k] == words[i])
                    k++;
                table[i] = k;
            }

            return table;
        }
    }
}
