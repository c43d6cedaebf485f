namespace Suite.LinuxUser.Loader;

/// <summary>The program execve ends up with once all #! lines are followed. Owns the open file.</summary>
public sealed class OpenedProgram : IDisposable
{
    /// <summary>The final program (or whatever it is), open.</summary>
    public required IProgramFile File { get; init; }

    /// <summary>Its first bytes: <see cref="ElfFile.HeadBytes"/>, or all of it when it is shorter.</summary>
    public required ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>The arguments the program gets, without NULs.</summary>
    public required byte[][] Argv { get; init; }

    /// <summary>The name given to execve, that is the outermost script's (AT_EXECFN).</summary>
    public required byte[] ExecFn { get; init; }

    /// <summary>How many #! lines were followed.</summary>
    public required int ScriptDepth { get; init; }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();
}
