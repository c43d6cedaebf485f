using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// One reservation in the low 2 GiB that holds everything generated code refers to by a 32-bit address: stubs, shared words,
/// the two indirect-branch tables and the code itself. The mapping is private: a forked child gets its own copy (design.md, section 3).
/// <code>
///   +0       stubs                      +10000h  system calls allowed in line, a byte each (64 KiB)
///   +8000h   shared words               +20000h  return table, 65536 x 4 bytes
///                                       +60000h  jump table, 65536 x 4 bytes
///   +A0000h  counters of entries, 65536 x 4 bytes
///   +E0000h  code: hot blocks grow up, cold exits grow down from the end
///   behind it, for code in compatibility mode only: low memory for what that code reads (block map, state of threads)
/// </code>
/// </summary>
public sealed unsafe class CodeRegion
{
    public const int StubSize = 0x8000, SharedOffset = 0x8000, InlineOffset = 0x10000, ReturnOffset = 0x20000, JumpOffset = 0x60000, CodeOffset = 0xE0000;

    /// <summary>Place and size of <see cref="Notice"/> and <see cref="NoticeTable"/>.</summary>
    public const int NoticeOffset = SharedOffset + 0x400, NoticeBytes = 0x400, NoticeTableOffset = SharedOffset + 0x1400, NoticeTableBytes = InlineOffset - NoticeTableOffset;

    /// <summary>Entries of each indirect-branch table; indexed by the low 16 bits of the guest address.</summary>
    public const int TableEntries = 65536;

    private const int CounterOffset = 0xA0000, LargePages = 16 << 20, MADV_HUGEPAGE = 14;

    // Below 2 GiB, at multiples of 2 MiB, away from where linkers put programs (400000h, 10000000h) and from what MAP_32BIT hands out (40000000h up).
    private static ReadOnlySpan<uint> Candidates => [0x68000000, 0x58000000, 0x78000000, 0x48000000, 0x38000000, 0x28000000, 0x18000000];

    private CodeRegion(byte* start, int codeBytes, int lowBytes)
    {
        Base = start;
        CodeEnd = start + CodeOffset + codeBytes;
        Size = CodeOffset + codeBytes + lowBytes;
        Low = lowBytes == 0 ? null : new LowMemory(CodeEnd);
    }

    public byte* Base { get; }

    /// <summary>Bytes reserved, tables included.</summary>
    public int Size { get; }

    /// <summary>First byte of generated code.</summary>
    public byte* Code => Base + CodeOffset;

    /// <summary>End of the room for generated code.</summary>
    public byte* CodeEnd { get; }

    /// <summary>Memory that code in compatibility mode can address; null where none was asked for.</summary>
    public LowMemory? Low { get; }

    /// <summary>Bit 0: threads park at their next exit (see <see cref="World"/>). The rest counts flushes: a thread enters only with the count it looked its code up with.</summary>
    public uint* StopWord => (uint*)(Base + SharedOffset);

    /// <summary>Set by the gate on a thread of the runtime that has blocked all signals; see <see cref="World.SilenceRuntimeThread"/>.</summary>
    public uint* Silenced => (uint*)(Base + SharedOffset + 4);

    /// <summary>The MXCSR managed code expects (1f80h).</summary>
    public uint* DefaultMxcsr => (uint*)(Base + SharedOffset + 8);

    /// <summary>Current table of the block map, read by the look-up stub.</summary>
    public ulong* BlockMap => (ulong*)(Base + SharedOffset + 16);

    /// <summary>The selector <see cref="Stubs.StateSelector"/>, for code in compatibility mode whose fs is the guest's at that moment.</summary>
    public ushort* StateSelector => (ushort*)(Base + SharedOffset + 24);

    /// <summary>Handlers that stood before the signal gate, by signal number.</summary>
    public ulong* OldHandlers => (ulong*)(Base + SharedOffset + 0x100);

    /// <summary>256 bytes for a front end: a look-up by one byte, where an `and` would change flags.</summary>
    public byte* ByteTable => Base + SharedOffset + 0x1000;

    /// <summary>
    /// What the personality lets other processes read about this one: <see cref="NoticeBytes"/> bytes at a fixed distance from the base, which is one of
    /// <see cref="UsualBases"/>.
    /// </summary>
    public byte* Notice => Base + NoticeOffset;

    /// <summary>Room of <see cref="NoticeTableBytes"/> bytes for what <see cref="Notice"/> lists, as long as it fits.</summary>
    public byte* NoticeTable => Base + NoticeTableOffset;

    /// <summary>Where regions of other processes may begin, the likeliest place first.</summary>
    public static ReadOnlySpan<uint> UsualBases => Candidates;

    /// <summary>One byte a system call number: 1 when generated code may make the call itself.</summary>
    public byte* InlineCalls => Base + InlineOffset;

    /// <summary>Host addresses of thunks, which lie below 4 GiB.</summary>
    public uint* ReturnTable => (uint*)(Base + ReturnOffset);

    /// <summary>As <see cref="ReturnTable"/>, for other indirect branches.</summary>
    public uint* JumpTable => (uint*)(Base + JumpOffset);

    /// <summary>
    /// Entries {pc, host} of 32 bits each, in the place of the two other tables, for <see cref="TranslatorTraits.ComparesTargets"/>; indexed by bits 2 to 17 of
    /// the pc.
    /// </summary>
    public ulong* TargetTable => (ulong*)ReturnTable;

    /// <summary>Where a region with low memory lies if nothing is in its way; 32-bit guests are kept out of there from the start.</summary>
    public static (ulong Start, ulong End) UsualPlace(int codeBytes) => (Candidates[0], Candidates[0] + (ulong)CodeOffset + (ulong)codeBytes + LowMemory.Bytes);

    /// <summary>
    /// How often blocks were entered, for <see cref="TranslatorTraits.FollowsJumps"/>; indexed as <see cref="TargetTable"/>. Each
    /// entry adds <see cref="EntryWeight"/>; the carry says that it was often.
    /// </summary>
    public uint* EntryCounters => (uint*)(Base + CounterOffset);

    /// <summary>2^32 divided by the number of entries that make a block hot.</summary>
    public const int EntryWeight = 1 << 20;

    /// <summary>Reserves a region of <paramref name="codeBytes"/> of code.</summary>
    /// <param name="codeBytes">Bytes of code.</param>
    /// <param name="lowMemory">Whether there is to be low memory behind the code.</param>
    /// <exception cref="EngineException">No free place below 2 GiB, or the host refuses executable memory.</exception>
    public static CodeRegion Reserve(int codeBytes, bool lowMemory = false)
    {
        int low = lowMemory ? LowMemory.Bytes : 0;
        int size = CodeOffset + codeBytes + low;
        long error = 0;
        foreach (uint at in Candidates)
        {
            long got = Sys.Call(Nr.mmap, at, size, Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | Linux.MAP_FIXED_NOREPLACE, -1, 0);
            if (got == at)
            {
                // A large page would be cleared at its first fault, which takes longer than most programs need for all else there: first, a small one.
                *(byte*)got = 0;
                Sys.Call(Nr.madvise, got, Math.Min(size, LargePages), MADV_HUGEPAGE);
                return new CodeRegion((byte*)got, codeBytes, low);
            }

            if (!Sys.IsError(got))
                Sys.Call(Nr.munmap, got, size);
            error = got;
        }

        throw new EngineException($"no room for {size >> 20} MiB of code below 2 GiB (errno {-error}): raise `ulimit -v` or use -tb-size with a smaller value");
    }
}
