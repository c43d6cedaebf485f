using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Memory;

namespace Suite.UserMode.X86;

/// <summary>
/// The floating-point image of an x86 signal frame: FXSAVE area, the software-reserved bytes in it (struct _fpx_sw_bytes, arch/x86/include/uapi/asm/sigcontext.h),
/// XSAVE header and components, closing magic. Guests see the components of their CPU model only.
/// </summary>
/// <param name="xcr0">Components that guests see.</param>
public sealed unsafe class XsaveFrame(ulong xcr0)
{
    /// <summary>Bytes of the FXSAVE area.</summary>
    public const int Legacy = 512;

    private const ulong X87AndSse = 3;
    private const int SwReserved = 464, Header = 512, HeaderBytes = 64, MxcsrOffset = 24, MxcsrMaskOffset = 28;
    private const uint Magic1 = 0x46505853, Magic2 = 0x46505845;

    private readonly int _size = ImageSize(xcr0);

    /// <summary>Bytes the image takes in a frame, closing magic included.</summary>
    public int Bytes => HostCpu.HasXsave ? _size + sizeof(uint) : Legacy;

    /// <summary>Bytes an XSAVE image with these components takes in standard format (cpuid 0Dh).</summary>
    public static int ImageSize(ulong xcr0)
    {
        if (xcr0 == HostCpu.Xcr0)
            return HostCpu.XsaveSize;
        int size = Header + HeaderBytes;
        for (int component = 2; component < 63; component++)
        {
            if ((xcr0 >> component & 1) == 0)
                continue;
            (int offset, int bytes) = HostCpu.XsaveComponent(component);
            size = Math.Max(size, offset + bytes);
        }

        return size;
    }

    /// <summary>Fills the image from a thread's vector area.</summary>
    /// <param name="area">The vector area; components in their initial state are written out in it.</param>
    /// <param name="image"><see cref="Bytes"/> bytes.</param>
    /// <param name="before">Bytes of floating-point state that lie before the image in the frame; they count into extended_size.</param>
    public void Fill(byte* area, Span<byte> image, int before = 0)
    {
        if (!HostCpu.HasXsave)
        {
            new ReadOnlySpan<byte>(area, Legacy).CopyTo(image);
            return;
        }

        NormaliseInitial(area);
        new ReadOnlySpan<byte>(area, _size).CopyTo(image);
        fixed (byte* p = image)
        {
            *(uint*)(p + SwReserved) = Magic1;
            *(uint*)(p + SwReserved + 4) = (uint)(Bytes + before);
            *(ulong*)(p + SwReserved + 8) = xcr0;
            *(uint*)(p + SwReserved + 16) = (uint)_size;
            *(ulong*)(p + Header) = *(ulong*)(p + Header) & xcr0 | X87AndSse; // these two always count, whatever a handler writes into them
            *(uint*)(p + _size) = Magic2;
        }
    }

    /// <summary>Takes a thread's vector state back from an image. False when it cannot be read.</summary>
    /// <param name="address">The image in guest memory; 0 gives the initial state.</param>
    /// <param name="xsave">uc_flags says that there is more than the FXSAVE area.</param>
    public bool Read(GuestMemory memory, ulong address, byte* area, bool xsave)
    {
        ThreadBinding.InitVectors(area);
        if (address == 0)
            return true;
        byte* legacy = stackalloc byte[Legacy];
        if (!memory.TryRead(address, new Span<byte>(legacy, Legacy)))
            return false;
        new ReadOnlySpan<byte>(legacy, SwReserved).CopyTo(new Span<byte>(area, SwReserved));
        ulong components = X87AndSse;
        if (xsave && HostCpu.HasXsave && *(uint*)(legacy + SwReserved) == Magic1)
        {
            int size = Math.Min((int)*(uint*)(legacy + SwReserved + 16), _size);
            if (size >= Header + HeaderBytes && memory.TryRead(address + (ulong)size, out uint magic) && magic == Magic2)
            {
                if (!memory.TryRead(address + Header, new Span<byte>(area + Header, size - Header)))
                    return false;
                components = *(ulong*)(area + Header) & xcr0;
                new Span<byte>(area + Header + 8, HeaderBytes - 8).Clear(); // standard format, nothing reserved set
            }
        }

        *(ulong*)(area + Header) = components;
        uint mask = *(uint*)(legacy + MxcsrMaskOffset);
        *(uint*)(area + MxcsrOffset) &= mask == 0 ? 0xFFBF : mask & 0xFFFF;
        return true;
    }

    /// <summary>Bytes of the image without the closing magic of signal frames: the register set NT_X86_XSTATE.</summary>
    public int ImageBytes => HostCpu.HasXsave ? _size : Legacy;

    /// <summary>Writes the image as ptrace(2) shows it: the components' mask in the software-reserved bytes (arch/x86/kernel/fpu/xstate.c).</summary>
    /// <param name="area">The vector area; components in their initial state are written out in it.</param>
    /// <param name="image">At least <see cref="Legacy"/> bytes; no more than they are filled when there is no room for the rest.</param>
    public void Show(byte* area, Span<byte> image)
    {
        if (HostCpu.HasXsave)
            NormaliseInitial(area);
        new ReadOnlySpan<byte>(area, Math.Min(image.Length, ImageBytes)).CopyTo(image);
        image[SwReserved..Legacy].Clear();
        if (image.Length <= Header)
            return;
        BitConverter.TryWriteBytes(image[SwReserved..], xcr0);
        fixed (byte* p = image)
            *(ulong*)(p + Header) = *(ulong*)(p + Header) & xcr0 | X87AndSse;
    }

    /// <summary>Takes an image from ptrace(2). False, and nothing changed, for reserved bits of MXCSR or components the guest has not.</summary>
    /// <param name="area">The vector area.</param>
    /// <param name="image">An FXSAVE image, or <see cref="ImageBytes"/> bytes.</param>
    public bool Take(byte* area, ReadOnlySpan<byte> image)
    {
        const uint MxcsrBits = 0xFFFF;
        bool whole = image.Length > Header;
        ulong components = whole ? BitConverter.ToUInt64(image[Header..]) : X87AndSse;
        if ((BitConverter.ToUInt32(image[MxcsrOffset..]) & ~MxcsrBits) != 0 || (components & ~xcr0) != 0
            || (whole && image.Slice(Header + 8, HeaderBytes - 8).ContainsAnyExcept((byte)0)))
            return false;
        if (HostCpu.HasXsave)
            NormaliseInitial(area);
        image[..SwReserved].CopyTo(new Span<byte>(area, SwReserved));
        if (whole)
            image[Header..].CopyTo(new Span<byte>(area + Header, image.Length - Header));
        else
            *(ulong*)(area + Header) |= X87AndSse;
        return true;
    }

    // XSAVEOPT leaves components in their initial state unwritten; a handler reads what they are.
    private static void NormaliseInitial(byte* area)
    {
        ulong inUse = *(ulong*)(area + Header);
        const int X87 = 1, Sse = 2, St0 = 32, StBytes = 128, Xmm0 = 160, XmmBytes = 256;
        if ((inUse & X87) == 0)
        {
            new Span<byte>(area, MxcsrOffset).Clear();
            *(ushort*)area = 0x37F;
            new Span<byte>(area + St0, StBytes).Clear();
        }

        if ((inUse & Sse) == 0)
            new Span<byte>(area + Xmm0, XmmBytes).Clear();
        for (int component = 2; component < 63; component++)
        {
            if ((HostCpu.Xcr0 >> component & 1) == 0 || (inUse >> component & 1) != 0)
                continue;
            (int offset, int bytes) = HostCpu.XsaveComponent(component);
            new Span<byte>(area + offset, bytes).Clear();
        }
    }
}
