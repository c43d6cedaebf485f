using Suite.Guest.X86.Reencoder;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.Tools.I386;

/// <summary>The segment selectors of guest threads, as they are in the state between runs of guest code.</summary>
internal static unsafe class I386Segments
{
    /// <summary>Selectors of the flat user segments on a 64-bit kernel (arch/x86/include/asm/segment.h).</summary>
    public const ushort UserCode = 0x23, UserData = 0x2B, UserCode64 = 0x33;

    // Access rights as lar gives them (AMD64 manual volume 3, LAR): present, no system segment, code, and the type's second bit:
    // readable for code, writable for data.
    private const uint Present = 0x8000, NotSystem = 0x1000, IsCode = 0x800, SecondBit = 0x200;

    /// <summary>Sets the code and data segments to what programs and signal handlers start with; fs and gs stay.</summary>
    public static void Flatten(GuestThread t)
    {
        ushort* segments = t.State->Segments;
        (segments[Stubs.Es], segments[Stubs.Cs], segments[Stubs.Ss], segments[Stubs.Ds]) = (UserData, UserCode, UserData, UserData);
    }

    /// <summary>Puts a selector into es, ds, fs or gs, as the kernel does when it restores one: at user privilege, and what cannot be loaded becomes 0.</summary>
    public static void Restore(GuestThread t, int register, ushort selector)
    {
        ushort user = selector <= 3 ? selector : (ushort)(selector | 3);
        t.State->Segments[register] = IsLoadable(t, user) ? user : (ushort)0;
    }

    /// <summary>True when es, ds, fs and gs can take the selector: null, or a segment that can be read.</summary>
    public static bool IsLoadable(GuestThread t, ushort selector)
    {
        if (selector <= 3)
            return true;
        uint rights = t.Engine.Stubs.AccessRights(selector);
        return (rights & (Present | NotSystem)) == (Present | NotSystem) && (rights & (IsCode | SecondBit)) != IsCode;
    }

    /// <summary>True when ss can take the selector: a data segment that can be written.</summary>
    public static bool IsStack(GuestThread t, ushort selector) =>
        selector > 3 && (t.Engine.Stubs.AccessRights(selector) & (Present | NotSystem | IsCode | SecondBit)) == (Present | NotSystem | SecondBit);

    /// <summary>The code segment of a selector that cs can take; null for one it cannot. 64-bit code is out of reach.</summary>
    public static CodeSegment? Code(ushort selector) => I386CodeSegments.Instance.Find(selector);

    /// <summary>The code segment that the thread runs in.</summary>
    public static CodeSegment Code(GuestThread t) => Code(t.State->Segments[Stubs.Cs]) ?? CodeSegment.Flat;

    /// <summary>First address of the segment in es, cs, ss, ds, fs or gs.</summary>
    public static uint Base(GuestThread t, int register) => Find(t, register) is { } segment ? segment.Base : 0;

    /// <summary>The segment in es, cs, ss, ds, fs or gs; null for a flat one.</summary>
    public static I386SegmentDescriptor? Find(GuestThread t, int register)
    {
        ushort selector = t.State->Segments[register];
        return selector is UserData or UserCode or UserCode64 ? null : I386Descriptors.Find(t, selector);
    }
}
