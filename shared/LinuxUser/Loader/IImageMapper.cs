namespace Suite.LinuxUser.Loader;

/// <summary>
/// The guest address space as the loader sees it. Addresses are guest addresses, lengths bytes, protections PROT_* values;
/// results below zero are negative errnos.
/// </summary>
public interface IImageMapper
{
    /// <summary>Guest page size in bytes, a power of two.</summary>
    ulong PageSize { get; }

    /// <summary>
    /// Sets an inaccessible area aside. With <paramref name="fixedAddress"/> exactly at <paramref name="hint"/>, failing with EEXIST or
    /// ENOMEM when taken; otherwise anywhere suitable at a multiple of <paramref name="alignment"/>, near <paramref name="hint"/> unless that is 0.
    /// </summary>
    /// <returns>The address of the area.</returns>
    long Reserve(ulong hint, ulong length, bool fixedAddress, ulong alignment);

    /// <summary>Maps file pages privately, inside a reserved area, over whatever the area holds. Pages beyond the end of the file are allowed.</summary>
    long MapFile(ulong address, ulong length, int prot, IProgramFile file, long offset);

    /// <summary>Maps zero pages privately, inside a reserved area, over whatever the area holds.</summary>
    long MapZero(ulong address, ulong length, int prot);

    /// <summary>Maps the main stack. <paramref name="top"/> is its end (exclusive), page aligned.</summary>
    /// <returns>The lowest address of the stack.</returns>
    long MapStack(ulong size, int prot, out ulong top);

    /// <summary>Copies into guest memory; false when some of it is not writable memory.</summary>
    bool Write(ulong address, ReadOnlySpan<byte> data);

    /// <summary>Clears guest memory; false when some of it is not writable memory.</summary>
    bool Zero(ulong address, ulong length);
}
