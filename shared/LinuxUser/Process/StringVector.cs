using System.Runtime.InteropServices;

namespace Suite.LinuxUser.Process;

/// <summary>A NULL-terminated vector of NUL-terminated strings in native memory, as execve(2) takes it.</summary>
public sealed unsafe class StringVector : IDisposable
{
    public StringVector(byte[][] strings)
    {
        long bytes = (strings.Length + 1L) * sizeof(nint);
        foreach (byte[] s in strings)
            bytes += s.Length + 1;
        Pointer = (byte**)NativeMemory.Alloc((nuint)bytes);
        byte* at = (byte*)(Pointer + strings.Length + 1);
        for (int i = 0; i < strings.Length; i++)
        {
            Pointer[i] = at;
            strings[i].CopyTo(new Span<byte>(at, strings[i].Length)); // SAFETY: sized above
            at[strings[i].Length] = 0;
            at += strings[i].Length + 1;
        }

        Pointer[strings.Length] = null;
    }

    public byte** Pointer { get; }

    public void Dispose() => NativeMemory.Free(Pointer);
}
