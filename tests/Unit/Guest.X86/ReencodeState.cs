using System.Text;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>Everything a program can see of the processor: general registers, flags, the XSAVE image; and how the run ended.</summary>
internal sealed unsafe class ReencodeState
{
    /// <summary>CF, PF, AF, ZF, SF, DF, OF.</summary>
    public const ulong ArithmeticFlags = 0x8D5, DirectionFlag = 0x400, AlignmentCheck = 0x40000, IdFlag = 0x200000;

    public const ulong ComparedFlags = ArithmeticFlags | DirectionFlag | AlignmentCheck | IdFlag;
    private const ushort FlatData = 0x2B;
    private const int HeaderOffset = 512, LegacyBytes = 416;

    private static readonly (int Number, int Offset, int Size)[] Components = FindComponents();

    public readonly ulong[] Gpr = new ulong[16];
    public readonly byte[] Vectors = new byte[ThreadBinding.VectorBytes];
    public readonly ushort[] Segments = new ushort[6];
    public ulong Flags, Pc;
    public int Signal, Trap;
    public ulong Address;

    /// <summary>Only the registers of 32-bit code.</summary>
    public bool Narrow { get; init; }

    private int Registers => Narrow ? 8 : 16;

    /// <summary>What a run is to end with, when it ends by reaching an instruction that does not exist.</summary>
    public bool EndedAtStop => Signal == Linux.SIGILL;

    /// <summary>Random registers, flags and vectors. The stack pointer is the caller's to set.</summary>
    public void Randomize(ReencodeRandom random)
    {
        for (int i = 0; i < Registers; i++)
            Gpr[i] = Narrow ? (uint)random.Value() : random.Value();
        Flags = (random.Next() & (ArithmeticFlags | DirectionFlag)) | 0x202;
        RandomizeVectors(random);
    }

    public void CopyFrom(ReencodeState other)
    {
        other.Gpr.CopyTo(Gpr, 0);
        other.Vectors.CopyTo(Vectors, 0);
        (Flags, Pc) = (other.Flags, other.Pc);
    }

    /// <summary>Makes this the state of the calling guest thread.</summary>
    public void Load(VcpuState* s)
    {
        for (int i = 0; i < Registers; i++)
            s->Gpr[i] = Gpr[i];
        if (Narrow)
            (s->Segments[Stubs.Es], s->Segments[Stubs.Ss], s->Segments[Stubs.Ds], s->Segments[Stubs.Fs], s->Segments[Stubs.Gs]) = (FlatData, FlatData, FlatData, 0, 0);
        (s->Flags, s->Pc) = (Flags, Pc);
        byte* area = (byte*)s->VectorArea;
        Vectors.AsSpan(0, LegacyBytes).CopyTo(new Span<byte>(area, LegacyBytes));
        *(ulong*)(area + HeaderOffset) = HostCpu.Xcr0;
        foreach ((_, int offset, int size) in Components)
            Vectors.AsSpan(offset, size).CopyTo(new Span<byte>(area + offset, size));
    }

    /// <summary>Takes the state of the calling guest thread, with the pc given.</summary>
    public void Store(VcpuState* s, ulong pc)
    {
        for (int i = 0; i < Registers; i++)
            Gpr[i] = s->Gpr[i];
        for (int i = 0; i < 6; i++)
            Segments[i] = s->Segments[i];
        Flags = s->Flags & ComparedFlags;
        Pc = pc;
        byte* area = (byte*)s->VectorArea;
        new Span<byte>(area, LegacyBytes).CopyTo(Vectors);
        ulong present = *(ulong*)(area + HeaderOffset);
        foreach ((int number, int offset, int size) in Components)
        {
            Span<byte> to = Vectors.AsSpan(offset, size);
            if ((present >> number & 1) != 0)
                new Span<byte>(area + offset, size).CopyTo(to);
            else
                to.Clear();
        }

        Canonicalize(present);
    }

    /// <summary>How the run ended: signal, trap number and faulting address as the kernel reports them, or as the personality would report them.</summary>
    public void StoreEnd(VcpuState* s, ExitReason reason)
    {
        (Signal, Trap, Address) = reason switch
        {
            ExitReason.Fault => (ReencodeHost.FaultSignal(s), (int)s->FaultTrap, s->FaultTrap == 14 ? s->FaultAddress : 0UL),
            ExitReason.FetchFault => (Linux.SIGSEGV, 14, s->Pc),
            ExitReason.Special when (s->ExitArg & 0xFF) == (uint)Suite.Guest.X86.Reencoder.SpecialInsn.Undefined => (Linux.SIGILL, 6, 0UL),
            ExitReason.Special when (s->ExitArg & 0xFF) == (uint)Suite.Guest.X86.Reencoder.SpecialInsn.Protection => (Linux.SIGSEGV, 13, 0UL),
            _ => (-(int)reason, 0, 0UL),
        };
    }

    /// <summary>The differences as text, or null.</summary>
    public string? Difference(ReencodeState expected)
    {
        bool same = Pc == expected.Pc && Flags == expected.Flags && Signal == expected.Signal && Trap == expected.Trap && Address == expected.Address
            && Gpr.AsSpan().SequenceEqual(expected.Gpr) && Segments.AsSpan().SequenceEqual(expected.Segments) && Vectors.AsSpan().SequenceEqual(expected.Vectors);
        if (same)
            return null;
        StringBuilder text = new();
        Append(text, "pc", expected.Pc, Pc);
        Append(text, "flags", expected.Flags, Flags);
        Append(text, "signal", (ulong)expected.Signal, (ulong)Signal);
        Append(text, "trap", (ulong)expected.Trap, (ulong)Trap);
        Append(text, "address", expected.Address, Address);
        for (int i = 0; i < 16; i++)
            Append(text, ((Suite.Jit.X64.Reg)i).ToString().ToLowerInvariant(), expected.Gpr[i], Gpr[i]);
        for (int i = 0; i < 6; i++)
            Append(text, $"segment {i}", expected.Segments[i], Segments[i]);
        for (int i = 0; i + 8 <= Vectors.Length; i += 8)
            Append(text, $"xsave+{i}", BitConverter.ToUInt64(expected.Vectors, i), BitConverter.ToUInt64(Vectors, i));
        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, ulong expected, ulong actual)
    {
        if (expected != actual && text.Length < 600)
            text.Append($" {name}: {expected:x} expected, {actual:x} found;");
    }

    // x87 instruction and data pointers are host addresses in generated code; nobody is told otherwise, so they are not compared.
    private void Canonicalize(ulong present)
    {
        Span<byte> v = Vectors;
        v[6..24].Clear();
        v[5] = 0;
        v[28..32].Clear(); // MXCSR_MASK
        if ((present & 1) == 0)
        {
            v[..6].Clear();
            BitConverter.TryWriteBytes(v, (ushort)0x37F);
            v[32..160].Clear();
        }

        for (int i = 0; i < 8; i++)
            v.Slice(32 + i * 16 + 10, 6).Clear();
        if ((present & 2) == 0)
            v[160..416].Clear();
    }

    private void RandomizeVectors(ReencodeRandom random)
    {
        Span<byte> v = Vectors;
        v.Clear();
        random.Fill(v[32..416]);
        for (int i = 0; i < 8; i++)
            v.Slice(32 + i * 16 + 10, 6).Clear();
        bool unmask = random.OneIn(16);
        int control = 0x7F | random.Below(16) << 8;
        int masked = 0x3F;
        if (unmask)
            control &= ~(masked ^= random.Below(64));
        control |= 0x40;
        BitConverter.TryWriteBytes(v, (ushort)control);
        BitConverter.TryWriteBytes(v[2..], (ushort)((int)random.Next() & 0x7F00 & ~0x80 | random.Below(64) & masked & control));
        v[4] = (byte)random.Next();
        uint mxcsr = (uint)random.Next() & 0xE07F | 0x1F80;
        if (unmask)
            mxcsr = mxcsr & ~0x3Fu & ~((uint)random.Below(64) << 7);
        BitConverter.TryWriteBytes(v[24..], mxcsr);
        foreach ((_, int offset, int size) in Components)
            random.Fill(v.Slice(offset, size));
    }

    // AVX, AVX-512 masks, upper halves, upper registers (cpuid 0Dh): the components whose every bit may be set.
    private static (int Number, int Offset, int Size)[] FindComponents()
    {
        List<(int, int, int)> found = [];
        foreach (int number in (ReadOnlySpan<int>)[2, 5, 6, 7])
        {
            if ((HostCpu.Xcr0 >> number & 1) == 0)
                continue;
            (uint size, uint offset, _, _) = HostCpu.Cpuid(0xD, (uint)number);
            found.Add((number, (int)offset, (int)size));
        }

        return [.. found];
    }
}
