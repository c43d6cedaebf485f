using System.Buffers.Binary;
using Suite.Devices.Char;
using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>A console (Virtio 1.2, section 5.3) of one port.</summary>
public sealed class VirtioConsole : VirtioDevice, ICharReceiver
{
    private const ulong HasSize = 1, EmergencyWrite = 4;
    private const int Input = 0, Output = 1, EmergencyOffset = 8, Piece = 4096, LongestOutput = 1 << 20;

    private readonly IChardev _line;
    private readonly byte[] _buffer = new byte[Piece];
    private Register _columns = null!, _rows = null!;

    /// <summary>A console.</summary>
    /// <param name="line">The other end.</param>
    public VirtioConsole(IChardev line)
        : base("virtio-console", id: 3, queues: 2, queueSize: 128)
    {
        _line = line;
        line.Receiver = this;
    }

    /// <inheritdoc/>
    public override int ConfigBytes => 12;

    /// <inheritdoc/>
    public int Room => IsRunning && Queues[Input].HasAvailable ? Piece : 0;

    /// <inheritdoc/>
    protected override ulong OwnFeatures => HasSize | EmergencyWrite;

    /// <summary>The terminal at the other end has this size.</summary>
    public void Resize(int columns, int rows)
    {
        (_columns.Value, _rows.Value) = ((ulong)columns, (ulong)rows);
        ConfigChanged();
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        VirtioQueue queue = Queues[Input];
        bool any = false;
        while (bytes.Length > 0 && IsRunning && queue.TryPop(out VirtioChain chain))
        {
            int part = (int)Math.Min(chain.WritableBytes, bytes.Length);
            bool isWritten = chain.TryWrite(0, bytes[..part]);
            queue.Push(chain, isWritten ? (uint)part : 0);
            bytes = bytes[part..];
            any = true;
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected internal override void Notified(VirtioQueue queue)
    {
        if (queue.Index == Input)
        {
            _line.ReceiverReady();
            return;
        }

        bool any = false;
        while (queue.TryPop(out VirtioChain chain))
        {
            long length = Math.Min(chain.ReadableBytes, LongestOutput);
            for (long at = 0; at < length; at += Piece)
            {
                Span<byte> part = _buffer.AsSpan(0, (int)Math.Min(Piece, length - at));
                if (!chain.TryRead(at, part))
                    break;
                _line.Write(part);
            }

            queue.Push(chain, 0);
            any = true;
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected internal override void Settled() => _line.ReceiverReady();

    /// <inheritdoc/>
    protected override void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(config, (ushort)_columns.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(config[2..], (ushort)_rows.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], 1);
    }

    /// <inheritdoc/>
    protected override void WriteConfig(int offset, int size, ulong value)
    {
        if (offset == EmergencyOffset)
            _line.Write([(byte)value]);
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state)
    {
        _columns = state.KeptRegister("columns", 16, 80);
        _rows = state.KeptRegister("rows", 16, 25);
    }
}
