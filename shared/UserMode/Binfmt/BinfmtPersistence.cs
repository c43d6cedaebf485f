using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.Binfmt;

/// <summary>Registrations that outlive a reboot: files that systemd-binfmt and Debian's update-binfmts read at the start.</summary>
/// <param name="tool">The tool's name, for the remark by which its files are known.</param>
/// <param name="name">What the entry is called.</param>
public sealed class BinfmtPersistence(string tool, string name)
{
    private const string SystemdFolder = "/etc/binfmt.d", DebianFolder = "/usr/share/binfmts";

    // update-binfmts knows the packages its entries are from; this is none.
    private const string DebianPackage = "suite-local";

    /// <summary>systemd's file.</summary>
    public string SystemdFile => $"{SystemdFolder}/{name}.conf";

    /// <summary>update-binfmts' file.</summary>
    public string DebianFile => $"{DebianFolder}/{name}";

    /// <summary>Writes what this system can use.</summary>
    /// <param name="format">The target's magic.</param>
    /// <param name="interpreter">The tool's path.</param>
    /// <param name="flags">The flags.</param>
    /// <param name="said">What was done, a line each.</param>
    /// <returns>What went wrong, or null.</returns>
    public string? Install(BinfmtFormat format, string interpreter, string flags, List<string> said)
    {
        bool debian = HasUpdateBinfmts, systemd = Directory.Exists("/usr/lib/systemd") || Directory.Exists(SystemdFolder) || !debian;
        try
        {
            if (systemd)
            {
                if (File.Exists(SystemdFile) && !IsOurs(SystemdFile))
                    return $"{SystemdFile} exists and is not ours: remove it, or choose another --name";
                Directory.CreateDirectory(SystemdFolder);
                File.WriteAllText(SystemdFile, $"{Remark}\n{format.Line(name, interpreter, flags)}\n");
                said.Add($"wrote {SystemdFile}: systemd registers it at every start");
            }
            if (!debian)
                return null;
            if (File.Exists(DebianFile) && !IsOurs(DebianFile))
                return $"{DebianFile} exists and is not ours (a package's): remove that package, or choose another --name";
            Directory.CreateDirectory(DebianFolder);
            File.WriteAllText(DebianFile, format.DebianText(DebianPackage, interpreter, flags));
            said.Add($"wrote {DebianFile}");
            said.Add(Run("update-binfmts", "--import", name) is { } error ? $"update-binfmts --import {name}: {error}" : $"update-binfmts has imported {name}");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{e.Message}\n  fix: run it as root (sudo)";
        }
    }

    /// <summary>Removes what <see cref="Install"/> wrote, and nothing else; the result is what went wrong, or null.</summary>
    public string? Remove(List<string> said)
    {
        try
        {
            if (IsOurs(DebianFile))
            {
                if (HasUpdateBinfmts && Run("update-binfmts", "--unimport", name) is { } error)
                    said.Add($"update-binfmts --unimport {name}: {error}");
                File.Delete(DebianFile);
                said.Add($"removed {DebianFile}");
            }
            if (!IsOurs(SystemdFile))
                return null;
            File.Delete(SystemdFile);
            said.Add($"removed {SystemdFile}");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{e.Message}\n  fix: run it as root (sudo)";
        }
    }

    /// <summary>The files that mention the entry, whoever wrote them.</summary>
    public IReadOnlyList<string> Files() =>
        [.. ((string[])[SystemdFile, $"/run/binfmt.d/{name}.conf", $"/usr/lib/binfmt.d/{name}.conf", DebianFile]).Where(File.Exists)
            .Select(f => IsOurs(f) ? f : f + " (not written by this tool)")];

    private string Remark => $"# Written by {tool} --binfmt install; '{tool} --binfmt remove' removes it.";

    private bool IsOurs(string file)
    {
        if (!File.Exists(file))
            return false;
        string text = File.ReadAllText(file);
        return text.StartsWith(Remark, StringComparison.Ordinal) || text.StartsWith($"package {DebianPackage}\n", StringComparison.Ordinal);
    }

    private static bool HasUpdateBinfmts => File.Exists("/usr/sbin/update-binfmts");

    // Null, or what went wrong.
    private static unsafe string? Run(params string[] words)
    {
        byte[][] arguments = [.. words.Select(Encoding.UTF8.GetBytes)];
        StringVector argv = new(arguments), envp = new(HostProcess.Environment());
        fixed (byte* program = "/usr/sbin/update-binfmts\0"u8, a = argv.Block, e = envp.Block)
        {
            long pid = Sys.Call(Nr.fork);
            if (pid == 0)
            {
                Sys.Call(Nr.execve, (long)program, (long)argv.At(a), (long)envp.At(e));
                Sys.Call(Nr.exit_group, 127);
            }
            int status = 0;
            while (pid > 0 && Sys.Call(Nr.wait4, pid, (long)&status) == -Errno.EINTR)
            {
            }
            return pid > 0 && status == 0 ? null : $"failed (wait status 0x{status:x})";
        }
    }
}
