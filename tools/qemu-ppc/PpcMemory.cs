using Suite.Jit.Ir;
using Suite.LinuxUser.Memory;

namespace Suite.Tools.Ppc;

/// <summary>Guest memory for the interpreter.</summary>
internal sealed unsafe class PpcMemory(GuestMemory memory) : IIrMemory
{
    public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        return memory.TryRead(address, new Span<byte>(into, bytes)) || Blame(address, bytes, ref faultAddress, isWrite: false);
    }

    public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        return memory.TryWrite(address, new ReadOnlySpan<byte>(from, bytes)) || Blame(address, bytes, ref faultAddress, isWrite: true);
    }

    public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress)
    {
        faultAddress = address;
        stored = false;
        if (!memory.TryRead(address, out uint _) || memory.Find(address) is not { IsWritable: true })
            return false;
        memory.AllowKernelWrites(address, sizeof(uint));
        // SAFETY: just read and known to be writable; a page that another thread unmaps at this moment is the guest's doing.
        stored = Interlocked.CompareExchange(ref *(uint*)address, replacement, expected) == expected;
        return true;
    }

    // The first byte that is not there: at the start, or at the start of the next page.
    private bool Blame(uint address, int bytes, ref ulong faultAddress, bool isWrite)
    {
        uint nextPage = (uint)((address | (GuestMemory.PageSize - 1)) + 1);
        bool crosses = nextPage - address < (uint)bytes;
        if (crosses && memory.TryRead(address, out byte _) && (!isWrite || memory.Find(address) is { IsWritable: true }))
            faultAddress = nextPage;
        return false;
    }
}
