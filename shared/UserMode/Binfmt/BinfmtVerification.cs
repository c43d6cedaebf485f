using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;

namespace Suite.UserMode.Binfmt;

/// <summary>Runs the probe program through the kernel and says what is so: facts, not what the flags promise.</summary>
public sealed class BinfmtVerification(ElfTarget target)
{
    private const string Argv0 = "a name of its own";
    private readonly StringBuilder _report = new();
    private bool _good = true;

    /// <summary>What was found, a line for each fact.</summary>
    public string Report => _report.ToString();

    /// <summary>Tries everything that can be tried here. True when programs run, and do what the entry's flags say.</summary>
    /// <param name="entry">The registration that should serve them; null when there is none.</param>
    public bool Run(BinfmtEntry? entry)
    {
        byte[] program = ProbeProgram.Build(target);
        string owners = string.Join(", ", BinfmtRegistry.All().Where(e => e.Name != entry?.Name && e.Matches(program)).Select(e => $"{e.Name} ({e.Interpreter})"));
        if (entry is not null)
        {
            Fact("entry", $"{entry.Name}, {(entry.Enabled ? "enabled" : "disabled")}, interpreter {entry.Interpreter}, flags {(entry.Flags.Length > 0 ? entry.Flags : "none")}", entry.Enabled);
            if (!entry.Matches(program))
                Fact("magic", "does not match the programs of this target", false);
            if (!File.Exists(entry.Interpreter))
                Fact("interpreter", $"{entry.Interpreter} does not exist{(entry.Flags.Contains('F') ? "; the kernel holds it open" : "")}", entry.Flags.Contains('F'));
        }
        else
            Fact("entry", "none of ours", false);
        if (!BinfmtRegistry.IsEnabled())
            Fact("kernel", "binfmt_misc is switched off: echo 1 > " + BinfmtRegistry.Place + "/status", false);
        Fact("same magic", owners.Length == 0 ? "nobody else" : owners + "; of several the kernel asks the one registered last");
        string folder = Path.Combine(Path.GetTempPath(), $"{target.Tool}-verify-{Environment.ProcessId}");
        Directory.CreateDirectory(folder, (UnixFileMode)0x1ed);
        try
        {
            RunPrograms(folder, program, entry?.Flags ?? "");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return _good;
    }

    private void RunPrograms(string folder, byte[] program, string flags)
    {
        string file = Path.Combine(folder, "probe");
        Write(file, program, 0x1ed);
        ProbeResult plain = ProbeRun.Start(new ProbeRequest(file, Argv0), target.BigEndian);
        Fact("runs programs", plain.Ran ? "yes" : $"no: {plain.Failure}", plain.Ran);
        if (!plain.Ran)
            return;
        bool kept = plain.Argv0 == Argv0;
        Fact("argv[0] kept", kept ? "yes" : $"no: '{plain.Argv0}' (flag P keeps it)", kept || !flags.Contains('P'));
        Chroot(folder, flags);
        Unreadable(folder, program, flags);
        Credentials(folder, program, flags);
    }

    private void Chroot(string folder, string flags)
    {
        if (!IsRoot)
        {
            Fact("works after chroot", "not tried: that takes root");
            return;
        }
        ProbeResult result = ProbeRun.Start(new ProbeRequest("/probe", Argv0, folder), target.BigEndian);
        if (result.Step == "chroot")
            Fact("works after chroot", $"not tried: {result.Failure}");
        else
            Fact("works after chroot", result.Ran ? "yes, with nothing else in it" : $"no: {result.Failure} (flag F, and a static tool, make it work)", result.Ran || !flags.Contains('F'));
    }

    private void Unreadable(string folder, byte[] program, string flags)
    {
        if (IsRoot)
        {
            Fact("unreadable programs", "not tried: root may read everything");
            return;
        }
        string file = Path.Combine(folder, "unreadable");
        Write(file, program, 0x49);
        ProbeResult result = ProbeRun.Start(new ProbeRequest(file, Argv0), target.BigEndian);
        Fact("unreadable programs", result.Ran ? "run" : $"do not run: {result.Failure} (flag O makes them)", result.Ran || !flags.Contains('O'));
    }

    private void Credentials(string folder, byte[] program, string flags)
    {
        const int Nobody = 65534, SetUser = 0x9ed;
        if (!IsRoot)
        {
            Fact("set-user-id honoured", "not tried: that takes root");
            return;
        }
        string file = Path.Combine(folder, "setuid");
        Write(file, program, 0x1ed);
        if (Chown(file, Nobody) is { } errno)
        {
            Fact("set-user-id honoured", $"not tried: chown: {LinuxUser.Abi.Errno.Message(errno)}");
            return;
        }
        File.SetUnixFileMode(file, (UnixFileMode)SetUser);
        ProbeResult result = ProbeRun.Start(new ProbeRequest(file, Argv0), target.BigEndian);
        bool honoured = result.Ran && result.User == Nobody;
        Fact("set-user-id honoured", honoured ? "yes: such a program runs with its owner's rights" : result.Ran ? "no (flag C does; a file system mounted nosuid does not)" : $"does not run: {result.Failure}",
            result.Ran);
        if (flags.Contains('C') && !honoured)
            Fact("flag C", "is set, and the program did not get its owner's rights: is this place mounted nosuid?");
    }

    private static unsafe int? Chown(string file, int user)
    {
        fixed (byte* p = (byte[])[.. GuestText.ToBytes(file), 0])
            return Sys.Call(Nr.chown, (long)p, user, -1) is < 0 and var error ? (int)-error : null;
    }

    private static bool IsRoot => Sys.Call(Nr.geteuid) == 0;

    // Closed before it is run, else the kernel says ETXTBSY.
    private static void Write(string file, byte[] content, int mode)
    {
        File.WriteAllBytes(file, content);
        File.SetUnixFileMode(file, (UnixFileMode)mode);
    }

    private void Fact(string what, string how, bool good = true)
    {
        _report.Append($"  {(what + ":"),-22}{how}\n");
        _good &= good;
    }
}
