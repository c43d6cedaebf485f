namespace Suite.LinuxUser.Abi;

/// <summary>What the third argument of an ioctl is.</summary>
public enum IoctlArgument : byte
{
    /// <summary>Nothing, or a value that is passed on as it is.</summary>
    None,

    /// <summary>A struct the kernel reads.</summary>
    In,

    /// <summary>A struct the kernel writes.</summary>
    Out,

    /// <summary>Both.</summary>
    InOut,
}

/// <summary>One command: the host's number, and the argument as a struct code (<see cref="StructCode"/>). Number 0 means unknown.</summary>
public readonly ref struct IoctlRow(uint host, IoctlArgument argument, ReadOnlySpan<byte> code)
{
    /// <summary>The host's number.</summary>
    public uint Host { get; } = host;

    public IoctlArgument Argument { get; } = argument;

    public ReadOnlySpan<byte> Code { get; } = code;

    public bool IsKnown => Host != 0;
}

/// <summary>
/// The ioctl commands whose arguments are converted by type. A command is looked up by the host's direction bits, type and number; the size
/// field, which differs between targets, is left out.
/// </summary>
public static partial class IoctlTable
{
    /// <summary>Direction bits of the host's numbers (asm-generic/ioctl.h).</summary>
    public const uint Write = 0x4000_0000, Read = 0x8000_0000;

    /// <summary>The row of a guest's command.</summary>
    public static IoctlRow Find(uint key)
    {
        IoctlRow row = Terminal(key);
        if (!row.IsKnown)
            row = Network(key);
        if (!row.IsKnown)
            row = Storage(key);
        if (!row.IsKnown)
            row = Device(key);
        return row.IsKnown ? row : Input(key);
    }

    /// <summary>
    /// Direction, type and number of a guest's command as the host has them. PowerPC has three direction bits and 13 for the size
    /// (asm/ioctl.h), and numbers of its own for the terminal commands that are older than that scheme.
    /// </summary>
    public static uint Key(GuestAbi abi, uint command)
    {
        const uint PpcNone = 1, PpcRead = 2, PpcWrite = 4;
        if (!abi.BigEndian)
            return command & (Read | Write | 0xFFFF);
        uint renamed = PpcTerminal(command);
        if (renamed != 0)
            return renamed;
        uint direction = (command >> 29) switch
        {
            0 or PpcNone => 0,
            PpcRead => Read,
            PpcWrite => Write,
            _ => Read | Write,
        };
        return direction | command & 0xFFFF;
    }

    /// <summary>Size field of a guest's command in bytes; 0 for numbers without one.</summary>
    public static int Size(GuestAbi abi, uint command) => (int)(command >> 16 & (abi.BigEndian ? 0x1FFFu : 0x3FFFu));

    /// <summary>The whole host number of a command without a row, its size unchanged.</summary>
    public static uint Number(GuestAbi abi, uint command) => Key(abi, command) | (uint)Size(abi, command) << 16;

    private static uint PpcTerminal(uint command) => command switch
    {
        0x2000741D => 0x5409, // TCSBRK
        0x2000741E => 0x540A, // TCXONC
        0x2000741F => 0x540B, // TCFLSH
        0x40047477 => 0x540F, // TIOCGPGRP
        0x80047476 => 0x5410, // TIOCSPGRP
        0x40047473 => 0x5411, // TIOCOUTQ
        0x40087468 => 0x5413, // TIOCGWINSZ
        0x80087467 => 0x5414, // TIOCSWINSZ
        0x4004667F => 0x541B, // FIONREAD
        0x8004667E => 0x5421, // FIONBIO
        0x20006602 => 0x5450, // FIONCLEX
        0x20006601 => 0x5451, // FIOCLEX
        0x8004667D => 0x5452, // FIOASYNC
        0x40086680 => 0x5460, // FIOQSIZE
        _ => 0,
    };

    // Event devices put a length or a number into the command (linux/input.h); bit maps are arrays of C longs.
    private static IoctlRow Input(uint key)
    {
        if ((key >> 8 & 0xFF) != 'E')
            return default;
        uint number = key & 0xFF, type = key & 0xFFFF;
        return (key & (Read | Write)) switch
        {
            Read => number switch
            {
                0x06 or 0x07 or 0x08 => new(Read | type, IoctlArgument.Out, "b4096"u8), // EVIOCGNAME, EVIOCGPHYS, EVIOCGUNIQ
                0x09 or >= 0x18 and <= 0x3F => new(Read | type, IoctlArgument.Out, "i1024"u8), // EVIOCGPROP, EVIOCGKEY .. EVIOCGBIT
                0x0A => new(Read | type, IoctlArgument.InOut, "i1024"u8), // EVIOCGMTSLOTS
                >= 0x40 and <= 0x7F => new(0x8018_0000 | type, IoctlArgument.Out, "i6"u8), // EVIOCGABS
                _ => default,
            },
            Write when number >= 0xC0 => new(0x4018_0000 | type, IoctlArgument.In, "i6"u8), // EVIOCSABS
            _ => default,
        };
    }

    /// <summary>True for rows whose length stands in the command's size field.</summary>
    public static bool IsSizedByCommand(in IoctlRow row) => row.IsKnown && (row.Host & 0x3FFF_0000) == 0 && (row.Host & (Read | Write)) != 0;
}
