namespace Suite.Machines.Control;

/// <summary>Cuts a stream of bytes into JSON values by their brackets; what stands between them is dropped.</summary>
/// <param name="longest">Longest value in bytes.</param>
internal sealed class JsonSplitter(int longest)
{
    private readonly List<byte> _value = [];
    private int _depth;
    private bool _inString, _isEscaped, _isTooLong;

    /// <summary>The values that end within these bytes; an empty one stands for an error.</summary>
    public List<byte[]> Take(ReadOnlySpan<byte> bytes)
    {
        List<byte[]> complete = [];
        foreach (byte b in bytes)
        {
            if (_depth == 0 && b is not ((byte)'{' or (byte)'['))
            {
                if (b is (byte)'}' or (byte)']')
                    complete.Add([]);
                continue;
            }

            _isTooLong |= _value.Count >= longest;
            if (!_isTooLong)
                _value.Add(b);
            Follow(b);
            if (_depth != 0)
                continue;
            complete.Add(_isTooLong ? [] : [.. _value]);
            _value.Clear();
            _isTooLong = false;
        }

        return complete;
    }

    private void Follow(byte b)
    {
        if (_inString)
        {
            if (_isEscaped)
                _isEscaped = false;
            else if (b == '\\')
                _isEscaped = true;
            else if (b == '"')
                _inString = false;
            return;
        }

        switch (b)
        {
            case (byte)'"':
                _inString = true;
                break;
            case (byte)'{' or (byte)'[':
                _depth++;
                break;
            case (byte)'}' or (byte)']':
                _depth--;
                break;
        }
    }
}
