using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// What unwinding has to know of a target: its DWARF register numbers, where signal frames keep registers, and how to go on without call
/// frame information. Registers come as the target's NT_PRSTATUS set.
/// </summary>
public abstract class UnwindTarget
{
    /// <summary>Columns that are kept; PowerPC's SPE registers and the like are not needed to unwind.</summary>
    public const int MaximumColumns = 128;

    /// <summary>Bytes of a register and an address.</summary>
    public abstract int WordBytes { get; }

    /// <summary>Byte order of memory and of the register set.</summary>
    public abstract bool BigEndian { get; }

    /// <summary>DWARF number of the stack pointer.</summary>
    public abstract int StackPointer { get; }

    /// <summary>The target of a tool.</summary>
    public static UnwindTarget For(ElfTarget target) => target.BigEndian ? new UnwindPpc() : target.Is64 ? new UnwindX64() : new UnwindI386();

    /// <summary>Takes the registers from an NT_PRSTATUS register set.</summary>
    public abstract UnwindRegisters Read(ReadOnlySpan<byte> general);

    /// <summary>The words of an NT_PRSTATUS register set with the names debuggers give them.</summary>
    public List<(string Name, ulong Value)> Name(ReadOnlySpan<byte> general)
    {
        List<(string, ulong)> named = [];
        for (int i = 0; i < Names.Length && (i + 1) * WordBytes <= general.Length; i++)
            named.Add((Names[i], Word(general, i)));
        return named;
    }

    /// <summary>Names of the register set's words, in order.</summary>
    protected abstract string[] Names { get; }

    /// <summary>When pc is where handlers return to: the registers of what the signal interrupted, from its frame.</summary>
    internal abstract UnwindRegisters? Interrupted(UnwindRegisters frame, IGuestReader memory);

    /// <summary>The caller without call frame information; null when there is none to be found.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="isInnermost">Nothing was called from it: registers that only live until the next call are good.</param>
    /// <param name="map">Where code is.</param>
    /// <param name="memory">The guest's memory.</param>
    internal abstract (UnwindRegisters Caller, FrameKind Kind)? WithoutTable(UnwindRegisters frame, bool isInnermost, ModuleMap map, IGuestReader memory);

    /// <summary>A word in guest memory.</summary>
    internal bool TryWord(IGuestReader memory, ulong address, out ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[..WordBytes];
        value = 0;
        if (!memory.TryRead(address, raw))
            return false;
        value = GuestNumber.Read(raw, BigEndian, signed: false);
        return true;
    }

    /// <summary>The word of that number in a register set.</summary>
    protected ulong Word(ReadOnlySpan<byte> general, int index) => GuestNumber.Read(general.Slice(index * WordBytes, WordBytes), BigEndian, signed: false);
}
