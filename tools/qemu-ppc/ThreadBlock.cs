using System.Runtime.InteropServices;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tools.Ppc;

/// <summary>
/// The state block of a thread: the guest registers that have no host register, and behind them what this tool keeps per thread. Generated
/// code finds it through rbp.
/// </summary>
internal static unsafe class ThreadBlock
{
    // r3 as it was when the last system call was made (orig_gpr3).
    private const int OwnBytes = 64;
    private const nuint Alignment = 64;

    /// <summary>Gives a thread a block of its own, all zero.</summary>
    public static void Create(VcpuState* s, StateLayout layout)
    {
        nuint bytes = Bytes(layout);
        void* block = NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(block, bytes);
        s->Gpr[StateLayout.BlockRegister] = (ulong)block;
    }

    /// <summary>Replaces the block a new thread has in common with its parent by a copy.</summary>
    public static void Copy(VcpuState* s, StateLayout layout)
    {
        ReadOnlySpan<byte> parent = All(s, layout);
        Create(s, layout);
        parent.CopyTo(All(s, layout));
    }

    public static void Free(VcpuState* s) => NativeMemory.AlignedFree((void*)s->Gpr[StateLayout.BlockRegister]);

    /// <summary>All bytes of a thread's block.</summary>
    public static Span<byte> All(VcpuState* s, StateLayout layout) => new((void*)s->Gpr[StateLayout.BlockRegister], (int)Bytes(layout));

    /// <summary>orig_gpr3.</summary>
    public static ref uint OriginalR3(VcpuState* s, StateLayout layout) => ref *(uint*)(s->Gpr[StateLayout.BlockRegister] + (ulong)layout.Size);

    private static nuint Bytes(StateLayout layout) => (nuint)(layout.Size + OwnBytes);
}
