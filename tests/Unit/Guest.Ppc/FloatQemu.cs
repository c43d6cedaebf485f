using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Suite.Tests.Guest.Ppc;

/// <summary>FloatVectors.c, compiled once for all tests of a class; without qemu-ppc or the cross compiler there is none.</summary>
public sealed class FloatQemuProgram : IDisposable
{
    private readonly string _path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"float-vectors-{Environment.ProcessId}");

    public FloatQemuProgram() => Path = IsThere("qemu-ppc") && IsThere("powerpc-linux-gnu-gcc") ? Compile() : null;

    /// <summary>The guest program, or null.</summary>
    public string? Path { get; }

    public void Dispose() => File.Delete(_path);

    private string Compile([CallerFilePath] string here = "")
    {
        using Process compiler = Process.Start("powerpc-linux-gnu-gcc", ["-O1", "-static", "-o", _path, System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "FloatVectors.c")]);
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? _path : throw new InvalidOperationException("FloatVectors.c does not compile");
    }

    private static bool IsThere(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(System.IO.Path.Combine(folder, program)));
}

/// <summary>The installed qemu-ppc executing single floating-point instructions.</summary>
internal sealed class FloatQemu(string program) : IDisposable
{
    private const int InBytes = 48, OutBytes = 24, Batch = 4096;
    private readonly Process _process = Process.Start(new ProcessStartInfo("qemu-ppc", ["-cpu", "7447a", program]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    public sealed record Input(uint Word, uint Fpscr, ulong A, ulong B, ulong C, ulong Target, uint Cr);

    /// <param name="Trapped">si_code of the SIGFPE, or 0.</param>
    public sealed record Output(ulong Target, uint Fpscr, uint Cr, uint Trapped, uint TrapFpscr);

    public Output[] Run(Input[] inputs)
    {
        var outputs = new List<Output>();
        foreach (Input[] batch in inputs.Chunk(Batch))
        {
            var bytes = new byte[4 + batch.Length * InBytes];
            BinaryPrimitives.WriteInt32BigEndian(bytes, batch.Length);
            for (int i = 0; i < batch.Length; i++)
            {
                Span<byte> at = bytes.AsSpan(4 + i * InBytes);
                BinaryPrimitives.WriteUInt32BigEndian(at, batch[i].Word);
                BinaryPrimitives.WriteUInt32BigEndian(at[4..], batch[i].Fpscr);
                BinaryPrimitives.WriteUInt64BigEndian(at[8..], batch[i].A);
                BinaryPrimitives.WriteUInt64BigEndian(at[16..], batch[i].B);
                BinaryPrimitives.WriteUInt64BigEndian(at[24..], batch[i].C);
                BinaryPrimitives.WriteUInt64BigEndian(at[32..], batch[i].Target);
                BinaryPrimitives.WriteUInt32BigEndian(at[40..], batch[i].Cr);
            }
            _process.StandardInput.BaseStream.Write(bytes);
            _process.StandardInput.BaseStream.Flush();
            var answer = new byte[batch.Length * OutBytes];
            _process.StandardOutput.BaseStream.ReadExactly(answer);
            for (int i = 0; i < batch.Length; i++)
            {
                ReadOnlySpan<byte> at = answer.AsSpan(i * OutBytes);
                outputs.Add(new Output(BinaryPrimitives.ReadUInt64BigEndian(at), BinaryPrimitives.ReadUInt32BigEndian(at[8..]), BinaryPrimitives.ReadUInt32BigEndian(at[12..]),
                    BinaryPrimitives.ReadUInt32BigEndian(at[16..]), BinaryPrimitives.ReadUInt32BigEndian(at[20..])));
            }
        }
        return [.. outputs];
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
