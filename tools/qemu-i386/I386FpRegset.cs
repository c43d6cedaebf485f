using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>The x87 state as struct user_i387_struct of i386.</summary>
/// <param name="image">Writes out components in their initial state first.</param>
internal sealed unsafe class I386FpRegset(XsaveFrame image) : Regset(NT_PRFPREG, I386Fsave.Size)
{
    public override void Read(GuestThread thread, Span<byte> to)
    {
        byte* area = Normal(thread);
        I386Fsave.Fill(area, thread.State->Segments[Stubs.Ds], to);
    }

    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from)
    {
        I386Fsave.Take(Normal(thread), from);
        return true;
    }

    private byte* Normal(GuestThread thread)
    {
        byte* area = (byte*)thread.State->VectorArea;
        image.Show(area, stackalloc byte[XsaveFrame.Legacy]);
        return area;
    }
}
