using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Suite.Guests;

/// <summary>
/// Runs one program in a session of its own and reports the true wait status. <see cref="Process"/> cannot tell death by a signal from an exit status above 128, does not reset
/// ignored signals, and kills only the tree it can still see; here whatever the program left behind in its session is killed while its process id is still held.
/// </summary>
public static unsafe class HostProcess
{
    /// <summary>Runs the request to its end or its timeout.</summary>
    /// <exception cref="InvalidOperationException">The program could not be started.</exception>
    public static ProcessResult Run(ProcessRequest request)
    {
        using TemporaryDirectory files = new();
        string output = files.File("out");
        string errors = files.File("err");
        long start = Stopwatch.GetTimestamp();
        int pid = Spawn(request, output, errors);
        bool ended = WaitForEnd(pid, request.Timeout);
        double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        LibC.kill(-pid, LibC.SigKill);
        int status;
        LibC.ResourceUsage usage;
        while (LibC.wait4(pid, &status, 0, &usage) < 0)
        {
            if (Marshal.GetLastPInvokeError() != 4)
                throw new InvalidOperationException($"wait4({pid}): errno {Marshal.GetLastPInvokeError()}");
        }
        double cpu = usage.UserSeconds + usage.SystemSeconds + (usage.UserMicroseconds + usage.SystemMicroseconds) / 1e6;
        return new ProcessResult(status, !ended, System.IO.File.ReadAllBytes(output), System.IO.File.ReadAllBytes(errors), wall, cpu);
    }

    private static int Spawn(ProcessRequest request, string output, string errors)
    {
        byte* actions = stackalloc byte[128];
        byte* attributes = stackalloc byte[512];
        byte* allSignals = stackalloc byte[128];
        byte* noSignals = stackalloc byte[128];
        LibC.sigfillset(allSignals);
        new Span<byte>(noSignals, 128).Clear();
        LibC.posix_spawnattr_init(attributes);
        LibC.posix_spawnattr_setflags(attributes, LibC.SpawnSetSession | LibC.SpawnSetSignalDefault | LibC.SpawnSetSignalMask);
        LibC.posix_spawnattr_setsigdefault(attributes, allSignals);
        LibC.posix_spawnattr_setsigmask(attributes, noSignals);
        LibC.posix_spawn_file_actions_init(actions);
        LibC.posix_spawn_file_actions_addopen(actions, 0, request.Input, 0, 0);
        LibC.posix_spawn_file_actions_addopen(actions, 1, output, LibC.OpenWriteCreateAppend, 0x1b6);
        LibC.posix_spawn_file_actions_addopen(actions, 2, errors, LibC.OpenWriteCreateAppend, 0x1b6);
        LibC.posix_spawn_file_actions_addchdir_np(actions, request.Directory);
        byte** arguments = ToVector([request.Program, .. request.Arguments]);
        byte** environment = ToVector([.. MergedEnvironment(request)]);
        try
        {
            int pid;
            int error = LibC.posix_spawn(&pid, request.Program, actions, attributes, arguments, environment);
            return error == 0 ? pid : throw new InvalidOperationException($"{request.Program}: cannot start, errno {error}");
        }
        finally
        {
            FreeVector(arguments);
            FreeVector(environment);
            LibC.posix_spawn_file_actions_destroy(actions);
            LibC.posix_spawnattr_destroy(attributes);
        }
    }

    private static IEnumerable<string> MergedEnvironment(ProcessRequest request)
    {
        Dictionary<string, string> all = new(ProcessRequest.BaseEnvironment);
        foreach ((string name, string value) in request.Environment)
            all[name] = value;
        return all.Select(pair => $"{pair.Key}={pair.Value}");
    }

    /// <summary>Waits without reaping, so that the process id stays ours until its session has been killed.</summary>
    private static bool WaitForEnd(int pid, TimeSpan timeout)
    {
        int descriptor = (int)LibC.syscall(LibC.PidfdOpen, pid, 0);
        if (descriptor < 0)
            throw new InvalidOperationException($"pidfd_open({pid}): errno {Marshal.GetLastPInvokeError()}");
        long start = Stopwatch.GetTimestamp();
        LibC.PollEntry entry = new() { Descriptor = descriptor, Events = LibC.PollIn };
        int ready;
        do
        {
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
            ready = LibC.poll(&entry, 1, (int)Math.Max(0, left.TotalMilliseconds));
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == 4);
        LibC.close(descriptor);
        return ready > 0;
    }

    private static byte** ToVector(string[] items)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)(items.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < items.Length; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(items[i]);
            vector[i] = (byte*)NativeMemory.AllocZeroed((nuint)text.Length + 1);
            text.CopyTo(new Span<byte>(vector[i], text.Length));
        }
        return vector;
    }

    private static void FreeVector(byte** vector)
    {
        for (byte** p = vector; *p != null; p++)
            NativeMemory.Free(*p);
        NativeMemory.Free(vector);
    }
}
