using System.Diagnostics.CodeAnalysis;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;

namespace Suite.LinuxUser.Process;

/// <summary>Finds, loads and sets up the stack of the program to run.</summary>
public sealed unsafe class ProgramStart
{
    public required ElfTarget Target { get; init; }

    /// <summary>Program name or path as given.</summary>
    public required string Program { get; init; }

    /// <summary>argv, argv[0] included.</summary>
    public required byte[][] Argv { get; init; }

    public required byte[][] Envp { get; init; }

    public required IReadOnlyList<string> Prefixes { get; init; }

    /// <summary>True when the name is a path and is not to be searched in $PATH (an executed program).</summary>
    public bool IsPath { get; init; }

    /// <summary>The program's file when it is open already; null to open it.</summary>
    public int? Descriptor { get; init; }

    public ulong StackSize { get; init; } = 8 << 20;

    /// <summary>Address space to set aside for a 64-bit guest's heap, in bytes.</summary>
    public ulong HeapRoom { get; init; } = 64UL << 30;

    /// <summary>Seed of AT_RANDOM and of stack placement; null for real randomness.</summary>
    public ulong? Seed { get; init; }

    public required byte[] Platform { get; init; }

    public required IReadOnlyList<AuxEntry> Aux { get; init; }

    /// <summary>Loads into <paramref name="memory"/>.</summary>
    public bool TryLoad(GuestMemory memory, [NotNullWhen(true)] out LoadedImage? image, [NotNullWhen(true)] out StackLayout? stack,
        [NotNullWhen(true)] out ProgramIdentity? identity, [NotNullWhen(false)] out LoadError? error)
    {
        (image, stack, identity) = (null, null, null);
        HostFiles files = new(Prefixes);
        string? path = Program;
        if (!IsPath && !ProgramFinder.TryFind(Program, Environment.GetEnvironmentVariable("PATH"), files, out path, out error))
            return false;
        if (!ScriptResolver.TryResolve(path, Argv, files, out OpenedProgram? program, out error, Descriptor is { } fd ? HostFiles.Adopt(fd, path) : null))
            return false;
        using (program)
        {
            Random random = new((int)(Seed ?? HostRandom()));
            memory.Randomise(Seed is null && !IsRandomised() ? null : random);
            LoadRequest request = new()
            {
                Target = Target,
                Mapper = memory,
                Opener = files,
                ResolveInterpreter = files.Resolve,
                InterpreterPrefixes = Prefixes,
                StackSize = StackSize,
                AllowTruncated = IsPath,
            };
            if (!ElfLoader.TryLoad(program, request, out image, out error))
                return false;
            memory.SetBreak(image.BrkStart, HeapRoom);
            byte[] entropy = new byte[16];
            random.NextBytes(entropy);
            if (Seed is null)
                fixed (byte* p = entropy)
                    Sys.Call(Nr.getrandom, (long)p, entropy.Length);
            StackRequest wanted = new()
            {
                Target = Target,
                Image = image,
                Argv = program.Argv,
                Envp = Envp,
                ExecFn = program.ExecFn,
                Random = entropy,
                Platform = Platform,
                Aux = Aux,
                StackLimit = StackSize,
                Shift = (ulong)random.Next(512) * 16,
            };
            if (!InitialStack.TryBuild(wanted, memory, out stack, out error))
                return false;
            identity = new ProgramIdentity
            {
                Path = HostFile.PathOf(program.File.Fd, files.Resolve(program.File.Path)),
                ArgStart = stack.ArgStart,
                ArgEnd = stack.ArgEnd,
                EnvEnd = stack.EnvEnd,
                AuxAddress = stack.AuxAddress,
                AuxLength = stack.AuxLength,
                StackPointer = stack.StackPointer,
                CodeStart = image.CodeStart,
                CodeEnd = image.CodeEnd,
                DataStart = image.DataStart,
                DataEnd = image.DataEnd,
            };
            SetName(program.ExecFn);
            return true;
        }
    }

    private static ulong HostRandom()
    {
        ulong value = 0;
        Sys.Call(Nr.getrandom, (long)&value, sizeof(ulong));
        return value;
    }

    private static bool IsRandomised()
    {
        const uint Query = 0xFFFFFFFF, ADDR_NO_RANDOMIZE = 0x0040000;
        return (Sys.Call(Nr.personality, Query) & ADDR_NO_RANDOMIZE) == 0;
    }

    // comm: the last part of the executed file's name, as begin_new_exec sets it.
    private static void SetName(byte[] execFn)
    {
        const int PR_SET_NAME = 15;
        byte[] name = [.. execFn.AsSpan(execFn.AsSpan().LastIndexOf((byte)'/') + 1), 0];
        fixed (byte* p = name)
            Sys.Call(Nr.prctl, PR_SET_NAME, (long)p);
    }
}
