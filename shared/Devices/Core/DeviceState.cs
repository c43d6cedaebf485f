using System.Buffers.Binary;
using System.Text;

namespace Suite.Devices.Core;

/// <summary>
/// All state of a device, declared once: reset, snapshots and introspection follow from the declarations. A snapshot names every piece, so
/// that one made by another version is either understood or refused.
/// </summary>
public sealed class DeviceState
{
    private readonly List<Register> _registers = [];
    private readonly HashSet<Register> _kept = [];
    private readonly List<(string Name, byte[] Bytes, bool IsKept)> _arrays = [];
    private readonly List<(string Name, ClockTimer Timer)> _timers = [];

    /// <summary>Registers in the order of their declaration.</summary>
    public IReadOnlyList<Register> Registers => _registers;

    /// <summary>Declares a register of 1 to 64 bits.</summary>
    public Register Register(string name, int bits, ulong reset = 0)
    {
        Register register = new(name, bits, reset);
        _registers.Add(register);
        return register;
    }

    /// <summary>Declares a register that a reset leaves alone: battery-backed, or the level of an input pin.</summary>
    public Register KeptRegister(string name, int bits, ulong initial = 0)
    {
        Register register = Register(name, bits, initial);
        _kept.Add(register);
        return register;
    }

    /// <summary>Declares an array of registers named name0, name1 and so on.</summary>
    public Register[] RegisterArray(string name, int count, int bits, ulong reset = 0)
    {
        Register[] all = new Register[count];
        for (int i = 0; i < count; i++)
            all[i] = Register($"{name}{i}", bits, reset);
        return all;
    }

    /// <summary>Declares memory of a device (a FIFO): all zero after reset.</summary>
    public byte[] Bytes(string name, int length) => Bytes(name, length, isKept: false);

    /// <summary>Declares memory that a reset leaves alone (CMOS cells).</summary>
    public byte[] KeptBytes(string name, int length) => Bytes(name, length, isKept: true);

    /// <summary>Declares a timer: not running after reset.</summary>
    public ClockTimer Timer(string name, VirtualClock clock, Action expired)
    {
        ClockTimer timer = clock.NewTimer(expired);
        _timers.Add((name, timer));
        return timer;
    }

    /// <summary>Everything as after power-on.</summary>
    public void Reset()
    {
        foreach (Register register in _registers)
            if (!_kept.Contains(register))
                register.Value = register.ResetValue;
        foreach ((_, byte[] bytes, bool isKept) in _arrays)
            if (!isKept)
                Array.Clear(bytes);
        foreach ((_, ClockTimer timer) in _timers)
            timer.Cancel();
    }

    /// <summary>Writes the state: for each piece the length of its name, the name, the length of its bytes, the bytes (little endian).</summary>
    public void Save(Stream to)
    {
        foreach (Register register in _registers)
            SavePiece(to, register.Name, BitConverter.GetBytes(register.Value));
        foreach ((string name, byte[] bytes, _) in _arrays)
            SavePiece(to, name, bytes);
        foreach ((string name, ClockTimer timer) in _timers)
            SavePiece(to, name, BitConverter.GetBytes(timer.Deadline));
    }

    /// <summary>Takes the state back.</summary>
    /// <exception cref="InvalidDataException">The stream has another device's pieces, or ends early.</exception>
    public void Load(Stream from)
    {
        foreach (Register register in _registers)
            register.Value = BinaryPrimitives.ReadUInt64LittleEndian(LoadPiece(from, register.Name, sizeof(ulong)));
        foreach ((string name, byte[] bytes, _) in _arrays)
            LoadPiece(from, name, bytes.Length).CopyTo(bytes, 0);
        foreach ((string name, ClockTimer timer) in _timers)
            timer.Restore(BinaryPrimitives.ReadInt64LittleEndian(LoadPiece(from, name, sizeof(long))));
    }

    private byte[] Bytes(string name, int length, bool isKept)
    {
        byte[] bytes = new byte[length];
        _arrays.Add((name, bytes, isKept));
        return bytes;
    }

    private static void SavePiece(Stream to, string name, ReadOnlySpan<byte> bytes)
    {
        byte[] text = Encoding.ASCII.GetBytes(name);
        to.WriteByte((byte)text.Length);
        to.Write(text);
        to.Write(BitConverter.GetBytes(bytes.Length));
        to.Write(bytes);
    }

    private static byte[] LoadPiece(Stream from, string name, int length)
    {
        try
        {
            byte[] text = new byte[Math.Max(from.ReadByte(), 0)];
            from.ReadExactly(text);
            byte[] size = new byte[sizeof(int)];
            from.ReadExactly(size);
            if (Encoding.ASCII.GetString(text) != name || BitConverter.ToInt32(size) != length)
                throw new InvalidDataException($"the snapshot has {Encoding.ASCII.GetString(text)} ({BitConverter.ToInt32(size)} bytes) where {name} ({length} bytes) should be");
            byte[] bytes = new byte[length];
            from.ReadExactly(bytes);
            return bytes;
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"the snapshot ends before {name}");
        }
    }
}
