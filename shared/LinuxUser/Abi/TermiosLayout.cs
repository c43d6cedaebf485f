using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// Terminal settings of PowerPC (asm/termbits.h of both): flags have other values, control characters another order, and struct termios
/// carries the speeds, as the host's struct termios2 does.
/// </summary>
public static class TermiosLayout
{
    /// <summary>Bytes of the guest's struct termios and of the host's struct termios2.</summary>
    public const int Size = 44;

    /// <summary>Bytes of struct termio; the guest has 10 control characters, the host 8.</summary>
    public const int GuestTermioSize = 20, HostTermioSize = 18;

    private const int Characters = 19;

    // Guest offsets: flags 0 4 8 12, characters 16, line 35, speeds 36 40. Host offsets: line 16, characters 17.
    private const int GuestCharacters = 16, GuestLine = 35, HostCharacters = 17, HostLine = 16, Speeds = 36;

    /// <summary>Where the host keeps the guest's control character of each index; -1 for none.</summary>
    private static ReadOnlySpan<sbyte> CharacterOrder => [0, 1, 2, 3, 4, 6, 11, 5, 16, 7, 14, 12, 10, 8, 9, 15, 13, -1, -1];

    /// <summary>Guest's struct termios to the host's struct termios2.</summary>
    public static void ToHost(GuestAbi abi, ReadOnlySpan<byte> guest, Span<byte> host)
    {
        host[..Size].Clear();
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(host[(i * 4)..], Flags(i, abi.U32(guest, i * 4), toHost: true));
        host[HostLine] = guest[GuestLine];
        for (int i = 0; i < Characters; i++)
            if (CharacterOrder[i] >= 0)
                host[HostCharacters + CharacterOrder[i]] = guest[GuestCharacters + i];
        StructCode.ToHost("ii"u8, abi, guest[Speeds..Size], host[Speeds..Size]);
    }

    /// <summary>Host's struct termios2 to the guest's struct termios.</summary>
    public static void ToGuest(GuestAbi abi, ReadOnlySpan<byte> host, Span<byte> guest)
    {
        guest[..Size].Clear();
        for (int i = 0; i < 4; i++)
            abi.Put32(guest, i * 4, Flags(i, BinaryPrimitives.ReadUInt32LittleEndian(host[(i * 4)..]), toHost: false));
        guest[GuestLine] = host[HostLine];
        for (int i = 0; i < Characters; i++)
            if (CharacterOrder[i] >= 0)
                guest[GuestCharacters + i] = host[HostCharacters + CharacterOrder[i]];
        StructCode.ToGuest("ii"u8, abi, host[Speeds..Size], guest[Speeds..Size]);
    }

    /// <summary>The old struct termio: 16-bit flags, line, and the guest's first ten control characters in yet another order (_VINTR ...).</summary>
    public static void TermioToHost(GuestAbi abi, ReadOnlySpan<byte> guest, Span<byte> host)
    {
        host[..HostTermioSize].Clear();
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(host[(i * 2)..], (ushort)Flags(i, abi.U16(guest, i * 2), toHost: true));
        host[8] = guest[8];
        for (int i = 0; i < 8; i++)
            host[9 + TermioOrder[i]] = guest[9 + i];
    }

    /// <inheritdoc cref="TermioToHost"/>
    public static void TermioToGuest(GuestAbi abi, ReadOnlySpan<byte> host, Span<byte> guest)
    {
        guest[..GuestTermioSize].Clear();
        for (int i = 0; i < 4; i++)
            abi.Put16(guest, i * 2, (ushort)Flags(i, BinaryPrimitives.ReadUInt16LittleEndian(host[(i * 2)..]), toHost: false));
        guest[8] = host[8];
        for (int i = 0; i < 8; i++)
            guest[9 + i] = host[9 + TermioOrder[i]];
    }

    // _VINTR _VQUIT _VERASE _VKILL _VEOF _VMIN _VEOL _VTIME against VINTR .. VSWTC.
    private static ReadOnlySpan<byte> TermioOrder => [0, 1, 2, 3, 4, 6, 7, 5];

    // Guest mask and host mask of each field that differs; a field of several bits is moved as a number. Bits not named agree.
    private static ReadOnlySpan<uint> Input => [0x200, 0x400, 0x400, 0x1000, 0x1000, 0x200]; // IXON IXOFF IUCLC

    private static ReadOnlySpan<uint> Output =>
    [
        0x4, 0x2, 0x2, 0x4, // OLCUC ONLCR
        0x300, 0x100, 0xC00, 0x1800, 0x3000, 0x600, 0x4000, 0x8000, 0x8000, 0x2000, 0x10000, 0x4000, // NLDLY TABDLY CRDLY FFDLY BSDLY VTDLY
    ];

    private static ReadOnlySpan<uint> Control =>
    [
        0x300, 0x30, 0x400, 0x40, 0x800, 0x80, 0x1000, 0x100, 0x2000, 0x200, 0x4000, 0x400, 0x8000, 0x800, // CSIZE CSTOPB CREAD PARENB PARODD HUPCL CLOCAL
    ];

    private static ReadOnlySpan<uint> Local =>
    [
        0x80, 0x1, 0x100, 0x2, 0x4000, 0x4, 0x2, 0x10, 0x4, 0x20, 0x10, 0x40, 0x8000_0000, 0x80, 0x40_0000, 0x100, // ISIG ICANON XCASE ECHOE ECHOK ECHONL NOFLSH TOSTOP
        0x40, 0x200, 0x20, 0x400, 0x1, 0x800, 0x80_0000, 0x1000, 0x2000_0000, 0x4000, 0x400, 0x8000, 0x1000_0000, 0x10000, // ECHOCTL ECHOPRT ECHOKE FLUSHO PENDIN IEXTEN EXTPROC
    ];

    private static uint Flags(int field, uint value, bool toHost) => field switch
    {
        0 => Move(Input, value, toHost),
        1 => Move(Output, value, toHost),
        2 => Move(Control, value & ~Speed(toHost), toHost) | Baud(value, toHost),
        _ => Move(Local, value, toHost),
    };

    private static uint Move(ReadOnlySpan<uint> masks, uint value, bool toHost)
    {
        uint moved = 0, named = 0;
        for (int i = 0; i < masks.Length; i += 2)
        {
            (uint from, uint to) = toHost ? (masks[i], masks[i + 1]) : (masks[i + 1], masks[i]);
            uint number = (value & from) >> System.Numerics.BitOperations.TrailingZeroCount(from);
            moved |= number << System.Numerics.BitOperations.TrailingZeroCount(to) & to;
            named |= from | to;
        }

        return value & ~named | moved;
    }

    // CBAUD and CIBAUD: the guest numbers all speeds in one row of 5 bits (of 8), the host those above 38400 with CBAUDEX.
    private static uint Speed(bool toHost) => toHost ? 0x00FF_00FFu : 0x100F_100Fu;

    private static uint Baud(uint value, bool toHost) => toHost
        ? HostSpeed(value & 0xFF) | HostSpeed(value >> 16 & 0xFF) << 16
        : GuestSpeed(value & 0x100F) | GuestSpeed(value >> 16 & 0x100F) << 16;

    private static uint HostSpeed(uint speed) => speed switch
    {
        <= 15 => speed,
        31 => 0x1000, // BOTHER
        _ => 0x1000 | (speed - 15 & 0xF),
    };

    private static uint GuestSpeed(uint speed) => (speed & 0x1000) == 0 ? speed : (speed & 0xF) == 0 ? 31 : 15 + (speed & 0xF);
}
