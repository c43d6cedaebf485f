namespace Suite.PcBios;

/// <summary>The BIOS data area at 0040:0000 as physical addresses (IBM Personal System/2 and PC BIOS Interface Technical Reference, section 3).</summary>
internal static class BiosData
{
    public const uint Com = 0x400, Lpt = 0x408, EbdaSegment = 0x40E, Equipment = 0x410, MemoryKib = 0x413, KeyFlags = 0x417, KeyFlags2 = 0x418, AltKeypad = 0x419, KeyHead = 0x41A,
        KeyTail = 0x41C, KeyBuffer = 0x41E, KeyBufferEnd = 0x43E, FloppySeek = 0x43E, FloppyMotor = 0x43F, FloppyTimeout = 0x440, FloppyStatus = 0x441, VideoMode = 0x449,
        VideoColumns = 0x44A, VideoPageBytes = 0x44C, VideoPageStart = 0x44E, CursorPositions = 0x450, CursorShape = 0x460, VideoPage = 0x462, CrtcPort = 0x463, VideoModeControl = 0x465,
        VideoPalette = 0x466, Ticks = 0x46C, Midnight = 0x470, BreakFlag = 0x471, ResetFlag = 0x472, DiskStatus = 0x474, DiskCount = 0x475, LptTimeouts = 0x478, ComTimeouts = 0x47C,
        KeyBufferStartPointer = 0x480, KeyBufferEndPointer = 0x482, VideoRows = 0x484, CharacterHeight = 0x485, VideoControl = 0x487, VideoSwitches = 0x488, VideoModeSet = 0x489,
        DiskInterrupt = 0x48E, KeyMode = 0x496, KeyLeds = 0x497, RtcWaitFlag = 0x4A0, VideoSavePointer = 0x4A8;

    /// <summary>Where boot sectors are loaded.</summary>
    public const int BootAddress = 0x7C00;

    /// <summary>Timer ticks of 24 hours.</summary>
    public const uint TicksPerDay = 0x1800B0;
}
