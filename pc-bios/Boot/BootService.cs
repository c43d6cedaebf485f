using System.Globalization;
using Suite.PcBios.Disks;
using Suite.PcBios.Rom;
using Suite.PcBios.Services;
using Suite.PcBios.Video;

namespace Suite.PcBios.Boot;

/// <summary>A real-mode program that is started instead of a disk (Linux's setup code).</summary>
/// <param name="Cs">Code segment.</param>
/// <param name="Ip">Offset in it.</param>
/// <param name="Segment">All other segments.</param>
/// <param name="Sp">Stack pointer.</param>
public sealed record DirectStart(ushort Cs, ushort Ip, ushort Segment, ushort Sp);

/// <summary>The end of the power-on self test, INT 19h and INT 18h: option ROMs, then one boot device after the other.</summary>
internal sealed class BootService(Bios bios, DriveTable drives, VideoService video, KeyboardService keyboard, OptionRoms roms, BootState state)
{
    private const byte StepRoms = 0, StepMenu = 0xFE, StepFailed = 0xFF, LastRomStep = 0xF0;
    private const int SectorSize = 512, Signature = 510, CdSector = 2048;
    private const ushort BootSignature = 0xAA55;
    private const uint MenuEnd = MemoryMap.Ebda + 0x68, Trampoline = MemoryMap.Ebda + 0x80;
    private const ushort InterruptsOn = 0x202;

    private readonly List<Candidate> _candidates = [];
    private readonly List<(uint Entry, string Name, int Function)> _romEntries = [];

    /// <summary>Set before power-on: what is started instead of a disk.</summary>
    public DirectStart? Direct { get; set; }

    /// <summary>The end of the power-on self test.</summary>
    public void Post(ServiceCall call)
    {
        if (Direct is { } direct)
        {
            StartDirect(call, direct);
            return;
        }

        switch (call.Step)
        {
            case StepMenu:
                WaitForChoice(call);
                return;
            case StepFailed:
                call.Action = ServiceFrame.Wait;
                return;
        }

        if (call.Step < LastRomStep)
        {
            if (call.Step == StepRoms)
                _romEntries.Clear();
            else
                Collect(call.Step - 1);
            if (call.Step < roms.Copied.Count)
            {
                roms.CallInit(call, call.Step, (byte)(call.Step + 1));
                return;
            }

            MakeList();
            if (bios.Parts.Boot.Menu)
            {
                ShowMenu(call);
                return;
            }
        }

        Next(call);
    }

    /// <summary>INT 19h: from the first device on.</summary>
    public void Restart(ServiceCall call)
    {
        if (call.Step == StepFailed)
        {
            call.Action = ServiceFrame.Wait;
            return;
        }

        if (call.Step != LastRomStep) // that is the return of a ROM that could not boot
            state.Next = 0;
        Ready();
        Next(call);
    }

    /// <summary>INT 18h: this device did not boot.</summary>
    public void Failed(ServiceCall call)
    {
        if (call.Step == StepFailed)
        {
            call.Action = ServiceFrame.Wait;
            return;
        }

        Ready();
        Next(call);
    }

    // After a snapshot was loaded the list is made again.
    private void Ready()
    {
        if (_candidates.Count == 0)
            MakeList();
    }

    private void Collect(int rom)
    {
        foreach ((uint entry, bool isDisk, string name) in roms.Entries(rom))
            if (!isDisk)
                _romEntries.Add((entry, name, roms.Copied[rom].Function));
    }

    private void MakeList()
    {
        _candidates.Clear();
        string order = state.Booted || bios.Parts.Boot.Once is not { } once ? bios.Parts.Boot.Order : once;
        List<(int? Index, Candidate Candidate)> all = [];
        for (int i = 0; i < drives.Disks.Count; i++)
            all.Add((drives.Disks[i].Medium.BootIndex, new Candidate(i, 0, Describe(drives.Disks[i]))));
        foreach ((uint entry, string name, int function) in _romEntries)
            all.Add((function == 0 ? null : bios.Parts.BootIndexOf(function), new Candidate(-1, entry, name)));
        _candidates.AddRange(all.Where(c => c.Index is not null).OrderBy(c => c.Index).Select(c => c.Candidate));
        foreach (char letter in order + "cadn")
            foreach ((_, Candidate candidate) in all)
                if (IsOf(candidate, letter) && !_candidates.Contains(candidate))
                    _candidates.Add(candidate);
        state.Booted = true;
    }

    private bool IsOf(Candidate candidate, char letter)
    {
        if (candidate.Disk < 0)
            return letter is >= 'n' and <= 'p';
        BiosDisk disk = drives.Disks[candidate.Disk];
        return letter switch
        {
            'a' => disk.Medium.Kind == FirmwareDiskKind.Floppy && disk.Number == 0,
            'b' => disk.Medium.Kind == FirmwareDiskKind.Floppy && disk.Number == 1,
            'c' => disk.Medium.Kind == FirmwareDiskKind.HardDisk,
            'd' => disk.Medium.Kind == FirmwareDiskKind.Cd,
            _ => false,
        };
    }

    private static string Describe(BiosDisk disk) => disk.Medium.Kind switch
    {
        FirmwareDiskKind.Floppy => "floppy",
        FirmwareDiskKind.HardDisk => "hard disk",
        _ => "CD",
    } + " " + disk.Medium.Name;

    private void Next(ServiceCall call)
    {
        while (state.Next < _candidates.Count)
        {
            Candidate candidate = _candidates[state.Next++];
            video.Print($"Booting from {candidate.Name} ...\r\n");
            if (candidate.Disk < 0)
            {
                bios.CallGuest(call, candidate.Entry, isInterrupt: false, LastRomStep, 0, 0, 0, 0, 0, roms.PnpStructure, 0xF000);
                return;
            }

            string? reason = Start(call, drives.Disks[candidate.Disk], candidate.Disk);
            if (reason is null)
                return;
            Say($"{candidate.Name} is not bootable: {reason}\r\n");
        }

        Say(_candidates.Count == 0 ? "There is no disk to boot from: give one with -drive, -cdrom or -kernel.\r\n" : "No device has booted.\r\n");
        call.Step = StepFailed;
        call.Action = ServiceFrame.Wait;
    }

    /// <summary>Null when the disk's boot program was loaded and the frame leads to it; else why not.</summary>
    private string? Start(ServiceCall call, BiosDisk disk, int index)
    {
        drives.EndEmulation();
        if (disk.Medium.Kind == FirmwareDiskKind.Cd)
            return StartCd(call, disk, index);
        byte[] sector = new byte[SectorSize];
        if (disk.Sectors == 0)
            return "there is no medium";
        if (!disk.TryRead(0, sector))
            return "its first sector cannot be read";
        if ((sector[Signature] | sector[Signature + 1] << 8) != BootSignature)
            return "its first sector has no boot signature (55 AA)";
        bios.Memory.Write(BiosData.BootAddress, sector);
        Jump(call, 0, BiosData.BootAddress, disk.Number);
        return null;
    }

    private string? StartCd(ServiceCall call, BiosDisk disk, int index)
    {
        if (ElTorito.Read(disk.Medium, out string reason) is not { } entry)
            return reason;
        uint at = (uint)entry.Segment << 4;
        int count = entry.MediaType == 0 ? Math.Max((int)entry.SectorCount, 1) : 1;
        if (at < 0x500 || at + (ulong)(count * SectorSize) > MemoryMap.Ebda)
            return $"its boot catalog wants {count} sectors at segment {entry.Segment:x}, where there is no room";
        byte[] image = new byte[(count * SectorSize + CdSector - 1) / CdSector * CdSector];
        if (!disk.Medium.TryRead(entry.ImageSector, image))
            return $"its boot image (sector {entry.ImageSector}) cannot be read";
        bios.Memory.Write(at, image.AsSpan(0, count * SectorSize));
        drives.BeginEmulation(index, entry);
        Jump(call, entry.Segment == 0x7C0 ? (ushort)0 : entry.Segment, entry.Segment == 0x7C0 ? (ushort)BiosData.BootAddress : (ushort)0, drives.Emulation!.Drive);
        return null;
    }

    // The stub's return leads to the boot program: registers cleared but for the drive's number, interrupts on.
    private static void Jump(ServiceCall call, ushort segment, ushort offset, byte drive)
    {
        call.Frame[ServiceFrame.Gs..ServiceFrame.Vector].Clear();
        (call.Eax, call.Edx) = (BootSignature, drive);
        (call.Cs, call.Ip, call.Flags) = (segment, offset, InterruptsOn);
    }

    private void StartDirect(ServiceCall call, DirectStart direct)
    {
        // mov ax, segment; mov ss, ax; mov sp, stack; jmp far: the frame lies on the old stack.
        bios.Memory.Write(Trampoline,
        [
            0xB8, (byte)direct.Segment, (byte)(direct.Segment >> 8), 0x8E, 0xD0, 0xBC, (byte)direct.Sp, (byte)(direct.Sp >> 8),
            0xEA, (byte)direct.Ip, (byte)(direct.Ip >> 8), (byte)direct.Cs, (byte)(direct.Cs >> 8),
        ]);
        Jump(call, (ushort)(MemoryMap.Ebda >> 4), (ushort)(Trampoline - MemoryMap.Ebda), 0);
        (call.Ds, call.Es, call.Flags) = (direct.Segment, direct.Segment, 2);
        call.Frame[ServiceFrame.Fs] = call.Frame[ServiceFrame.Gs] = (byte)direct.Segment;
        call.Frame[ServiceFrame.Fs + 1] = call.Frame[ServiceFrame.Gs + 1] = (byte)(direct.Segment >> 8);
    }

    private void ShowMenu(ServiceCall call)
    {
        video.Print("Boot from:\r\n");
        for (int i = 0; i < Math.Min(_candidates.Count, 9); i++)
            video.Print(string.Create(CultureInfo.InvariantCulture, $" {i + 1}. {_candidates[i].Name}\r\n"));
        video.Print("Press a number, or Enter for the first.\r\n");
        long end = bios.Parts.Clock.Now / 1_000_000 + bios.Parts.Boot.MenuTimeout;
        bios.Memory.SetDword(MenuEnd, (uint)end);
        (call.Step, call.Action) = (StepMenu, ServiceFrame.Wait);
    }

    private void WaitForChoice(ServiceCall call)
    {
        int choice = keyboard.Take(isEnhanced: false) is { } key ? (byte)key - '1' : -2;
        bool isOver = (int)((uint)(bios.Parts.Clock.Now / 1_000_000) - bios.Memory.Dword(MenuEnd)) >= 0;
        if (choice == '\r' - '1' || isOver)
            choice = 0;
        if (choice < 0 || choice >= Math.Max(_candidates.Count, 1))
        {
            call.Action = ServiceFrame.Wait;
            return;
        }

        if (choice > 0)
        {
            Candidate chosen = _candidates[choice];
            _candidates.RemoveAt(choice);
            _candidates.Insert(0, chosen);
        }

        Next(call);
    }

    private void Say(string text)
    {
        video.Print(text);
        bios.Parts.Log?.Invoke(text.TrimEnd());
    }

    private sealed record Candidate(int Disk, uint Entry, string Name);
}

/// <summary>What of booting must survive in a snapshot.</summary>
internal sealed class BootState(Devices.Core.Register next, Devices.Core.Register booted)
{
    /// <summary>Index of the device that is tried next.</summary>
    public int Next { get => next.Int; set => next.Value = (ulong)value; }

    /// <summary>The machine has booted once: -boot once= no longer counts.</summary>
    public bool Booted { get => booted.IsSet; set => booted.IsSet = value; }
}
