using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Why generated code came back.</summary>
internal enum MachineExit : uint
{
    /// <summary>A jump whose target is not in the jump cache: the target is in <see cref="VcpuArea.ExitAddress"/>.</summary>
    Lookup,

    /// <summary>A direct jump that is not linked yet: the link's number is in <see cref="VcpuArea.ExitSite"/>.</summary>
    Link,

    /// <summary>An instruction that is the core's: its site's number is in <see cref="VcpuArea.ExitSite"/>.</summary>
    Special,

    /// <summary>An instruction that has to be executed by itself: device memory, a page boundary, a page with code.</summary>
    Careful,

    /// <summary>A memory access raised a page fault; it is in <see cref="VcpuArea.MissFault"/>.</summary>
    Fault,

    /// <summary>Asked to leave at the head of a block.</summary>
    Interrupt,

    /// <summary>The host's processor raised an exception in generated code.</summary>
    HostFault,

    /// <summary>An access was guessed wrong many times: its site's number is in <see cref="VcpuArea.ExitSite"/>.</summary>
    WrongGuesses,

    /// <summary>Asked to leave before an instruction within a block that may end a stretch with interrupts allowed.</summary>
    Window,

    /// <summary>Waited long for another processor, at the head of a block.</summary>
    Spin,

    /// <summary>A carefully executed instruction is done.</summary>
    Done,
}

/// <summary>
/// What generated code of one vCPU addresses through gs: the architectural state, the look-up tables for linear addresses, and scratch. Lies in memory that does not move.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VcpuArea
{
    /// <summary>Entries of a TLB table; one for each of <see cref="Views"/>.</summary>
    public const int TlbBits = 10, TlbEntries = 1 << TlbBits;

    /// <summary>Whose accesses a TLB table serves: the kernel's, user code's, and the kernel's while it may touch user pages in spite of SMAP.</summary>
    public const int Views = 3;

    /// <summary>Seams of one table: each view has one for reads and one for writes.</summary>
    public const int SeamEntries = 4, Seams = Views * 2 * SeamEntries;

    /// <summary>The largest operand.</summary>
    public const int SeamBytes = 128;

    /// <summary>Accesses whose TLB entry can be guessed.</summary>
    public const int MostHints = 32768;

    /// <summary>
    /// The page of an entry that is empty, and what stands for its host address: of no canonical address, so that a guest which hits upon it gets the host's #GP for its own.
    /// </summary>
    public const ulong NoPage = 0x6B8F_3C21_D47A_5000;

    /// <summary>Host addresses that accesses of a block share.</summary>
    public const int Shares = 8;

    /// <summary>Entries of the jump caches, one for each of <see cref="Views"/>: the kernel's is larger, which is seldom emptied.</summary>
    public const int JumpEntries = KernelJumps + (Views - 1) * OtherJumps;

    private const int KernelJumps = 16384, OtherJumps = 4096;

    /// <summary>Size of <see cref="Bounce"/>: the largest XSAVE image with room for alignment.</summary>
    public const int BounceBytes = 4096 + 128;

    public X86Cpu Cpu;

    /// <summary>Not 0: leave generated code at the next block.</summary>
    public uint ExitRequest;

    /// <summary>Not 0 while the interrupt pin is asserted.</summary>
    public uint InterruptLine;

    /// <summary>Not 0 while vector and floating-point registers are the guest's.</summary>
    public uint VectorsLoaded;

    /// <summary>Turns of waiting loops that are left until generated code leaves, so that others get the host's processor.</summary>
    public uint Spins;

    /// <summary>Arithmetic flags as lahf and seto give them: al = OF, ah = SF ZF AF PF CF.</summary>
    public uint Flags;

    /// <summary>See <see cref="MachineExit"/>.</summary>
    public uint ExitSite;

    /// <summary>Instructions executed, and how many there may be before the vCPU comes back: where instructions are the measure of time (-icount).</summary>
    public long InsnCount, InsnLimit;

    public ulong ExitAddress, HostSp, EnterTarget, RaxSave, Temp;

    /// <summary>Address of this structure.</summary>
    public nint Self;

    /// <summary>Handle of the managed object it belongs to.</summary>
    public nint Owner;

    /// <summary>Host's fault: place, trap number.</summary>
    public ulong FaultPc, FaultTrap;

    /// <summary>Where a carefully executed instruction finds its memory operand.</summary>
    public ulong BounceAddress;

    /// <summary>Components of the XSAVE image that the guest uses.</summary>
    public ulong VectorMask;

    /// <summary>MXCSR of managed code.</summary>
    public uint HostMxcsr;

    /// <summary>What a load found in a device register.</summary>
    public ulong DeviceValue;

    /// <summary>Error code of a page fault.</summary>
    public uint MissFault;

    /// <summary>Flags at a fault of the host, as <see cref="Flags"/>.</summary>
    public uint FaultFlags;

    /// <summary>Host addresses that accesses of the running block share.</summary>
    public fixed ulong Shared[Shares];

    /// <summary>Linear page of each entry; a hit is 0 &lt;= address - tag &lt; 4096. What may be written may be read, in the same place.</summary>
    public fixed ulong ReadTags[Views * TlbEntries];

    public fixed ulong WriteTags[Views * TlbEntries];

    /// <summary>Host address of each entry's page.</summary>
    public fixed ulong ReadPages[Views * TlbEntries];

    public fixed ulong WritePages[Views * TlbEntries];

    /// <summary>
    /// Pairs of pages that lie side by side somewhere, for operands across them: the linear address of the <see cref="SeamBytes"/> before the second page, and where these are. A
    /// hit is 0 &lt;= address - tag &lt; SeamBytes.
    /// </summary>
    public fixed ulong SeamTags[Seams];

    public fixed ulong SeamHosts[Seams];

    /// <summary>The entry the stack used last, of each table.</summary>
    public fixed uint StackHints[Views];

    /// <summary>The entry an access used last, and a count of wrong guesses that asks managed code when it overflows.</summary>
    public fixed uint Hints[MostHints * 2];

    /// <summary>What the jump caches are for (<see cref="ModeKey.JumpBits"/>): the kernel's two, and user code's.</summary>
    public fixed uint JumpModes[2];

    /// <summary>Offsets in the code segment, and the code for them.</summary>
    public fixed ulong JumpTags[JumpEntries];

    public fixed ulong JumpCode[JumpEntries];

    public fixed byte Bounce[BounceBytes];

    /// <summary>The first entry of a jump cache.</summary>
    public static int FirstJump(int set) => set == 0 ? 0 : KernelJumps + (set - 1) * OtherJumps;

    /// <summary>Entries of a jump cache, a power of two.</summary>
    public static int JumpsOf(int set) => set == 0 ? KernelJumps : OtherJumps;

    /// <summary>The first entry of a table of seams.</summary>
    public static int SeamTable(int view, bool isWrite) => (view * 2 + (isWrite ? 1 : 0)) * SeamEntries;
}

/// <summary>gs: displacements of the fields of <see cref="VcpuArea"/>.</summary>
internal static unsafe class AreaSlot
{
    public static readonly int ExitRequest, InterruptLine, Spins, Rflags, KernelGsBase, VectorsLoaded, Flags, ExitSite, ExitAddress, HostSp, EnterTarget, RaxSave, Temp, Self, FaultPc, FaultTrap, BounceAddress,
        VectorMask, HostMxcsr, FaultFlags, ReadTags, WriteTags, ReadPages, WritePages, SeamTags, SeamHosts, JumpTags, JumpCode, Vectors,
        InsnCount, InsnLimit, Efer, Star, Lstar, Sfmask, Cpl;

    private static readonly int Gprs, Segments, LimitOffset, SelectorOffset, JumpModes, Shared, StackHints, Hints;

    static AreaSlot()
    {
        VcpuArea* area = (VcpuArea*)NativeMemory.Alloc((nuint)sizeof(VcpuArea)); // never touched, only measured
        int Of(void* field) => (int)((byte*)field - (byte*)area);
        Gprs = Of(area->Cpu.Gpr);
        Segments = Of(Unsafe.AsPointer(ref area->Cpu.Seg(0)));
        LimitOffset = Of(Unsafe.AsPointer(ref area->Cpu.Seg(0).Limit)) - Segments;
        SelectorOffset = Of(Unsafe.AsPointer(ref area->Cpu.Seg(0).Selector)) - Segments;
        Vectors = Of(&area->Cpu.Vectors);
        InterruptLine = Of(&area->InterruptLine);
        Spins = Of(&area->Spins);
        Rflags = Of(&area->Cpu.Rflags);
        KernelGsBase = Of(&area->Cpu.KernelGsBase);
        ExitRequest = Of(&area->ExitRequest);
        InsnCount = Of(&area->InsnCount);
        InsnLimit = Of(&area->InsnLimit);
        VectorsLoaded = Of(&area->VectorsLoaded);
        Flags = Of(&area->Flags);
        ExitSite = Of(&area->ExitSite);
        ExitAddress = Of(&area->ExitAddress);
        HostSp = Of(&area->HostSp);
        EnterTarget = Of(&area->EnterTarget);
        RaxSave = Of(&area->RaxSave);
        Temp = Of(&area->Temp);
        Self = Of(&area->Self);
        FaultPc = Of(&area->FaultPc);
        FaultTrap = Of(&area->FaultTrap);
        BounceAddress = Of(&area->BounceAddress);
        VectorMask = Of(&area->VectorMask);
        HostMxcsr = Of(&area->HostMxcsr);
        FaultFlags = Of(&area->FaultFlags);
        Shared = Of(area->Shared);
        ReadTags = Of(area->ReadTags);
        WriteTags = Of(area->WriteTags);
        ReadPages = Of(area->ReadPages);
        WritePages = Of(area->WritePages);
        SeamTags = Of(area->SeamTags);
        SeamHosts = Of(area->SeamHosts);
        StackHints = Of(area->StackHints);
        Hints = Of(area->Hints);
        JumpModes = Of(area->JumpModes);
        Efer = Of(&area->Cpu.Efer);
        Star = Of(&area->Cpu.Star);
        Lstar = Of(&area->Cpu.Lstar);
        Sfmask = Of(&area->Cpu.Sfmask);
        Cpl = Of(&area->Cpu.Cpl);
        JumpTags = Of(area->JumpTags);
        JumpCode = Of(area->JumpCode);
        NativeMemory.Free(area);
    }

    /// <summary>gs:[slot].</summary>
    public static Mem At(int slot) => new(-1, -1, 0, slot, 0x65);

    /// <summary>gs:[index * 8 + slot].</summary>
    public static Mem Indexed(Reg index, int slot) => new(-1, (int)index, 3, slot, 0x65);

    /// <summary>Home of a guest register.</summary>
    public static Mem Gpr(int register) => At(Gprs + register * 8);

    /// <summary>Host address that some accesses of a block share.</summary>
    public static Mem SharedAddress(int number) => At(Shared + number * 8);

    /// <summary>The entry the stack used last.</summary>
    public static Mem StackHint(int view) => At(StackHints + view * 4);

    /// <summary>The entry an access used last.</summary>
    public static Mem Hint(int number) => At(Hints + number * 8);

    /// <summary>Its count of wrong guesses.</summary>
    public static Mem HintCount(int number) => At(Hints + number * 8 + 4);

    /// <summary>What a jump cache is for.</summary>
    public static Mem JumpMode(bool isUser) => At(JumpModes + (isUser ? 4 : 0));

    /// <summary>Base of a segment register.</summary>
    public static Mem SegmentBase(int segment) => At(Segments + segment * sizeof(Segment));

    /// <summary>Limit of a segment register, and behind it the attributes.</summary>
    public static Mem SegmentLimit(int segment) => At(Segments + segment * sizeof(Segment) + LimitOffset);

    /// <summary>Selector of a segment register.</summary>
    public static Mem SegmentSelector(int segment) => At(Segments + segment * sizeof(Segment) + SelectorOffset);
}
