using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;

namespace Suite.LinuxUser.Syscalls;

/// <summary>
/// execve and execveat that stay inside: a program of this target, or a script, is run by this tool again; anything else is the host's.
/// The file is checked first, so that the caller gets the kernel's error, also through vfork.
/// </summary>
public static unsafe class ExecCalls
{
    private const long EFAULT = -Errno.EFAULT;

    // Linux 6.14: everything that execve asks of the file (also whether somebody has it open for writing), without executing it.
    private const int AT_EXECVE_CHECK = 0x10000;

    public static long Execve(GuestThread t, in SysArgs a)
    {
        byte[]? path = t.Memory.ReadCString(a.A1);
        return path is null ? PathError(t, a.A1) : Execute(t, path, a.A2, a.A3);
    }

    public static long Execveat(GuestThread t, in SysArgs a)
    {
        byte[]? path = t.Memory.ReadCString(a.A2);
        if (path is null)
            return PathError(t, a.A2);
        if ((a.Int5 & ~(Linux.AT_EMPTY_PATH | Linux.AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK)) != 0)
            return -Errno.EINVAL;
        bool empty = path.Length == 0;
        if (empty && (a.Int5 & Linux.AT_EMPTY_PATH) == 0)
            return -Errno.ENOENT;
        if ((a.Int5 & Linux.AT_SYMLINK_NOFOLLOW) != 0 && !empty && IsLink(a.Int1, path))
            return -Errno.ELOOP;
        if ((a.Int5 & AT_EXECVE_CHECK) != 0)
            return AskHost(a.Int1, path, a.Int5);
        if (!empty && (path[0] == (byte)'/' || a.Int1 == Linux.AT_FDCWD))
            return Execute(t, path, a.A3, a.A4);
        long refusal = AskHost(a.Int1, path, a.Int5 | AT_EXECVE_CHECK);
        if (refusal is not (0 or -Errno.EINVAL))
            return refusal;
        string place = $"/dev/fd/{a.Int1}";
        return Execute(t, [.. GuestText.ToBytes(empty ? place : place + "/"), .. path], a.A3, a.A4);
    }

    private static long Execute(GuestThread t, byte[] path, ulong argvAddress, ulong envpAddress)
    {
        path = GuestText.ToBytes(t.Process.ResolveProgram(GuestText.FromBytes(path)));
        // EINVAL is the answer of a kernel that has no such question yet.
        long refusal = AskHost(Linux.AT_FDCWD, path, AT_EXECVE_CHECK);
        if (refusal is not (0 or -Errno.EINVAL))
            return refusal;
        if (t.Memory.ReadStringVector(argvAddress, out byte[][] argv) is var bad and not 0)
            return bad;
        if (t.Memory.ReadStringVector(envpAddress, out byte[][] envp) is var badEnvironment and not 0)
            return badEnvironment;
        ProgramKind kind = Classify(t, path, out ElfIdentity identity, out int errno);
        if (kind == ProgramKind.Refused)
            return -errno;
        // A signal that has come would be lost with this program, one that comes from now on waits for the next. The profiler's come too often to be waited out.
        t.Profile?.Pause();
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        long result = SysResult.Restart;
        if (t.State->Pending == 0)
        {
            t.Process.Actions.UncoverIgnored(forExec: true);
            result = Execute(t, kind, identity, path, argv, envp);
            t.Process.Actions.UncoverIgnored(forExec: false);
            t.ApplyMask();
        }

        t.Profile?.Resume();
        return result;
    }

    private static long Execute(GuestThread t, ProgramKind kind, in ElfIdentity identity, byte[] path, byte[][] argv, byte[][] envp)
    {
        switch (kind)
        {
            case ProgramKind.Guest:
                t.Process.Diagnosis?.Ending(t);
                string? tracer = t.Process.Tracer?.Executing(t);
                t.Process.Strace?.Executing(t.Tid);
                int filters = SeccompImage.Write(t);
                long error = Failed(t, t.Process.Respawn.Exec(path, argv, envp, new ExecHandover(tracer, filters, t.Process.Identity.Settings.Encode(), t.SignalMask)));
                if (filters >= 0)
                    Sys.Call(Nr.close, filters);
                t.Process.Tracer?.ExecuteFailed(t);
                return error;
            case ProgramKind.Foreign when SiblingTools.NameFor(identity, t.Process.Target) is { } tool:
                return ExecuteSibling(t, tool, identity, path, argv, envp);
            default:
                t.Process.Diagnosis?.Ending(t);
                t.Process.Strace?.Executing(t.Tid);
                return Failed(t, Respawn.ExecNative(path, argv, envp, t.SignalMask));
        }
    }

    // i386 programs are never left to a host that could run them itself: they would not be emulated. The kernel is asked about others, since
    // somebody may be registered for them (binfmt_misc).
    private static long ExecuteSibling(GuestThread t, string tool, in ElfIdentity identity, byte[] path, byte[][] argv, byte[][] envp)
    {
        if (SiblingTools.Find(tool, envp, out bool isBeside) is { } place)
        {
            t.Process.Diagnosis?.Ending(t);
            t.Process.Strace?.Executing(t.Tid);
            return Failed(t, SiblingTools.Exec(t.Process.Respawn, place, isBeside, path, argv, envp, t.SignalMask));
        }

        if (identity.Machine == ElfMachine.Ppc && Respawn.ExecNative(path, argv, envp, t.SignalMask) is var error && error != -Errno.ENOEXEC)
            return error;
        string program = GuestText.FromBytes(path);
        HostText.WriteError($"{t.Process.Target.Tool}: {program}: is a program for {MachineCheck.Describe(identity.Machine, identity.Is64, identity.BigEndian)}, "
            + $"and its tool {tool} is neither beside this one nor in PATH\n  fix: install {tool} in one of these places\n");
        return -Errno.ENOEXEC;
    }

    private static long Failed(GuestThread t, long error)
    {
        t.Process.Strace?.ExecutingFailed(t.Tid);
        return error;
    }

    private enum ProgramKind
    {
        Refused,
        Guest,
        Foreign,
    }

    private static ProgramKind Classify(GuestThread t, byte[] path, out ElfIdentity identity, out int errno)
    {
        identity = default;
        HostFiles files = new(t.Process.Prefixes);
        string name = GuestText.FromBytes(path);
        if (!files.IsExecutable(name, out errno))
            return ProgramKind.Refused;
        // The respawned tool resolves scripts again; here only the verdict and the kind of the final program count.
        if (!ScriptResolver.TryResolve(name, [path], files, out OpenedProgram? program, out LoadError? error))
        {
            errno = error.Errno;
            return errno == Errno.EACCES && !files.IsReadable(name) ? ProgramKind.Foreign : ProgramKind.Refused;
        }

        using (program)
        {
            ReadOnlySpan<byte> head = program.Head.Span;
            if (MachineCheck.Explain(head, t.Process.Target) is null)
            {
                LoadRequest request = new() { Target = t.Process.Target, Mapper = t.Memory, Opener = files, ResolveInterpreter = files.Resolve, AllowTruncated = true };
                errno = ElfLoader.Check(program, request)?.Errno ?? 0;
                return errno == 0 ? ProgramKind.Guest : ProgramKind.Refused;
            }

            errno = Errno.ENOEXEC;
            ElfIdentity.TryRead(head, out identity);
            return MachineCheck.IsElf(head) ? ProgramKind.Foreign : ProgramKind.Refused;
        }
    }

    // execveat(2) of the host, to be made with AT_EXECVE_CHECK only.
    private static long AskHost(int directory, byte[] path, int flags)
    {
        nint* argv = stackalloc nint[2];
        fixed (byte* p = (byte[])[.. path, 0])
        {
            (argv[0], argv[1]) = ((nint)p, 0);
            return Sys.Call(Nr.execveat, directory, (long)p, (long)argv, (long)(argv + 1), flags);
        }
    }

    private static long PathError(GuestThread t, ulong address) =>
        t.Memory.TryRead(address, out byte _) ? -Errno.ENAMETOOLONG : EFAULT;

    private static bool IsLink(int directory, byte[] path)
    {
        byte* stat = stackalloc byte[144];
        const uint S_IFMT = 0xF000, S_IFLNK = 0xA000;
        fixed (byte* p = (byte[])[.. path, 0])
            return Sys.Call(Nr.newfstatat, directory, (long)p, (long)stat, Linux.AT_SYMLINK_NOFOLLOW) == 0 && (*(uint*)(stat + 24) & S_IFMT) == S_IFLNK;
    }
}
