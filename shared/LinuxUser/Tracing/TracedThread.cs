using System.Runtime.InteropServices;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;

namespace Suite.LinuxUser.Tracing;

/// <summary>A thread that another process traces: its block and how it was told to run. Used by its own host thread only.</summary>
public sealed unsafe class TracedThread
{
    private SeccompState? _filters;

    private TracedThread(TraceBlock* block) => Block = block;

    /// <summary>What its tracer sees.</summary>
    public TraceBlock* Block { get; private set; }

    /// <summary>How the tracer let it go on.</summary>
    public TraceCommand Mode { get; set; } = TraceCommand.Continue;

    /// <summary>PTRACE_O_... and <see cref="TraceBlock.Seized"/>, as of the last stop.</summary>
    public uint Options { get; set; }

    /// <summary>Its breakpoints on execution, by slot; those of <see cref="BreakpointSlots"/> are in force.</summary>
    internal ulong[] Breakpoints { get; set; } = [];

    /// <summary>Which of <see cref="Breakpoints"/> are in force.</summary>
    internal uint BreakpointSlots { get; set; }

    /// <summary>The instruction that no breakpoint stops at, as the thread entered guest code there with the resume flag.</summary>
    internal ulong? ResumesAt { get; set; }

    /// <summary>The thread has entered a call whose return is to be reported.</summary>
    public bool ReportsReturn { get; set; }

    /// <summary>A block laid out for the registers of the thread's target.</summary>
    public static TracedThread Create(GuestThread t)
    {
        IReadOnlyList<Regset> sets = t.Abi.Regsets;
        int bytes = sizeof(TraceBlock);
        foreach (Regset set in sets)
            bytes += set.Size + 7 & ~7;
        TraceBlock* block = (TraceBlock*)NativeMemory.AllocZeroed((nuint)bytes);
        int at = sizeof(TraceBlock);
        for (int i = 0; i < sets.Count; i++)
        {
            (block->RegsetType[i], block->RegsetSize[i], block->RegsetOffset[i]) = (sets[i].Type, sets[i].Size, at);
            at += sets[i].Size + 7 & ~7;
        }

        (block->Signature, block->RegsetCount) = (TraceBlock.Mark, sets.Count);
        (block->CodeStart, block->CodeEnd) = ((ulong)t.Engine.Region.Code, (ulong)t.Engine.Region.CodeEnd);
        return new TracedThread(block);
    }

    /// <summary>Gives the block's memory back; no tracer may look at it any more.</summary>
    public void Free()
    {
        NativeMemory.Free((void*)Block->Filters);
        NativeMemory.Free(Block);
        Block = null;
    }

    /// <summary>Copies the thread's registers into the block.</summary>
    public void Publish(GuestThread t)
    {
        IReadOnlyList<Regset> sets = t.Abi.Regsets;
        for (int i = 0; i < sets.Count; i++)
            sets[i].Read(t, RegsetBytes(i));
        (Block->Pc, Block->StackPointer, Block->CallNumber) = (t.State->Pc, t.Abi.StackPointer(t), t.CallNumber);
        Block->SignalMask = t.SignalMask;
        if (t.Process.Seccomp is { } gate && gate.StateOf(t) is { } filters && filters != _filters)
            PublishFilters(_filters = filters);
        if ((Options & TraceBlock.MemoryOpen) != 0)
            t.Engine.RememberCode();
    }

    /// <summary>Takes back what the tracer changed. Values the kernel would refuse are left out.</summary>
    public void TakeBack(GuestThread t)
    {
        IReadOnlyList<Regset> sets = t.Abi.Regsets;
        for (int i = 0; i < sets.Count; i++)
            if ((Block->Dirty & 1u << i) != 0)
                sets[i].Write(t, RegsetBytes(i));
        bool isWatched = (Options & TraceBlock.MemoryOpen) != 0;
        if (isWatched)
            t.Engine.DropChangedCode();
        if (Block->WrittenCount > TraceBlock.MostWritten || (!isWatched && (Block->Options & TraceBlock.MemoryOpen) != 0))
            t.Engine.Invalidate(0, ulong.MaxValue);
        else
            for (int i = 0; i < Block->WrittenCount; i++)
                t.Engine.Invalidate(Block->Written[i], sizeof(ulong));
        (Mode, Options) = (Block->Command, Block->Options);
    }

    private void PublishFilters(SeccompState filters)
    {
        byte[] image = SeccompImage.Encode(filters);
        void* copy = NativeMemory.Realloc((void*)Block->Filters, (nuint)image.Length);
        image.CopyTo(new Span<byte>(copy, image.Length));
        (Block->Filters, Block->FilterBytes) = ((ulong)copy, image.Length);
    }

    private Span<byte> RegsetBytes(int i) => new((byte*)Block + Block->RegsetOffset[i], Block->RegsetSize[i]);
}
