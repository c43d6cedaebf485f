using Suite.Devices.Virtio;
using Suite.Jit.Memory;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>-object: what devices and boards name by its id - sources of random numbers, memory, threads.</summary>
public sealed class HostObjects
{
    private const string Random = "rng-random", OwnRandom = "rng-builtin", MemoryOfFile = "memory-backend-file", Thread = "iothread";

    private static readonly string[] OfMemory = ["size", "share", "prealloc", "prealloc-threads", "merge", "dump", "host-nodes", "policy", "reserve", "x-use-canonical-path-for-ramblock-id"];

    // What each type takes.
    private static readonly (string Type, string Description, string[] Properties)[] Types =
    [
        (Random, "random numbers of a file (filename=; default /dev/urandom)", ["filename"]),
        (OwnRandom, "random numbers of the host's kernel", []),
        ("memory-backend-ram", "memory (size=), for -M memory-backend=", OfMemory),
        ("memory-backend-memfd", "the same", [.. OfMemory, "hugetlb", "hugetlbsize", "seal"]),
        (MemoryOfFile, "memory kept in a file, or in a file without a name of a folder (size=, mem-path=, share=on|off)", [.. OfMemory, "mem-path", "align", "offset", "pmem", "readonly", "discard-data"]),
        (Thread, "accepted; devices run on the processors' threads", ["poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch", "thread-pool-min", "thread-pool-max"]),
    ];

    private readonly Dictionary<string, KeyValues> _all = new(StringComparer.Ordinal);
    private string? _memory;

    /// <summary>Reads them; memory that is the machine's decides its size when -m does not.</summary>
    /// <exception cref="OptionException">A mistake in one.</exception>
    public HostObjects(MachineOptions options)
    {
        foreach (KeyValues given in options.Objects)
            Add(given);
        if (options.Memory is null && options.Machine.Get("memory-backend") is { } memory)
            options.Memory = Find("-M memory-backend", memory, "memory-backend-").GetSize("size");
    }

    /// <summary>The text of -object help.</summary>
    public static string Help() => string.Concat(Types.Select(t => $"{t.Type,-22} {t.Description}\n"));

    /// <summary>Where a random number device gets its bytes; null for the host's kernel.</summary>
    /// <param name="id">rng=; null for none.</param>
    /// <exception cref="OptionException">There is no such object, or its file cannot be read.</exception>
    public VirtioRng.Filler? RandomSource(string? id)
    {
        if (id is null || Find("rng", id, "rng-") is var found && found.Need("qom-type") == OwnRandom)
            return null;
        string name = found.Get("filename") ?? "/dev/urandom";
        try
        {
            FileStream file = new(File.OpenHandle(name), FileAccess.Read, bufferSize: 1);
            return bytes => Fill(file, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"-object {Random}: {name} cannot be read", "filename=/dev/urandom, or rng-builtin");
        }
    }

    /// <summary>Takes one away (object_del). A device that has read it keeps what it has.</summary>
    /// <exception cref="OptionException">There is none, or it is the machine's memory.</exception>
    public void Remove(string id)
    {
        if (!_all.ContainsKey(id))
            throw OptionException.Unknown("object", id, _all.Keys);
        if (id == _memory)
            throw new OptionException($"object '{id}' is in use, can not be deleted");
        _all.Remove(id);
    }

    /// <summary>All of them, by their ids.</summary>
    public IReadOnlyDictionary<string, KeyValues> All => _all;

    /// <summary>Ids of -object iothread.</summary>
    public IEnumerable<string> Threads => _all.Where(o => o.Value.Get("qom-type") == Thread).Select(o => o.Key);

    /// <summary>Memory objects: their bytes, and whether other processes see what is written (share=; a memfd's unless it says otherwise).</summary>
    public IEnumerable<(string Id, ulong Bytes, bool IsShared)> Memories => _all.Where(o => o.Value.Get("qom-type")!.StartsWith("memory-backend-", StringComparison.Ordinal))
        .Select(o => (o.Key, o.Value.GetSize("size") ?? 0, o.Value.GetBool("share", o.Value.Get("qom-type") == "memory-backend-memfd")));

    /// <summary>The machine's memory.</summary>
    /// <param name="id">-M memory-backend=; null for none.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="OptionException">The object is not there or of another size.</exception>
    public RamBlock Ram(string? id, ulong bytes)
    {
        const string Name = "ram";
        if (id is null)
            return new RamBlock(Name, bytes);
        KeyValues found = Find("-M memory-backend", id, "memory-backend-");
        _memory = id;
        if ((found.GetSize("size") ?? throw new OptionException($"-object {found.Need("qom-type")}: size= is missing")) is var size && size != bytes)
            throw new OptionException($"-M memory-backend={id}: the object has {size >> 20} MiB, the machine {bytes >> 20}", "give -m and size= the same value, or leave -m out");
        return found.Need("qom-type") == MemoryOfFile ? new RamBlock(Name, bytes, found.Need("mem-path"), found.GetBool("share", false)) : new RamBlock(Name, bytes);
    }

    private static void Fill(FileStream file, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int count = file.Read(bytes);
            if (count == 0)
                return; // the file has ended; what is left is zeros
            bytes = bytes[count..];
        }
    }

    /// <summary>Makes one: -object, object_add.</summary>
    /// <exception cref="OptionException">A mistake in it.</exception>
    public void Add(KeyValues given)
    {
        string type = given.Need("qom-type"), id = given.Need("id");
        int at = Array.FindIndex(Types, t => t.Type == type);
        if (at < 0)
            throw OptionException.Unknown("-object: type", type, Types.Select(t => t.Type), "-object help");
        given.What = $"-object {type}";
        given.Ignore(Types[at].Properties);
        given.Finish();
        if (!_all.TryAdd(id, given))
            throw new OptionException($"-object {type}: there is an object '{id}' already");
    }

    private KeyValues Find(string what, string id, string kind)
    {
        if (!_all.TryGetValue(id, out KeyValues? found))
            throw OptionException.Unknown($"{what}: object", id, _all.Keys);
        string type = found.Need("qom-type");
        return type.StartsWith(kind, StringComparison.Ordinal) ? found : throw new OptionException($"{what}={id}: that object is a {type}", $"one whose type begins with {kind}");
    }
}
