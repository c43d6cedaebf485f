using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Which image a guest address is in, and which function: for reports, backtraces and profiles. A picture of the mappings at one moment; files are
/// read on demand and kept. Not thread-safe.
/// </summary>
public sealed class ModuleMap
{
    private readonly ElfTarget _target;
    private readonly IReadOnlyList<string> _prefixes;
    private readonly IGuestReader _memory;
    private readonly Dictionary<(string Name, ulong Inode), GuestImage?> _images = [];
    private readonly Dictionary<(string Name, ulong Bias), GuestModule> _modules = [];
    private Vma[] _map;

    /// <summary>The map of a process as it is now.</summary>
    public ModuleMap(GuestProcess process)
        : this(process.Target, process.Prefixes, process.Memory, process.Memory.Snapshot())
    {
    }

    /// <summary>A map of given mappings, in address order.</summary>
    public ModuleMap(ElfTarget target, IReadOnlyList<string> prefixes, IGuestReader memory, Vma[] map)
    {
        (_target, _prefixes, _memory) = (target, prefixes, memory);
        Refresh(map);
    }

    /// <summary>All mappings, in address order.</summary>
    public IReadOnlyList<Vma> Mappings => _map;

    /// <summary>Takes the mappings anew; what is known of files stays.</summary>
    [MemberNotNull(nameof(_map))]
    public void Refresh(Vma[] map)
    {
        Vma.AskNames(map);
        _map = map;
    }

    /// <summary>The mapping at an address, or null.</summary>
    public Vma? MappingAt(ulong address)
    {
        int next = NextMapping(address);
        return next > 0 && _map[next - 1].End > address ? _map[next - 1] : null;
    }

    /// <summary>Index of the first mapping that starts behind an address.</summary>
    public int NextMapping(ulong address)
    {
        (int low, int high) = (0, _map.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_map[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The image at an address; null where no file and no vDSO is mapped.</summary>
    public GuestModule? Find(ulong address)
    {
        if (MappingAt(address) is not { } vma || vma.Name.Length == 0 || (vma.Inode == 0 && vma.Name != "[vdso]"))
            return null;
        if (!_images.TryGetValue((vma.Name, vma.Inode), out GuestImage? image))
            _images[(vma.Name, vma.Inode)] = image = GuestImage.Open(vma, _map, _memory, _target, _prefixes);
        ulong bias = image?.BiasOf(vma) ?? vma.Start - vma.Offset;
        if (!_modules.TryGetValue((vma.Name, bias), out GuestModule? module))
            _modules[(vma.Name, bias)] = module = new GuestModule(vma.Name, bias, vma.Start - (vma.Inode == 0 ? 0 : vma.Offset), image?.View, image is null ? () => SymbolTable.Empty : image.ReadSymbols);
        return module;
    }

    /// <summary>True when code may be executed there.</summary>
    public bool IsCode(ulong address) => MappingAt(address) is { IsExecutable: true };

    /// <summary>An address in words: <c>name+0x12 (in file+0x1234)</c>, as short as what is known allows.</summary>
    public string Describe(ulong address) => Describe(address, address);

    /// <summary>An address in words.</summary>
    /// <param name="lookup">The address that decides image and function.</param>
    /// <param name="address">The address that is described; behind the other when it is a return address.</param>
    public string Describe(ulong lookup, ulong address)
    {
        if (Find(lookup) is not { } module)
            return MappingAt(lookup) is { } vma ? $"(in {(vma.Name.Length > 0 ? vma.Name : "anonymous memory")}+0x{address - vma.Start:x})" : "(not mapped)";
        string place = string.Create(CultureInfo.InvariantCulture, $"{module.Path}+0x{address - module.Start:x}");
        return module.Find(lookup) is { } symbol ? $"{symbol.Name}+0x{address - symbol.Start:x} (in {place})" : $"(in {place})";
    }
}
