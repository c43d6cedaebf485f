using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.X86;

/// <summary>The vector state as FXSAVE (NT_PRFPREG of 64-bit programs, NT_PRXFPREG of 32-bit ones) or XSAVE image (NT_X86_XSTATE).</summary>
public sealed unsafe class XsaveRegset : Regset
{
    private readonly XsaveFrame _image;

    private XsaveRegset(uint type, XsaveFrame image, int size)
        : base(type, size) => _image = image;

    /// <summary>The FXSAVE image.</summary>
    /// <param name="type">The note's type, which depends on the target.</param>
    /// <param name="image">Knows the components guests see.</param>
    public static XsaveRegset Legacy(uint type, XsaveFrame image) => new(type, image, XsaveFrame.Legacy);

    /// <summary>The XSAVE image in standard format.</summary>
    public static XsaveRegset Extended(XsaveFrame image) => new(NT_X86_XSTATE, image, image.ImageBytes);

    /// <inheritdoc/>
    public override void Read(GuestThread thread, Span<byte> to) => _image.Show((byte*)thread.State->VectorArea, to);

    /// <inheritdoc/>
    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from) => _image.Take((byte*)thread.State->VectorArea, from);
}
