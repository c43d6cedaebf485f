using System.Diagnostics;
using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// The lock for everything guest threads share. A thread that waits for it counts as blocked, not as running managed code, and stays so
/// while the world is stopped: a fork never has to wait for a waiter, and no lock can be held by a thread that the child does not have.
/// Recursive, by thread state. Works across a vfork, whose child acts as its parent.
/// </summary>
public sealed unsafe class GuestLock(CodeRegion region)
{
    private const int Free = 0, Taken = 1, Contended = 2;

    private readonly int* _word = Allocate();
    private VcpuState* _owner;
    private int _depth;

    /// <summary>Takes the lock; disposing the result gives it back.</summary>
    public Scope Hold()
    {
        VcpuState* self = ThreadBinding.Current();
        if (_owner != self)
        {
            if (Interlocked.CompareExchange(ref *_word, Taken, Free) != Free)
                Wait(self);
            _owner = self;
        }

        _depth++;
        return new Scope(this);
    }

    /// <summary>Gives the lock to whoever waits for it, and takes it again. The caller holds it once.</summary>
    public void LetOthersIn()
    {
        Debug.Assert(_depth == 1);
        Release();
        Sys.Blocking(Nr.sched_yield);
        Hold();
    }

    /// <summary>Gives the lock back.</summary>
    public readonly ref struct Scope(GuestLock? owner)
    {
        public void Dispose() => owner?.Release();
    }

    private void Release()
    {
        if (--_depth > 0)
            return;
        _owner = null;
        if (Interlocked.Exchange(ref *_word, Free) == Contended)
            Sys.Call(Nr.futex, (long)_word, Linux.FUTEX_WAKE | Linux.FUTEX_PRIVATE_FLAG, 1);
    }

    private void Wait(VcpuState* self)
    {
        while (Interlocked.Exchange(ref *_word, Contended) != Free)
            WaitOutside(self, _word, Contended, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG);
    }

    /// <summary>futex(2) waiting once while a word has a value, outside managed code.</summary>
    internal void WaitOutside(VcpuState* self, void* word, uint value, int operation)
    {
        bool bound = self->Bound != 0;
        if (bound)
            SetStage(self, VcpuStage.Blocked);
        Sys.Blocking(Nr.futex, (long)word, operation, value, 0);
        if (bound)
            Return(self);
    }

    private void Return(VcpuState* self)
    {
        while (true)
        {
            SetStage(self, VcpuStage.Managed);
            Thread.MemoryBarrier();
            uint word = Volatile.Read(ref *region.StopWord);
            if ((word & 1) == 0)
                return;
            SetStage(self, VcpuStage.Blocked);
            Sys.Blocking(Nr.futex, (long)region.StopWord, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG, word, 0);
        }
    }

    private static void SetStage(VcpuState* s, VcpuStage stage) => Volatile.Write(ref *(ulong*)&s->Stage, (ulong)stage);

    private static int* Allocate() => (int*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(64);
}
