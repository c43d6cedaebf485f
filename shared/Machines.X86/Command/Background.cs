using Suite.Host;

namespace Suite.Machines.X86.Command;

/// <summary>-daemonize: the machine goes on in a child process; the parent ends when the machine is ready, with its status.</summary>
internal static unsafe class Background
{
    private const int FirstStream = 0, Streams = 3;

    /// <summary>Forks before there are other threads. In the parent: waits for the child and gives its status; in the child null, and the descriptor for <see cref="Ready"/>.</summary>
    public static int? Enter(out int ready)
    {
        int* pipe = stackalloc int[2];
        Sys.Call(Nr.pipe2, (long)pipe, Linux.O_CLOEXEC);
        ready = pipe[1];
        if (Sys.Call(Nr.fork) == 0)
        {
            Sys.Call(Nr.setsid);
            Sys.Call(Nr.close, pipe[0]);
            return null;
        }

        Sys.Call(Nr.close, pipe[1]);
        byte status = 1; // a child that dies says nothing
        Sys.Blocking(Nr.read, pipe[0], (long)&status, 1);
        return status;
    }

    /// <summary>The machine is built: the terminal is let go, and the parent ends.</summary>
    public static void Ready(int descriptor)
    {
        byte ok = 0;
        fixed (byte* path = "/dev/null\0"u8)
        {
            long null0 = Sys.Call(Nr.openat, Linux.AT_FDCWD, (long)path, Linux.O_RDWR);
            for (int stream = FirstStream; stream < Streams; stream++)
                Sys.Call(Nr.dup3, null0, stream);
        }

        Sys.Call(Nr.write, descriptor, (long)&ok, 1);
        Sys.Call(Nr.close, descriptor);
    }
}
