using Suite.Devices.Misc;
using Suite.Jit.Memory;
using Suite.Machines.Backends;
using Suite.Machines.Options;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>Flash memories that end at 4 GiB, one below the other: the first holds the firmware, the next its variables.</summary>
internal sealed unsafe class PcFlash : IDisposable
{
    private const ulong MostBytes = 8 << 20;

    private readonly List<RamBlock> _blocks = [];

    /// <summary>The firmware: what is in the first one.</summary>
    /// <exception cref="OptionException">Their sizes are not possible.</exception>
    public static byte[] Firmware(IReadOnlyList<Drive> drives)
    {
        CheckSizes(drives);
        byte[] all = new byte[drives[0].Medium!.Length];
        drives[0].Medium!.Read(0, all);
        return all;
    }

    /// <summary>Maps them. The board's ROM is the first one's contents.</summary>
    /// <exception cref="OptionException">Their sizes are not possible.</exception>
    public PcFlash(X86Board board, IReadOnlyList<Drive> drives)
    {
        CheckSizes(drives);
        ulong end = PcDescription.FourGiB;
        for (int i = 0; i < drives.Count; i++)
        {
            BlockNode medium = drives[i].Medium!;
            ulong length = (ulong)medium.Length;
            end -= length;
            string name = $"pflash{i}";
            RamBlock block = i == 0 ? board.PcMemory.Rom : Fill(board, name, medium, end);
            PhysicalMemory memory = board.Machine.Spaces.Memory;
            ulong start = end;
            ParallelFlash flash = board.Machine.Add(new ParallelFlash(name, medium, block.Host, shown => memory.Map(new MemorySlot(start, length, shown ? block : null, 0, null, 0)), (at, bytes) => memory.Written(start + at, bytes)));
            board.Machine.Spaces.Mmio.Attach(flash, name, start, length, widest: 8);
            drives[i].AttachedTo = $"flash memory {i}";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RamBlock block in _blocks)
            block.Dispose();
    }

    private static void CheckSizes(IReadOnlyList<Drive> drives)
    {
        ulong all = 0;
        foreach (Drive drive in drives)
        {
            ulong length = (ulong)drive.Medium!.Length;
            all += length;
            if (length % ParallelFlash.BlockBytes != 0 || length == 0 || all > MostBytes)
                throw new OptionException($"drive '{drive.Id}': {length} bytes cannot be a flash memory", $"whole blocks of {ParallelFlash.BlockBytes} bytes, all together at most {MostBytes >> 20} MiB");
        }
    }

    private RamBlock Fill(X86Board board, string name, BlockNode medium, ulong start)
    {
        RamBlock block = new(name, (ulong)medium.Length);
        _blocks.Add(block);
        medium.Read(0, new Span<byte>(block.Host, (int)medium.Length));
        board.Machine.Add(block);
        board.Machine.Spaces.Memory.MapRom(start, block, 0, block.Bytes);
        return block;
    }
}
