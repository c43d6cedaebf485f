using System.Text;
using Suite.Devices.Block;
using Suite.Devices.Core;
using Suite.Jit.Memory;
using Suite.Machines.Backends;
using Suite.Machines.Boards;
using Suite.Machines.Control;

namespace Suite.Machines.Snapshots;

/// <summary>
/// savevm, loadvm, delvm. Every qcow2 disk gets a snapshot of the name; the machine's state is in the first one's. A machine without such a disk is
/// saved to a file NAME.vmstate in the current directory, without its disks.
/// </summary>
/// <param name="board">The machine.</param>
/// <param name="processors">Its processors.</param>
public sealed class MachineSnapshots(Board board, IProcessorState processors) : ISnapshots
{
    private const string Extension = ".vmstate";

    private Machine Machine => board.Machine;

    // Under the lock: a guest may eject a drive at any time.
    private List<(Drive Drive, ISnapshotStore Store)> Stores =>
        [.. board.Backends.Blocks.All.Where(d => d.Medium is { Image: ISnapshotStore, IsReadOnly: false }).Select(d => (d, (ISnapshotStore)d.Medium!.Image))];

    /// <inheritdoc/>
    public IReadOnlyList<SnapshotInfo> List()
    {
        lock (Machine.Lock)
            if (Stores is [var first, ..])
                return [.. first.Store.Snapshots.Select(s => new SnapshotInfo(s.Id, s.Name, (ulong)s.MachineLength, s.Date, (ulong)s.ClockNanoseconds))];
        return [.. Directory.EnumerateFiles(".", "*" + Extension).Select(f => new FileInfo(f)).OrderBy(f => f.Name, StringComparer.Ordinal)
            .Select(f => new SnapshotInfo("--", Path.GetFileNameWithoutExtension(f.Name), (ulong)f.Length, f.LastWriteTime, 0))];
    }

    /// <inheritdoc/>
    public void Save(string name)
    {
        CheckName(name);
        lock (Machine.Lock)
            WritableStores(); // a machine that cannot be saved is not stopped
        WhileStopped(RunState.SaveVm, () =>
        {
            List<(Drive Drive, ISnapshotStore Store)> stores = WritableStores();
            if (stores.Count == 0)
            {
                SaveToFile(name);
                return;
            }

            DateTime now = DateTime.UtcNow;
            for (int i = 0; i < stores.Count; i++)
            {
                ISnapshotStore store = stores[i].Store;
                if (store.Find(null, name) is { } old)
                    store.DeleteSnapshot(old);
                store.CreateSnapshot(name, now, Machine.Clock.Now, i == 0 ? Write : null);
            }
        });
    }

    /// <inheritdoc/>
    public void Load(string name)
    {
        CheckName(name);
        lock (Machine.Lock)
            LoadableStores(name);
        WhileStopped(RunState.RestoreVm, () =>
        {
            List<(Drive Drive, ISnapshotStore Store)> stores = LoadableStores(name);
            foreach ((_, ISnapshotStore store) in stores)
                store.LoadSnapshot(store.Find(null, name)!);
            using Stream state = stores.Count > 0 ? stores[0].Store.OpenMachine(stores[0].Store.Find(null, name)!) : OpenFile(name);
            using BufferedStream buffered = new(state, 1 << 20);
            Read(buffered);
        });
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        CheckName(name);
        bool any = false, hasStores;
        lock (Machine.Lock)
        {
            List<(Drive Drive, ISnapshotStore Store)> stores = Stores;
            hasStores = stores.Count > 0;
            foreach ((_, ISnapshotStore store) in stores)
                if (store.Find(null, name) is { } found)
                {
                    store.DeleteSnapshot(found);
                    any = true;
                }
        }

        if (!hasStores && File.Exists(name + Extension))
        {
            File.Delete(name + Extension);
            any = true;
        }

        if (!any)
            throw new ControlException($"there is no snapshot '{name}'");
    }

    private List<(Drive Drive, ISnapshotStore Store)> WritableStores()
    {
        List<(Drive Drive, ISnapshotStore Store)> stores = Stores;
        if (stores.Count > 0)
            foreach (Drive drive in board.Backends.Blocks.All)
                if (drive.Medium is { IsReadOnly: false, Image: not ISnapshotStore })
                    throw new ControlException($"drive '{drive.Id}' ({drive.Medium.Description.File}) cannot hold snapshots: convert it (qemu-img convert -O qcow2), or attach it with readonly=on");
        return stores;
    }

    private List<(Drive Drive, ISnapshotStore Store)> LoadableStores(string name)
    {
        List<(Drive Drive, ISnapshotStore Store)> stores = Stores;
        foreach ((Drive drive, ISnapshotStore store) in stores)
            if (store.Find(null, name) is null)
                throw new ControlException($"drive '{drive.Id}' has no snapshot '{name}'{(Cli.Spelling.Nearest(name, store.Snapshots.Select(s => s.Name)) is { } near ? $" (did you mean '{near}'?)" : "")}");
        if (stores.Count > 0 && stores[0].Store.Find(null, name)!.MachineLength == 0)
            throw new ControlException($"snapshot '{name}' is one of the disk alone, without a machine's state; 'qemu-img snapshot -a {name}' takes the disk back to it");
        return stores;
    }

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > 128 || name.Contains('/') || name[0] == '.')
            throw new ControlException($"'{name}' cannot be the name of a snapshot: one to 128 characters, no slash, no dot at its beginning");
    }

    private void WhileStopped(RunState state, Action action)
    {
        bool wasRunning = Machine.State == RunState.Running;
        RunState before = Machine.State;
        Machine.Stop(state);
        try
        {
            MachineControl.Try(() =>
            {
                lock (Machine.Lock)
                    action();
            });
        }
        catch (InvalidDataException e)
        {
            before = RunState.InternalError;
            wasRunning = false;
            throw new ControlException($"the snapshot cannot be loaded: {e.Message}; the machine is stopped and has to be reset");
        }
        finally
        {
            Machine.SetState(wasRunning ? RunState.Paused : before);
            if (wasRunning)
                Machine.Continue();
        }
    }

    private void SaveToFile(string name)
    {
        string temporary = name + Extension + ".new";
        using (FileStream file = File.Create(temporary))
        using (BufferedStream buffered = new(file, 1 << 20))
            Write(buffered);
        File.Move(temporary, name + Extension, overwrite: true);
    }

    private static Stream OpenFile(string name) =>
        File.Exists(name + Extension) ? File.OpenRead(name + Extension) : throw new ControlException($"there is no snapshot '{name}': no qcow2 disk that could hold it, and no file {name}{Extension} here");

    private void Write(Stream to)
    {
        SnapshotStream.WriteHead(to, board.Name);
        SnapshotStream.WriteSection(to, "clock", BitConverter.GetBytes(Machine.Clock.Now));
        foreach (RamBlock block in Machine.RamBlocks)
            RamImage.Save(to, block);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (Device device in Machine.Devices)
        {
            using MemoryStream state = new();
            device.State.Save(state);
            SnapshotStream.WriteSection(to, UniqueName(names, device.Name), state.ToArray());
        }

        foreach ((string name, byte[] bytes) in processors.Save())
            SnapshotStream.WriteSection(to, name, bytes);
        SnapshotStream.WriteEnd(to);
    }

    private void Read(Stream from)
    {
        string made = SnapshotStream.ReadHead(from);
        if (made != board.Name)
            throw new InvalidDataException($"it is of a board '{made}', this one is '{board.Name}'");
        Dictionary<string, Device> devices = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (Device device in Machine.Devices)
            devices.Add(UniqueName(names, device.Name), device);
        while (SnapshotStream.ReadSection(from) is (var name, var bytes))
        {
            if (name == "ram")
                LoadRam(from, Encoding.UTF8.GetString(bytes));
            else if (name == "clock")
                Machine.Clock.SetNow(BitConverter.ToInt64(bytes));
            else if (devices.Remove(name, out Device? device))
                device.Load(new MemoryStream(bytes));
            else if (!processors.TryLoad(name, bytes))
                throw new InvalidDataException($"it has a device '{name}' that this machine has not; start it with the same options");
        }

        processors.Complete();
        if (devices.Count > 0)
            throw new InvalidDataException($"it lacks this machine's device '{devices.Keys.First()}'; start it with the same options");
    }

    private void LoadRam(Stream from, string name)
    {
        const int Page = 4096;
        RamBlock block = Machine.RamBlocks.FirstOrDefault(b => b.Name == name) ?? throw new InvalidDataException($"it has memory '{name}' that this machine has not; start it with the same options");
        RamImage.Load(from, block);
        // Translations of what was there before are dropped.
        foreach (MemorySlot slot in Machine.Spaces.Memory.Slots)
            if (slot.Writes == block)
                for (ulong at = 0; at < slot.Length; at += Page)
                    if (Machine.Spaces.Memory.HoldsCode(slot.Start + at))
                        Machine.Spaces.Memory.Written(slot.Start + at, Page);
    }

    private static string UniqueName(HashSet<string> names, string name)
    {
        string unique = name;
        for (int i = 1; !names.Add(unique); i++)
            unique = $"{name}.{i}";
        return unique;
    }
}
