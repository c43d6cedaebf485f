using System.Buffers;
using System.Text.Json;
using Suite.Devices.Char;

namespace Suite.Machines.Control;

/// <summary>QMP on a character back end (QEMU Machine Protocol specification 1.0): greeting, negotiation, commands, events. One JSON value a line goes out.</summary>
public sealed class QmpSession : ICharReceiver
{
    private const int LongestCommand = 1 << 20, Accepted = 4096;

    private readonly MachineControl _control;
    private readonly MonitorContext _context;
    private readonly IChardev _line;
    private readonly bool _isPretty;
    private readonly Queue<(int Client, byte[] Message)> _waiting = [];
    private JsonSplitter _splitter = new(LongestCommand);
    private bool _hasGreeted, _isBusy;
    private int _negotiated = -1; // the client that has

    /// <summary>A session.</summary>
    /// <param name="control">The machine.</param>
    /// <param name="line">The other end.</param>
    /// <param name="isPretty">With line breaks.</param>
    public QmpSession(MachineControl control, IChardev line, bool isPretty)
    {
        (_control, _line, _isPretty) = (control, line, isPretty);
        _context = new MonitorContext(control);
        line.Receiver = this;
        control.Machine.Happened += OnHappened;
        if (line.IsOpen)
            Opened();
    }

    /// <inheritdoc/>
    public void Closed()
    {
        _hasGreeted = false;
        _splitter = new JsonSplitter(LongestCommand);
        _context.ClientLeft();
    }

    /// <inheritdoc/>
    public int Room => Accepted;

    /// <summary>Somebody has connected: the greeting, and a new negotiation. Under the lock.</summary>
    public void Opened()
    {
        _hasGreeted = true;
        Send(static w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("QMP");
            w.WritePropertyName("version");
            QmpCommands.WriteVersion(w);
            w.WriteStartArray("capabilities");
            w.WriteEndArray();
            w.WriteEndObject();
            w.WriteEndObject();
        });
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (!_hasGreeted)
            Opened();
        int client = _context.Client;
        foreach (byte[] message in _splitter.Take(bytes))
        {
            if (message.Length == 0)
                SendError(null, "GenericError", $"a command of more than {LongestCommand} bytes, or a closing bracket without its opening one");
            else
                _control.Machine.Post(() =>
                {
                    _waiting.Enqueue((client, message));
                    Next();
                });
        }
    }

    // Commands are done on the machine's own thread, and answered in their order: one whose answer waits holds up those behind it. Those of a client that has
    // left are done all the same: a script may have sent them and gone.
    private void Next()
    {
        while (!_isBusy && _waiting.TryDequeue(out (int Client, byte[] Message) next))
        {
            Action send = Execute(next.Message, next.Client);
            lock (_control.Machine.Lock)
            {
                bool isWaiting = _isBusy = _context.AnswerAfter is not null;
                _context.Answer(next.Client, () => Answer(send), () =>
                {
                    _isBusy = false;
                    if (isWaiting)
                        _control.Machine.Post(Next);
                });
            }
        }
    }

    // An answer that cannot be written, as with an id that is no Unicode text, is an error without an id.
    private void Answer(Action send)
    {
        try
        {
            send();
        }
        catch (Exception e)
        {
            SendError(null, "GenericError", e.Message);
        }
    }

    // The result sends the answer.
    private Action Execute(byte[] message, int client)
    {
        JsonDocument? parsed = null;
        JsonElement? id = null;
        try
        {
            parsed = JsonDocument.Parse(message);
            JsonElement root = parsed.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new QmpException("GenericError", "QMP input must be a JSON object");
            id = root.TryGetProperty("id", out JsonElement given) ? given.Clone() : null;
            if (!root.TryGetProperty("execute", out JsonElement name) || name.ValueKind != JsonValueKind.String)
                throw new QmpException("GenericError", "QMP input lacks member 'execute'");
            foreach (JsonProperty member in root.EnumerateObject())
                if (member.Name is not ("execute" or "arguments" or "id"))
                    throw new QmpException("GenericError", $"QMP input member '{member.Name}' is unexpected");
            JsonElement? arguments = root.TryGetProperty("arguments", out JsonElement a) ? a : null;
            if (arguments is { ValueKind: not JsonValueKind.Object })
                throw new QmpException("GenericError", "QMP input member 'arguments' must be an object");
            Action<Utf8JsonWriter> result = Dispatch(client, name.GetString()!, new QmpArguments(arguments));
            return () => Send(w => Reply(w, id, "return", result));
        }
        catch (JsonException)
        {
            return () => SendError(null, "GenericError", "JSON parse error: the input is not a JSON value");
        }
        catch (QmpException e)
        {
            return () => SendError(id, e.Class, e.Message);
        }
        catch (ControlException e)
        {
            return () => SendError(id, e.IsNotFound ? "DeviceNotFound" : "GenericError", e.Message);
        }
        catch (Exception e)
        {
            return () => SendError(id, "GenericError", e.Message); // of no command does the machine end, whatever it meets
        }
        finally
        {
            parsed?.Dispose();
        }
    }

    private Action<Utf8JsonWriter> Dispatch(int client, string name, QmpArguments arguments)
    {
        if (name == "qmp_capabilities")
        {
            arguments.AllowOnly(["enable"]);
            if (_negotiated == client)
                throw new QmpException("CommandNotFound", "Capabilities negotiation is already complete, command ignored");
            _negotiated = client;
            return QmpCommands.Empty;
        }

        if (_negotiated != client)
            throw new QmpException("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
        QmpCommand command = QmpCommands.Find(name) ?? throw new QmpException("CommandNotFound", $"The command {name} has not been found{Near(name)}");
        arguments.AllowOnly(command.Arguments);
        return command.Run(_context, arguments);
    }

    private static string Near(string name) => Cli.Spelling.Nearest(name, QmpCommands.All.Select(c => c.Name)) is { } near ? $" (did you mean '{near}'?)" : "";

    private void OnHappened(MachineEvent what)
    {
        lock (_control.Machine.Lock)
        {
            if (_negotiated != _context.Client)
                return;
            Send(w =>
            {
                w.WriteStartObject();
                w.WriteStartObject("timestamp");
                long ticks = DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks;
                w.WriteNumber("seconds", ticks / TimeSpan.TicksPerSecond);
                w.WriteNumber("microseconds", ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
                w.WriteEndObject();
                w.WriteString("event", what.Name);
                if (what.Data.Length > 0)
                {
                    w.WriteStartObject("data");
                    foreach ((string key, object value) in what.Data)
                        WriteValue(w, key, value);
                    w.WriteEndObject();
                }

                w.WriteEndObject();
            });
        }
    }

    private static void WriteValue(Utf8JsonWriter w, string key, object value)
    {
        switch (value)
        {
            case bool b:
                w.WriteBoolean(key, b);
                break;
            case long n:
                w.WriteNumber(key, n);
                break;
            case int n:
                w.WriteNumber(key, n);
                break;
            case (string, object)[] members:
                w.WriteStartObject(key);
                foreach ((string name, object member) in members)
                    WriteValue(w, name, member);
                w.WriteEndObject();
                break;
            default:
                w.WriteString(key, value.ToString());
                break;
        }
    }

    private void SendError(JsonElement? id, string errorClass, string text)
    {
        lock (_control.Machine.Lock)
        {
            Send(w => Reply(w, id, "error", e =>
            {
                e.WriteStartObject();
                e.WriteString("class", errorClass);
                e.WriteString("desc", text);
                e.WriteEndObject();
            }));
        }
    }

    private static void Reply(Utf8JsonWriter w, JsonElement? id, string kind, Action<Utf8JsonWriter> value)
    {
        w.WriteStartObject();
        w.WritePropertyName(kind);
        value(w);
        if (id is { } given)
        {
            w.WritePropertyName("id");
            given.WriteTo(w);
        }

        w.WriteEndObject();
    }

    private void Send(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = _isPretty, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            write(writer);
        buffer.Write("\r\n"u8);
        _line.Write(buffer.WrittenSpan);
    }
}

/// <summary>A command is refused with an error class.</summary>
/// <param name="errorClass">GenericError, CommandNotFound, DeviceNotFound.</param>
/// <param name="message">The description.</param>
internal sealed class QmpException(string errorClass, string message) : Exception(message)
{
    public string Class { get; } = errorClass;
}
