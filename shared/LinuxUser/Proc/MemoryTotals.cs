using Suite.Host;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>How much is mapped of what kind, in bytes, as the kernel counts it (vm_stat_account of mm/mmap.c, task_mem of fs/proc/task_mmu.c).</summary>
/// <param name="Size">All mappings.</param>
/// <param name="Data">Writable private memory without the stack.</param>
/// <param name="Stack">The stack.</param>
/// <param name="Text">The program's code.</param>
/// <param name="Libraries">Other code.</param>
internal readonly record struct MemoryTotals(ulong Size, ulong Data, ulong Stack, ulong Text, ulong Libraries)
{
    /// <summary>Adds up.</summary>
    public static MemoryTotals Of(IEnumerable<Vma> mappings, ProgramIdentity id)
    {
        ulong size = 0, data = 0, stack = 0, code = 0;
        foreach (Vma vma in mappings)
        {
            ulong bytes = vma.End - vma.Start;
            size += bytes;
            if (vma.IsMainStack)
                stack += bytes;
            else if (vma.IsData)
                data += bytes;
            else if (vma.IsExecutable && !vma.IsWritable)
                code += bytes;
        }

        ulong text = Math.Min(code, Up(id.CodeEnd) - Math.Min(Up(id.CodeEnd), id.CodeStart & ~(GuestMemory.PageSize - 1)));
        return new MemoryTotals(size, data, stack, text, code - text);
    }

    private static ulong Up(ulong address) => (address + GuestMemory.PageSize - 1) & ~(GuestMemory.PageSize - 1);
}
