using System.Text.Json;

namespace Suite.Machines.Control;

/// <summary>QMP's input-send-event: keys and the mouse, as they come from a display.</summary>
internal static class InputEvents
{
    private static readonly string[] Buttons = ["left", "right", "middle"];

    /// <summary>Does what the list says, in its order.</summary>
    public static Action<Utf8JsonWriter> Send(MonitorContext c, QmpArguments a)
    {
        if (a.Get("events") is not { ValueKind: JsonValueKind.Array } events)
            throw new QmpException("GenericError", "Parameter 'events' is missing");
        // All are read before the first is done: a list with a mistake does nothing.
        Action<MachineControl>[] actions = [.. events.EnumerateArray().Select(Read)];
        foreach (Action<MachineControl> action in actions)
            action(c.Control);
        return QmpCommands.Empty;
    }

    private static Action<MachineControl> Read(JsonElement item)
    {
        string type = Text(item, "type");
        JsonElement data = item.TryGetProperty("data", out JsonElement found) && found.ValueKind == JsonValueKind.Object ? found : throw new QmpException("GenericError", "Parameter 'events.data' is missing");
        switch (type)
        {
            case "key":
                JsonElement key = data.TryGetProperty("key", out JsonElement k) && k.ValueKind == JsonValueKind.Object ? k : throw new QmpException("GenericError", "Parameter 'events.data.key' is missing");
                if (Text(key, "type") != "qcode")
                    throw new QmpException("GenericError", "a key is given by its name: type qcode");
                KeyCode code = KeyCodes.Find(Text(key, "data")) ?? throw new QmpException("GenericError", $"Parameter 'data' does not accept value '{Text(key, "data")}'");
                bool isDown = IsDown(data);
                return control =>
                {
                    lock (control.Machine.Lock)
                        control.Board.Key(code.Code, code.IsExtended, isDown);
                };
            case "btn":
                return Button(Text(data, "button"), IsDown(data));
            case "rel":
                int by = data.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int n) ? n : throw new QmpException("GenericError", "Parameter 'value' is missing");
                bool isX = Text(data, "axis") == "x";
                return control => control.Mouse(isX ? by : 0, isX ? 0 : by, 0, null);
            default:
                throw new QmpException("GenericError", $"Parameter 'type' does not accept value '{type}' here: key, btn, rel");
        }
    }

    private static Action<MachineControl> Button(string name, bool isDown)
    {
        if (name is "wheel-up" or "wheel-down")
            return control => control.Mouse(0, 0, !isDown ? 0 : name == "wheel-up" ? -1 : 1, null);
        int bit = Array.IndexOf(Buttons, name);
        return bit < 0 ? throw new QmpException("GenericError", $"Parameter 'button' does not accept value '{name}'")
            : control => control.Mouse(0, 0, 0, isDown ? control.MouseButtons | 1 << bit : control.MouseButtons & ~(1 << bit));
    }

    private static bool IsDown(JsonElement data) =>
        data.TryGetProperty("down", out JsonElement down) && down.ValueKind is JsonValueKind.True or JsonValueKind.False ? down.GetBoolean() : throw new QmpException("GenericError", "Parameter 'down' is missing");

    private static string Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new QmpException("GenericError", $"Parameter '{name}' is missing");
}
