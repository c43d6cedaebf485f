namespace Suite.Guest.X86.Machine;

/// <summary>A processor's state after reset or INIT (Intel SDM volume 3, table 10-1).</summary>
public static unsafe class PowerOn
{
    private const ulong Cr0AtReset = 0x60000010, FlagsAtReset = 2, Dr6AtReset = 0xFFFF0FF0, Dr7AtReset = 0x400, PatAtReset = 0x0007040600070406;
    private const uint CodeAttributes = Segment.Present | Segment.CodeOrData | Segment.Code | Segment.Readable | Segment.Accessed;
    private const uint DataAttributes = Segment.Present | Segment.CodeOrData | Segment.Writable | Segment.Accessed;
    private const uint LdtAttributes = Segment.Present | 2, TssAttributes = Segment.Present | 11;
    private const uint Limit = 0xFFFF;
    private const int Rdx = 2;
    private const ulong ApicEnabled = 0xFEE00800, BootProcessor = 0x100;
    private const ulong FastStrings = 1;

    /// <summary>As after power-on, or reset.</summary>
    /// <param name="cpu">Its pointers and A20 mask are kept. Of the XSAVE image the legacy area and the header are written.</param>
    /// <param name="isBoot">The bootstrap processor.</param>
    /// <param name="signature">Family, model and stepping, as cpuid has them.</param>
    public static void Reset(X86Cpu* cpu, bool isBoot, uint signature)
    {
        byte* vectors = cpu->Vectors;
        ulong a20 = cpu->A20Mask;
        *cpu = default;
        cpu->Vectors = vectors;
        cpu->A20Mask = a20 == 0 ? ulong.MaxValue : a20;
        Init(cpu, signature);
        cpu->Cr0 = Cr0AtReset;
        cpu->Xcr0 = 1;
        cpu->Pat = PatAtReset;
        cpu->MiscEnable = FastStrings;
        cpu->ApicBase = ApicEnabled | (isBoot ? BootProcessor : 0);
        ResetVectors(vectors);
    }

    // The mask of MXCSR is the host's and stays.
    private static void ResetVectors(byte* image)
    {
        const int ControlWord = 0, Mxcsr = 24, MxcsrMask = 28, InUse = 512, Bytes = 576;
        const ulong X87AndSse = 3;
        uint mask = *(uint*)(image + MxcsrMask);
        new Span<byte>(image, Bytes).Clear();
        *(ushort*)(image + ControlWord) = 0x40; // after fninit it is 37Fh
        *(uint*)(image + Mxcsr) = 0x1F80;
        *(uint*)(image + MxcsrMask) = mask;
        *(ulong*)(image + InUse) = X87AndSse;
    }

    /// <summary>As after INIT: caches, vector registers and most MSRs keep what they have.</summary>
    public static void Init(X86Cpu* cpu, uint signature)
    {
        for (int i = 0; i < 16; i++)
            cpu->Gpr[i] = 0;
        cpu->Gpr[Rdx] = signature;
        (cpu->Rip, cpu->Rflags) = (0xFFF0, FlagsAtReset);
        for (int i = 0; i <= (int)SegmentName.Gs; i++)
            cpu->Seg(i) = new Segment { Limit = Limit, Attributes = DataAttributes };
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = 0xF000, Base = 0xFFFF0000, Limit = Limit, Attributes = CodeAttributes };
        cpu->Seg(SegmentName.Ldtr) = new Segment { Limit = Limit, Attributes = LdtAttributes };
        cpu->Seg(SegmentName.Tr) = new Segment { Limit = Limit, Attributes = TssAttributes };
        cpu->Gdtr = cpu->Idtr = new TableRegister { Limit = (ushort)Limit };
        const ulong CacheBits = X86Cpu.Cr0Cd | X86Cpu.Cr0Nw;
        cpu->Cr0 = (cpu->Cr0 & CacheBits) | X86Cpu.Cr0Et;
        cpu->Cr2 = cpu->Cr3 = cpu->Cr4 = cpu->Cr8 = cpu->Efer = 0;
        for (int i = 0; i < 4; i++)
            cpu->Dr[i] = 0;
        (cpu->Dr[6], cpu->Dr[7]) = (Dr6AtReset, Dr7AtReset);
        cpu->InterruptShadow = cpu->NmiBlocked = cpu->Halted = cpu->Cpl = 0;
    }

    /// <summary>As SIPI starts a waiting processor.</summary>
    public static void Start(X86Cpu* cpu, int vector)
    {
        ref Segment cs = ref cpu->Seg(SegmentName.Cs);
        cs.Selector = (ushort)(vector << 8);
        cs.Base = (ulong)vector << 12;
        cpu->Rip = 0;
        cpu->Halted = 0;
    }
}
