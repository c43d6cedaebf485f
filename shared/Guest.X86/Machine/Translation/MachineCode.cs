using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>One vCPU's share of the code cache: hot code grows up, cold code down; and what belongs to it.</summary>
internal sealed unsafe class MachineCode
{
    /// <summary>Size of <see cref="Careful"/>.</summary>
    public const int CarefulBytes = 64 << 10;

    private const int ColdReserve = 64 << 10, HotReserve = 64 << 10;

    private readonly byte* _start, _end;

    /// <summary>Takes a stretch of executable memory.</summary>
    public MachineCode(byte* start, int bytes, delegate* unmanaged<VcpuArea*, ulong> miss, bool hasXsaveopt)
    {
        Careful = start;
        X64Asm a = new(start + CarefulBytes);
        Stubs = new MachineStubs(ref a, miss, hasXsaveopt);
        _start = a.Position;
        _end = start + bytes;
        Clear();
    }

    /// <summary>Room for instructions that are executed one by one: <see cref="CarefulBytes"/>.</summary>
    public byte* Careful { get; }

    /// <summary>Ways in and out.</summary>
    public MachineStubs Stubs { get; }

    /// <summary>Places managed code may be asked about.</summary>
    public List<TranslationSite> Sites { get; } = [];

    /// <summary>Direct jumps.</summary>
    public List<TranslationLink> Links { get; } = [];

    /// <summary>Instructions that managed code executes.</summary>
    public List<Instruction> Insns { get; } = [];

    /// <summary>Instructions by host address, block by block.</summary>
    public List<InsnPlace> Places { get; } = [];

    /// <summary>Accesses whose TLB entry is guessed.</summary>
    public List<TlbHint> Hints { get; } = [];

    /// <summary>Where hot code goes next.</summary>
    public byte* Hot { get; set; }

    /// <summary>Where cold code begins.</summary>
    public byte* Cold { get; set; }

    /// <summary>True when another block may not fit.</summary>
    public bool IsFull => Hot + HotReserve + ColdReserve > Cold;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Hot = _start;
        Cold = _end;
        Sites.Clear();
        Links.Clear();
        Insns.Clear();
        Places.Clear();
        Hints.Clear();
    }
}
