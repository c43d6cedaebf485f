using System.Buffers.Binary;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;

namespace Suite.UserMode.Binfmt;

/// <summary>How the probe program is started.</summary>
/// <param name="Program">Its path, for the kernel after <paramref name="Root"/> has become the root.</param>
/// <param name="Argv0">What its argv[0] is to be.</param>
/// <param name="Root">A directory to make the root first; null for none.</param>
public sealed record ProbeRequest(string Program, string Argv0, string? Root = null);

/// <summary>What came of it.</summary>
/// <param name="Errno">execve's error, or that of a step before it; 0 when the program was started.</param>
/// <param name="Step">The call that failed.</param>
/// <param name="Status">The wait status.</param>
/// <param name="Argv0">What the program saw as argv[0]; null when it did not say.</param>
/// <param name="User">The effective user id it saw.</param>
public sealed record ProbeResult(int Errno, string Step, int Status, string? Argv0, uint User)
{
    /// <summary>It ran and ended as it should.</summary>
    public bool Ran => Errno == 0 && Argv0 is not null && (Status & 0x7f) == 0 && (Status >> 8 & 0xff) == ProbeProgram.ExitStatus;

    /// <summary>What happened instead, in words.</summary>
    public string Failure => Errno != 0 ? $"{Step}: {LinuxUser.Abi.Errno.Message(Errno)}"
        : (Status & 0x7f) != 0 ? $"ended by {SignalNames.Name(Status & 0x7f)}" : $"exit status {Status >> 8 & 0xff}";
}

/// <summary>Runs the probe program by execve(2), so that the kernel chooses who runs it.</summary>
public static unsafe class ProbeRun
{
    /// <summary>Starts it and waits.</summary>
    /// <param name="request">How.</param>
    /// <param name="bigEndian">The byte order of the program's target.</param>
    public static ProbeResult Start(ProbeRequest request, bool bigEndian)
    {
        const int Exec = 1, Chroot = 2, Chdir = 3, MaximumOutput = 8192;
        int* output = stackalloc int[2], failure = stackalloc int[2];
        Sys.Call(Nr.pipe2, (long)output, Linux.O_CLOEXEC);
        Sys.Call(Nr.pipe2, (long)failure, Linux.O_CLOEXEC);
        byte[] program = Terminated(request.Program), argv0 = Terminated(request.Argv0), root = Terminated(request.Root ?? "/"), slash = "/\0"u8.ToArray();
        long pid;
        fixed (byte* p = program, name = argv0, newRoot = root, top = slash)
        {
            byte** argv = stackalloc byte*[2], envp = stackalloc byte*[1];
            argv[0] = name;
            argv[1] = null;
            envp[0] = null;
            pid = Sys.Call(Nr.fork);
            if (pid == 0)
            {
                // Nothing here may allocate: the child has only this thread of the runtime.
                int* report = stackalloc int[2];
                report[0] = Chroot;
                long error = request.Root is null ? 0 : Sys.Call(Nr.chroot, (long)newRoot);
                if (error == 0)
                {
                    report[0] = Chdir;
                    error = request.Root is null ? 0 : Sys.Call(Nr.chdir, (long)top);
                }
                if (error == 0)
                {
                    Sys.Call(Nr.dup2, output[1], 1);
                    report[0] = Exec;
                    error = Sys.Call(Nr.execve, (long)p, (long)argv, (long)envp);
                }
                report[1] = (int)-error;
                Sys.Call(Nr.write, failure[1], (long)report, 8);
                Sys.Call(Nr.exit_group, 127);
            }
        }
        Sys.Call(Nr.close, output[1]);
        Sys.Call(Nr.close, failure[1]);
        byte[] said = ReadAll(output[0], MaximumOutput), failed = ReadAll(failure[0], 8);
        int status = 0;
        while (pid > 0 && Sys.Call(Nr.wait4, pid, (long)&status) == -Errno.EINTR)
        {
        }
        if (pid < 0)
            return new ProbeResult((int)-pid, "fork", 0, null, 0);
        if (failed.Length == 8)
            return new ProbeResult(BitConverter.ToInt32(failed, 4), BitConverter.ToInt32(failed) switch { Chroot => "chroot", Chdir => "chdir", _ => "execve" }, 0, null, 0);
        int end = said.AsSpan().IndexOf((byte)0);
        if (end < 0 || said.Length < end + 5)
            return new ProbeResult(0, "", status, null, 0);
        ReadOnlySpan<byte> user = said.AsSpan(end + 1, 4);
        return new ProbeResult(0, "", status, Encoding.UTF8.GetString(said, 0, end),
            bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(user) : BinaryPrimitives.ReadUInt32LittleEndian(user));
    }

    private static byte[] ReadAll(int fd, int most)
    {
        byte[] bytes = new byte[most];
        int length = 0;
        fixed (byte* into = bytes)
        {
            long n;
            while (length < most && ((n = Sys.Call(Nr.read, fd, (long)(into + length), most - length)) > 0 || n == -Errno.EINTR))
                length += (int)Math.Max(n, 0);
        }
        Sys.Call(Nr.close, fd);
        return bytes[..length];
    }

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}
