using Suite.Devices.Block;
using Suite.Machines.Control;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>The drives of a machine: made from -drive, -hda and its kin, and -blockdev.</summary>
/// <param name="machineLock">Media are changed under it.</param>
/// <param name="note">A line for the user.</param>
public sealed class BlockBackends(Lock machineLock, Action<string> note) : IMedia, IDisposable
{
    private static readonly string[] Formats = ["raw", "qcow2"];

    private readonly List<Drive> _drives = [];
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <summary>-snapshot: what guests write is forgotten.</summary>
    public bool IsSnapshot { get; init; }

    /// <summary>All drives in the order given.</summary>
    public IReadOnlyList<Drive> All => _drives;

    /// <summary>Makes one of -drive.</summary>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public Drive AddDrive(KeyValues given)
    {
        string @interface = given.GetWord("if", "ide", "ide", "virtio", "floppy", "none", "pflash", "scsi", "sd", "mtd");
        if (@interface is "scsi" or "sd" or "mtd")
            throw new OptionException($"{given.What}: there is no {@interface} interface here", "if=ide, virtio, floppy, pflash or none");
        bool isCdrom = given.GetWord("media", "disk", "disk", "cdrom") == "cdrom";
        int index = (int)given.GetNumber("index", given.Has("bus") || given.Has("unit") ? given.GetNumber("bus", 0, 0, 1) * 2 + given.GetNumber("unit", 0, 0, 1) : -1, 0, 31);
        int place = index >= 0 ? index : NextIndex(@interface);
        string id = given.Get("id") ?? @interface switch
        {
            "ide" => $"ide{place / 2}-{(isCdrom ? "cd" : "hd")}{place % 2}",
            "floppy" => $"floppy{place}",
            _ => $"{@interface}{_drives.Count(d => d.Interface == @interface)}",
        };
        int? bootIndex = given.Get("bootindex") is not null ? (int)given.GetNumber("bootindex", 0, 0, int.MaxValue) : null;
        Drive drive = new(id, @interface, place, isCdrom) { Serial = given.Get("serial") ?? "", BootIndex = bootIndex, OwnBootIndex = bootIndex };
        string? file = given.Get("file") ?? given.Get("file.filename");
        given.GetWord("file.driver", "file", "file", "host_device");
        BlockOptions? options = file is null ? null : Options(given, file, isCdrom);
        given.Ignore("aio", "werror", "rerror", "throttling", "detect-zeroes", "copy-on-read", "cyls", "heads", "secs", "trans", "version", "node-name", "cache-size", "l2-cache-size", "l2-cache-entry-size", "refcount-cache-size",
            "cache-clean-interval", "lazy-refcounts", "pass-discard-request", "overlap-check", "auto-read-only", "cache.direct", "cache.no-flush", "file.aio");
        given.Finish();
        return Add(drive, options);
    }

    /// <summary>Makes one of -blockdev. A node of driver=file or host_device is only a name for its path.</summary>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public void AddNode(KeyValues given)
    {
        string driver = given.Need("driver"), name = given.Need("node-name");
        if (driver is "file" or "host_device")
        {
            string file = given.Need("filename");
            given.Ignore("aio", "cache.direct", "cache.no-flush", "locking", "auto-read-only", "discard", "read-only");
            given.Finish();
            if (_drives.Exists(d => d.Id == name) || !_files.TryAdd(name, file))
                throw new OptionException($"there is a node '{name}' already", "give this one another node-name=");
            return;
        }

        if (Array.IndexOf(Formats, driver) < 0)
            throw OptionException.Unknown("-blockdev: driver", driver, [.. Formats, "file", "host_device"]);
        string? below = given.Get("file");
        string path = given.Get("file.filename") ?? (below is not null ? _files.GetValueOrDefault(below) ?? throw OptionException.Unknown("-blockdev: node", below, _files.Keys) : throw new OptionException("-blockdev lacks file=", "file=NODE, or file.driver=file,file.filename=PATH"));
        given.Ignore("file.driver", "file.node-name", "auto-read-only", "file.discard", "file.aio", "file.locking", "cache.direct", "cache.no-flush", "file.cache.direct", "file.cache.no-flush", "detect-zeroes");
        BlockOptions options = new(path) { Format = driver, IsReadOnly = given.GetBool("read-only", false), IsSnapshot = IsSnapshot, Discards = Discards(given) };
        given.Finish();
        if (_files.ContainsKey(name))
            throw new OptionException($"there is a node '{name}' already", "give this one another node-name=");
        Add(new Drive(name, "none", -1, false) { IsNode = true }, options);
    }

    /// <summary>The drive of an id, for the device that asks for it.</summary>
    /// <exception cref="OptionException">There is none, or another device has it.</exception>
    public Drive Claim(string what, string id)
    {
        Drive drive = _drives.Find(d => d.Id == id) ?? throw OptionException.Unknown($"{what}: drive", id, _drives.Select(d => d.Id));
        if (drive.AttachedTo is { } other)
            throw new OptionException($"{what}: drive '{id}' is in use by {other}", drive.Interface == "none" ? null : $"-drive id={id},if=none,... leaves it to -device");
        drive.AttachedTo = what;
        return drive;
    }

    /// <summary>Takes a node of -blockdev away (blockdev-del). Under the machine's lock.</summary>
    /// <exception cref="OptionException">There is none, or a device has it.</exception>
    public void RemoveNode(string name)
    {
        if (_files.Remove(name))
            return;
        Drive drive = _drives.Find(d => d.Id == name && d.IsNode) ?? throw OptionException.Unknown("blockdev-del: node", name, _drives.Where(d => d.IsNode).Select(d => d.Id).Concat(_files.Keys));
        if (drive.AttachedTo is { } holder)
            throw new OptionException($"Node '{name}' is busy: node is used as backing of {holder}", "device_del that device first");
        Drop(drive);
    }

    /// <summary>Takes a drive away (drive_del); one that a device has goes with it. Under the machine's lock.</summary>
    /// <exception cref="OptionException">There is none, or it is a node.</exception>
    public void RemoveDrive(string id)
    {
        Drive drive = _drives.Find(d => d.Id == id) ?? throw OptionException.Unknown("drive_del: drive", id, _drives.Select(d => d.Id));
        if (drive.IsNode)
            throw new OptionException($"drive_del: '{id}' is a node of -blockdev", "blockdev-del takes it away");
        if (drive.AttachedTo is { } holder)
            throw new OptionException($"drive_del: {holder} has drive '{id}'", "device_del that device: the drive goes with it");
        Drop(drive);
    }

    /// <summary>The device that had a drive was taken out: a node is free, a -drive is gone.</summary>
    public void Release(Drive drive)
    {
        drive.Detach();
        if (!drive.IsNode)
            Drop(drive);
    }

    /// <inheritdoc/>
    public IReadOnlyList<MachineDrive> Drives()
    {
        lock (machineLock)
            return [.. _drives.Select(d => new MachineDrive(d.Id, d.AttachedTo ?? "", d.SetMedium is not null, d.Medium?.Description.File, d.Medium?.Description.Format, d.Medium?.Length ?? 0, d.Medium?.IsReadOnly ?? false)
            {
                IsNode = d.IsNode, Details = d.Medium?.Details ?? ImageDetails.Plain, Counts = d.Medium?.Counts ?? new BlockCounts(), WritesThrough = d.Options?.WritesThrough == true, IgnoresFlush = d.Options?.IgnoresFlush == true,
            })];
    }

    /// <inheritdoc/>
    public void Eject(string drive, bool isForced)
    {
        lock (machineLock)
            Replace(Removable(drive), null);
    }

    /// <inheritdoc/>
    public void Change(string drive, string file, string? format)
    {
        Drive found = Removable(drive);
        BlockOptions options = (found.Options ?? new BlockOptions(file)) with { File = file, Format = format, IsReadOnly = found.IsCdrom || found.Options?.IsReadOnly == true, IsSnapshot = IsSnapshot && !found.IsCdrom };
        BlockNode medium = new(BlockImage.Open(options, note));
        lock (machineLock)
            Replace(found, medium);
        found.Options = options;
    }

    /// <inheritdoc/>
    public Drive Writable(string name)
    {
        Drive found = Find(name);
        return found.Medium is { IsReadOnly: false } ? found : throw new ControlException(found.Medium is null ? $"Device '{name}' has no medium" : $"Device '{name}' is read-only");
    }

    /// <inheritdoc/>
    public Action PutOver(string name, string file, bool exists)
    {
        Drive drive = Writable(name);
        if (drive.Options!.IsSnapshot)
            throw new ControlException($"Device '{name}' writes to a temporary file (-snapshot), which no image can stand on");
        BlockNode medium = drive.Medium!;
        bool isNew = !File.Exists(file);
        medium.Flush();
        IBlockDevice below = medium.Image, overlay = BlockImage.Overlay(file, exists, below, drive.Options);
        medium.Image = overlay;
        return () =>
        {
            medium.Image = below;
            BlockImage.DropOverlay(overlay);
            if (isNew)
                File.Delete(file);
        };
    }

    /// <inheritdoc/>
    public void Commit(string? name)
    {
        if (name is not null)
        {
            if (Writable(name) is { Medium: { IsReadOnly: false } medium, Options: { } options } && !BlockImage.Commit(medium.Image, options, note))
                throw new ControlException($"Device '{name}' stands on no other image, and -snapshot is not used");
            return;
        }

        // One that cannot be written keeps the others from nothing.
        List<string> failures = [];
        foreach (Drive drive in _drives)
        {
            try
            {
                if (drive is { Medium: { IsReadOnly: false } medium, Options: { } options })
                    BlockImage.Commit(medium.Image, options, note);
            }
            catch (IOException e)
            {
                failures.Add(e.Message);
            }
        }

        if (failures.Count != 0)
            throw new IOException(string.Join("; ", failures));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Drive drive in _drives)
            drive.Medium?.Dispose();
    }

    private static void Replace(Drive drive, BlockNode? medium)
    {
        IBlockDevice? before = drive.Medium;
        drive.SetMedium!(medium);
        drive.Medium = medium;
        before?.Dispose();
    }

    private void Drop(Drive drive)
    {
        _drives.Remove(drive);
        try
        {
            drive.Medium?.Dispose();
        }
        catch (IOException e)
        {
            note($"drive {drive.Id}: what was written last may be lost: {e.Message}"); // a guest that ejects it must not end the machine
        }
    }

    // A guest may eject a drive meanwhile.
    private Drive Find(string id)
    {
        lock (machineLock)
            return _drives.Find(d => d.Id == id || d.AttachedTo == id)
                ?? throw new ControlException($"Device '{id}' not found{(Cli.Spelling.Nearest(id, _drives.Select(d => d.Id)) is { } near ? $" (did you mean '{near}'?)" : "")}", isNotFound: true);
    }

    private Drive Removable(string id)
    {
        Drive drive = Find(id);
        return drive.SetMedium is not null ? drive : throw new ControlException($"Device '{id}' is not removable");
    }

    private int NextIndex(string @interface)
    {
        int index = 0;
        while (_drives.Exists(d => d.Interface == @interface && d.Index == index))
            index++;
        return index;
    }

    private BlockOptions Options(KeyValues given, string file, bool isCdrom)
    {
        string cache = given.GetWord("cache", "writeback", "none", "writeback", "unsafe", "directsync", "writethrough");
        string? format = given.Get("format") ?? given.Get("driver");
        if (format is not null && Array.IndexOf(Formats, format) < 0)
            throw OptionException.Unknown($"{given.What}: format", format, Formats);
        return new BlockOptions(file)
        {
            Format = format,
            IsReadOnly = isCdrom || given.GetBool("readonly", false) || given.GetBool("read-only", false),
            IsSnapshot = given.GetBool("snapshot", IsSnapshot) && !isCdrom,
            Discards = Discards(given),
            IgnoresFlush = cache == "unsafe",
            WritesThrough = cache is "directsync" or "writethrough",
            Locks = given.GetBool("file.locking", true),
            SharesWriting = given.GetBool("share-rw", false),
        };
    }

    private static bool Discards(KeyValues given) => given.GetWord("discard", "ignore", "ignore", "off", "unmap", "on") is "unmap" or "on";

    private Drive Add(Drive drive, BlockOptions? options)
    {
        if (_drives.Exists(d => d.Id == drive.Id))
            throw new OptionException($"there is a drive '{drive.Id}' already", "give this one another id= or index=");
        if (options is not null)
            drive.Medium = new BlockNode(BlockImage.Open(options, note));
        drive.Options = options;
        _drives.Add(drive);
        return drive;
    }
}
