using Suite.Host;

namespace Suite.Devices.Char;

/// <summary>The settings of a terminal of the host: found, made raw, and put back.</summary>
/// <param name="descriptor">The terminal.</param>
public sealed unsafe class TerminalMode(int descriptor)
{
    private const uint TCGETS = 0x5401, TCSETS = 0x5402, TIOCGWINSZ = 0x5413;
    private const int Bytes = 60, InputFlags = 0, OutputFlags = 4, ControlFlags = 8, LocalFlags = 12, ControlChars = 17, VTime = 5, VMin = 6;

    // IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON; OPOST; CSIZE, PARENB, CS8; ISIG, ICANON, ECHO, ECHONL, IEXTEN.
    private const uint RawInputOff = 0x05EB, OutputOn = 1, SizeOff = 0x130, Eight = 0x30, LocalOff = 0x804A, Signals = 1;

    private readonly byte[] _before = Read(descriptor) ?? [];

    /// <summary>True when the descriptor is a terminal.</summary>
    public bool IsTerminal => _before.Length != 0;

    /// <summary>Columns and rows; zeros when they are not known.</summary>
    public (int Columns, int Rows) Size
    {
        get
        {
            ushort* size = stackalloc ushort[4];
            return Sys.Call(Nr.ioctl, descriptor, TIOCGWINSZ, (long)size) < 0 ? (0, 0) : (size[1], size[0]);
        }
    }

    /// <summary>Every key comes at once and unseen; Ctrl-C and the like too, unless they are to stay signals.</summary>
    public void SetRaw(bool withSignals) => SetRaw(withSignals, OutputOn);

    /// <summary>For a serial line: every byte goes through as it is, both ways. Nothing happens to what is no terminal.</summary>
    public static void PassAll(int descriptor) => new TerminalMode(descriptor).SetRaw(withSignals: false, output: 0);

    private void SetRaw(bool withSignals, uint output)
    {
        if (!IsTerminal)
            return;
        byte[] raw = [.. _before];
        fixed (byte* p = raw)
        {
            *(uint*)(p + InputFlags) &= ~RawInputOff;
            *(uint*)(p + OutputFlags) = (*(uint*)(p + OutputFlags) & ~OutputOn) | output;
            *(uint*)(p + ControlFlags) = (*(uint*)(p + ControlFlags) & ~SizeOff) | Eight;
            *(uint*)(p + LocalFlags) &= ~(LocalOff | (withSignals ? 0 : Signals));
            p[ControlChars + VTime] = 0;
            p[ControlChars + VMin] = 1;
        }

        Set(raw);
    }

    /// <summary>As it was found.</summary>
    public void Restore()
    {
        if (IsTerminal)
            Set(_before);
    }

    private void Set(byte[] settings)
    {
        fixed (byte* p = settings)
            Sys.Call(Nr.ioctl, descriptor, TCSETS, (long)p);
    }

    private static byte[]? Read(int descriptor)
    {
        byte[] settings = new byte[Bytes];
        fixed (byte* p = settings)
            return Sys.Call(Nr.ioctl, descriptor, TCGETS, (long)p) < 0 ? null : settings;
    }
}
