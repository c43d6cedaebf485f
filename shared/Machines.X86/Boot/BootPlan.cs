using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;
using Suite.PcBios;
using Suite.PcBios.Boot;

namespace Suite.Machines.X86.Boot;

/// <summary>
/// A kernel that is started without firmware: the files have been read and checked; <see cref="Apply"/> puts them into memory and sets the
/// first vCPU's state, after each reset of the machine.
/// </summary>
public sealed class BootPlan
{
    private const int Chunk = 1 << 30;

    internal BootPlan(string description, IReadOnlyList<BootPiece> pieces, CpuStart start) => (Description, Pieces, Start) = (description, pieces, start);

    /// <summary>What was recognised, for logs: "Linux bzImage, boot protocol 2.15, 64-bit entry".</summary>
    public string Description { get; }

    /// <summary>What is put where.</summary>
    public IReadOnlyList<BootPiece> Pieces { get; }

    /// <summary>How the kernel is entered.</summary>
    public CpuStart Start { get; }

    /// <summary>Reads the files and decides how they are started.</summary>
    /// <exception cref="BootException">A file cannot be read or used, or memory does not suffice.</exception>
    public static BootPlan Read(BootFiles files, BootMachine machine)
    {
        LoaderFile kernel = LoaderFile.Open("-kernel", files.Kernel);
        byte[] head = kernel.Head(0, MultibootHeader2.SearchBytes);
        if (LinuxHeader.TryParse(kernel, head) is { } linux)
            return LinuxLoader.Plan(kernel, linux, files, machine);
        if (MultibootHeader2.Find(kernel, head) is { } multiboot2)
            return MultibootLoader2.Plan(kernel, multiboot2, files, machine);
        if (MultibootHeader.Find(kernel, head) is { } multiboot)
            return MultibootLoader.Plan(kernel, multiboot, files, machine);
        if (ElfImage.TryParse(kernel, head) is { } elf)
            return elf.PvhEntry is null ? LinuxLoader.PlanElf(kernel, elf, files, machine) : PvhLoader.Plan(kernel, elf, files, machine);
        if (LinuxHeader.TryParseOld(head) is { } old)
            return LinuxLoader.Plan(kernel, old, files, machine);
        throw kernel.Error(WhyNot(head));
    }

    /// <summary>Fills memory and sets the state of the first vCPU, which has been reset before. The other vCPUs wait for the kernel.</summary>
    /// <param name="memory">The machine's memory.</param>
    /// <param name="cpu">The first vCPU.</param>
    /// <param name="firmware">Our own firmware, powered on: a 16-bit entry is reached through its reset code, which sets up interrupts first. Null: none.</param>
    /// <exception cref="BootException">A file has become shorter, or the board's memory is not what the plan was made for.</exception>
    public unsafe void Apply(PhysicalMemory memory, X86Cpu* cpu, PcFirmware? firmware = null)
    {
        Load(memory);
        if (Start.Mode == EntryMode.Real && firmware is not null)
            firmware.Direct = new DirectStart(Start.RealCs, (ushort)Start.Rip, Start.RealData16, (ushort)Start.Rsp);
        else
            Start.Apply(cpu);
    }

    /// <summary>Fills memory only.</summary>
    public unsafe void Load(PhysicalMemory memory)
    {
        foreach (BootPiece piece in Pieces)
        {
            Fill(memory, piece, piece.Address, (ulong)piece.Bytes.Length, (span, done) => piece.Bytes.AsSpan((int)done, span.Length).CopyTo(span));
            ulong at = piece.Address + (ulong)piece.Bytes.Length;
            Fill(memory, piece, at, piece.FileLength, (span, done) => piece.File!.Read(piece.FileOffset + done, span, piece.Name));
            Fill(memory, piece, at + piece.FileLength, piece.Zeros, (span, _) => span.Clear());
        }
    }

    private static unsafe void Fill(PhysicalMemory memory, BootPiece piece, ulong address, ulong length, Filler fill)
    {
        for (ulong done = 0; done < length;)
        {
            byte* host = memory.WritePointer(address + done, out ulong run);
            if (host == null)
                throw new BootException($"{piece.Name}: there is no memory at {address + done:x}");
            int part = (int)Math.Min(Math.Min(run, length - done), Chunk);
            fill(new Span<byte>(host, part), done);
            memory.Written(address + done, part);
            done += (ulong)part;
        }
    }

    private static string WhyNot(byte[] head)
    {
        const string wanted = "give a Linux bzImage, an ELF kernel for x86 or a multiboot kernel";
        if (head.Length == 0)
            return $"is empty; {wanted}";
        if (head.AsSpan().StartsWith<byte>([0x1F, 0x8B]))
            return $"is compressed with gzip; unpack it first (gunzip), then {wanted}";
        if (head.AsSpan().StartsWith("\x7f"u8 + "ELF"u8))
            return $"is an ELF file that cannot be started here; {wanted}";
        if (head.AsSpan().StartsWith("MZ"u8))
            return "is an EFI program without a Linux boot header; start it through UEFI firmware (-bios OVMF.fd) from a disk";
        return $"is no kernel that is known here; {wanted}. A disk image is given with -drive file=..., a firmware image with -bios";
    }

    private delegate void Filler(Span<byte> into, ulong done);
}
