using Iced.Intel;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// What may run of x87 and vectors, and the instructions that move whole states between memory and <see cref="X86Cpu.Vectors"/> (Intel SDM volume 1, chapters 8, 10 and 13).
/// </summary>
public sealed unsafe partial class X86Core
{
    private const ulong StateX87 = 1, StateSse = 2, StateAvx = 4, Compacted = 1UL << 63;

    private const ulong EferFastFxsave = 1 << 14;

    // Offsets in the legacy region and the header of an XSAVE image.
    private const int ImageControl = 0, ImageStatus = 2, ImageTags = 4, ImageOpcode = 6, ImageIp = 8, ImageDp = 16, ImageMxcsr = 24, ImageStack = 32, ImageXmm = 160,
        ImageXmmEnd = 416, LegacyBytes = 512, ImageHeader = 512, HeaderBytes = 64, StateParts = 8;

    private const uint InitialMxcsr = 0x1F80, InitialControl = 0x37F, ExceptionSummary = 0x80;

    /// <summary>Raises what an x87, MMX, SSE or AVX instruction raises before it starts: #NM, #UD or #MF by CR0, CR4, XCR0 and pending x87 exceptions.</summary>
    /// <exception cref="X86Fault">It may not run.</exception>
    public void CheckFpu(in Instruction insn) => CheckFpu(Classes.Of(insn));

    /// <summary>Classes of instructions, found so far.</summary>
    internal FpuClassCache Classes { get; } = new();

    /// <inheritdoc cref="CheckFpu(in Instruction)"/>
    public void CheckFpu(FpuClass kind)
    {
        ulong cr0 = _cpu->Cr0;
        bool switched = (cr0 & X86Cpu.Cr0Ts) != 0, emulated = (cr0 & X86Cpu.Cr0Em) != 0;
        switch (kind)
        {
            case FpuClass.None:
                return;
            case FpuClass.Wait:
                Refuse(switched && (cr0 & X86Cpu.Cr0Mp) != 0, X86Vector.DeviceNotAvailable);
                CheckPending();
                return;
            case FpuClass.X87 or FpuClass.X87Quiet or FpuClass.Fxsave:
                Refuse(switched || emulated, X86Vector.DeviceNotAvailable);
                if (kind == FpuClass.X87)
                    CheckPending();
                return;
            case FpuClass.Mmx:
                Refuse(emulated, X86Vector.InvalidOpcode);
                break;
            case FpuClass.Sse or FpuClass.SseMmx:
                Refuse(emulated || (_cpu->Cr4 & X86Cpu.Cr4Osfxsr) == 0, X86Vector.InvalidOpcode);
                break;
            default:
                ulong needed = kind == FpuClass.Xsave ? 0 : kind == FpuClass.Avx ? StateSse | StateAvx : 0xE6UL;
                Refuse((_cpu->Cr4 & X86Cpu.Cr4Osxsave) == 0 || (_cpu->Xcr0 & needed) != needed || (needed != 0 && !IsProtectedNotVm), X86Vector.InvalidOpcode);
                break;
        }

        Refuse(switched, X86Vector.DeviceNotAvailable);
        if (kind is FpuClass.Mmx or FpuClass.SseMmx)
            CheckPending();
    }

    private static void Refuse(bool condition, X86Vector vector)
    {
        if (condition)
            throw new X86Fault(vector);
    }

    // An unmasked x87 exception that waits: #MF, or what takes its place.
    private void CheckPending()
    {
        if ((*(ushort*)(_cpu->Vectors + ImageStatus) & ExceptionSummary) != 0)
            throw new X86Fault(X86Vector.X87Fault);
    }

    // #MF while CR0.NE is clear (Intel SDM volume 1, appendix D.2): the instruction waits until an interrupt comes - a PC makes one of FERR#. In the handler, which
    // has had IGNNE# asserted, it is executed: wait as nothing, others without the exception.
    private void WaitForFpuInterrupt()
    {
        const byte wait = 0x9B;
        const ushort exceptions = 0x80FF;
        if (!_platform.IgnoresFpuErrors)
        {
            _platform.SetFpuError(true);
            (_cpu->Halted, _cpu->InterruptShadow) = (1, 0);
            return;
        }

        ulong at = _cpu->Is64 ? _cpu->Rip : (uint)(_cpu->Seg(SegmentName.Cs).Base + _cpu->Rip);
        if (TryTranslate(at, MemoryAccess.Fetch, IsUser, out ulong physical, out _, out _) && _memory.Read(physical, 1) == wait)
            _cpu->Rip++;
        else
            *(ushort*)(_cpu->Vectors + ImageStatus) &= unchecked((ushort)~exceptions);
    }

    /// <summary>The x87 exceptions that waited are gone.</summary>
    internal void FpuErrorCleared()
    {
        if ((_cpu->Cr0 & X86Cpu.Cr0Ne) == 0)
            _platform.SetFpuError(false);
    }

    private bool DispatchFpu(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Fxsave or Mnemonic.Fxsave64:
                FxSave(insn);
                return true;
            case Mnemonic.Fxrstor or Mnemonic.Fxrstor64:
                FxRestore(insn);
                return true;
            case Mnemonic.Xsave or Mnemonic.Xsave64:
                XSave(insn, Pair() & _cpu->Xcr0, compact: false, skipInitial: false);
                return true;
            case Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64:
                XSave(insn, Pair() & _cpu->Xcr0, compact: false, skipInitial: true);
                return true;
            case Mnemonic.Xsavec or Mnemonic.Xsavec64:
                XSave(insn, Pair() & _cpu->Xcr0, compact: true, skipInitial: true);
                return true;
            case Mnemonic.Xsaves or Mnemonic.Xsaves64:
                XSave(insn, Pair() & (_cpu->Xcr0 | _cpu->Xss), compact: true, skipInitial: true, privileged: true);
                return true;
            case Mnemonic.Xrstor or Mnemonic.Xrstor64:
                XRestore(insn, privileged: false);
                return true;
            case Mnemonic.Xrstors or Mnemonic.Xrstors64:
                XRestore(insn, privileged: true);
                return true;
            case Mnemonic.Fnsave or Mnemonic.Fnstenv:
                SaveEnvironment(insn, withStack: insn.Mnemonic == Mnemonic.Fnsave);
                return true;
            case Mnemonic.Frstor or Mnemonic.Fldenv:
                LoadEnvironment(insn, withStack: insn.Mnemonic == Mnemonic.Frstor);
                return true;
            case Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu:
                MaskedMove(insn);
                return true;
            default:
                return TryGather(insn);
        }
    }

    private byte* Image => _cpu->Vectors;

    private ref ulong ImageInUse => ref *(ulong*)(_cpu->Vectors + ImageHeader);

    // Components that are not in their initial state.
    private ulong InUse() => ImageInUse & 0xE7;

    // Writes a component's initial state into the image where the header says that it is in it, so that plain copies may be made.
    private void Materialize()
    {
        ulong used = ImageInUse;
        if ((used & StateX87) == 0)
        {
            new Span<byte>(Image, ImageMxcsr).Clear();
            *(ushort*)(Image + ImageControl) = (ushort)InitialControl;
            new Span<byte>(Image + ImageStack, ImageXmm - ImageStack).Clear();
        }

        if ((used & StateSse) == 0)
            new Span<byte>(Image + ImageXmm, ImageXmmEnd - ImageXmm).Clear();
        for (int i = 2; i < StateParts; i++)
            if ((used >> i & 1) == 0 && (Cpuid.Xcr0 >> i & 1) != 0)
            {
                StatePart part = Cpuid.Part(i);
                new Span<byte>(Image + part.Offset, part.Bytes).Clear();
            }
    }

    private ulong BlockAddress(in Instruction insn, int bytes, int alignment, MemoryAccess access)
    {
        ulong linear = LinearAddress(SegmentOf(insn), EffectiveAddress(insn), bytes, access);
        return (linear & (ulong)(alignment - 1)) == 0 ? linear : throw Protection(0);
    }

    // All of a block's pages, so that a copy cannot fault half-way.
    internal void ProbeBlock(ulong linear, int bytes, MemoryAccess access)
    {
        for (long left = bytes; left > 0;)
        {
            Find(linear, access, IsUser, out _, out _);
            left -= (long)(PageBytes - (linear & PageOffset));
            linear = NextPage(linear);
        }
    }

    // Copies page by page; the pages have been looked at.
    internal void CopyOut(ulong linear, byte* from, int bytes)
    {
        while (bytes > 0)
        {
            int part = (int)Math.Min((ulong)bytes, PageBytes - (linear & PageOffset));
            byte* to = Find(linear, MemoryAccess.Write, IsUser, out ulong physical, out bool code);
            if (to != null)
                Buffer.MemoryCopy(from, to, part, part);
            else
                for (int i = 0, size; i < part; i += size)
                    WriteDevice(physical + (ulong)i, size = AccessSize(part - i), Scalar.Load(from + i, size));
            if (code)
                _memory.Written(physical, part);
            linear = SystemAddress(linear + (ulong)part);
            from += part;
            bytes -= part;
        }
    }

    internal void CopyIn(byte* to, ulong linear, int bytes)
    {
        while (bytes > 0)
        {
            int part = (int)Math.Min((ulong)bytes, PageBytes - (linear & PageOffset));
            byte* from = Find(linear, MemoryAccess.Read, IsUser, out ulong physical, out _);
            if (from != null)
                Buffer.MemoryCopy(from, to, part, part);
            else
                for (int i = 0, size; i < part; i += size)
                    Scalar.Store(to + i, size = AccessSize(part - i), ReadDevice(physical + (ulong)i, size));
            linear = SystemAddress(linear + (ulong)part);
            to += part;
            bytes -= part;
        }
    }

    // Devices see the size of an access.
    private static int AccessSize(int rest) => rest >= 8 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;

    // Registers of vectors that this mode can name.
    private int XmmBytes => (_cpu->Is64 ? 16 : 8) * 16;

    // AMD's fast fxsave leaves the xmm registers out at CPL 0 of 64-bit mode.
    private bool LeavesXmm => (_cpu->Cr4 & X86Cpu.Cr4Osfxsr) == 0 || ((_cpu->Efer & EferFastFxsave) != 0 && _cpu->Cpl == 0 && _cpu->Is64);

    private void FxSave(in Instruction insn)
    {
        CheckFpu(FpuClass.Fxsave);
        ulong at = BlockAddress(insn, LegacyBytes, 16, MemoryAccess.Write);
        ProbeBlock(at, LegacyBytes, MemoryAccess.Write);
        Materialize();
        byte* block = stackalloc byte[ImageXmmEnd];
        Buffer.MemoryCopy(Image, block, ImageXmmEnd, ImageXmmEnd);
        ClearPointers(block);
        *(uint*)(block + ImageMxcsr + 4) = MxcsrMask;
        CopyOut(at, block, ImageXmm);
        if (!LeavesXmm)
            CopyOut(at + ImageXmm, block + ImageXmm, XmmBytes);
    }

    // The host notes where its own last x87 instruction and operand were: in translated code, which is no business of the guest's.
    private static void ClearPointers(byte* block)
    {
        *(ushort*)(block + ImageOpcode) = 0;
        *(ulong*)(block + ImageIp) = 0;
        *(ulong*)(block + ImageDp) = 0;
    }

    private uint MxcsrMask => *(uint*)(Image + ImageMxcsr + 4) is var mask && mask != 0 ? mask : 0xFFFF;

    private void FxRestore(in Instruction insn)
    {
        CheckFpu(FpuClass.Fxsave);
        ulong at = BlockAddress(insn, LegacyBytes, 16, MemoryAccess.Read);
        ProbeBlock(at, LegacyBytes, MemoryAccess.Read);
        byte* block = stackalloc byte[ImageXmmEnd];
        CopyIn(block, at, ImageXmmEnd);
        uint mxcsr = *(uint*)(block + ImageMxcsr), mask = MxcsrMask;
        if ((mxcsr & ~mask) != 0)
            throw Protection(0);
        Materialize();
        *(uint*)(block + ImageMxcsr + 4) = mask;
        Buffer.MemoryCopy(block, Image, ImageXmm, ImageXmm);
        if (!LeavesXmm)
            Buffer.MemoryCopy(block + ImageXmm, Image + ImageXmm, XmmBytes, XmmBytes);
        ImageInUse |= StateX87 | StateSse;
    }

    private void XSave(in Instruction insn, ulong components, bool compact, bool skipInitial, bool privileged = false)
    {
        CheckFpu(FpuClass.Xsave);
        if (privileged)
            RequireKernel();
        int bytes = (int)Cpuid.StateSize(components, compact);
        ulong at = BlockAddress(insn, bytes, 64, MemoryAccess.Write);
        ProbeBlock(at, bytes, MemoryAccess.Write);
        Materialize();
        ulong used = InUse();
        if (*(uint*)(Image + ImageMxcsr) != InitialMxcsr && (compact || (used & StateSse) != 0))
            used |= StateSse;
        ulong written = skipInitial ? components & used : components;
        byte* legacy = stackalloc byte[ImageXmmEnd];
        Buffer.MemoryCopy(Image, legacy, ImageXmmEnd, ImageXmmEnd);
        ClearPointers(legacy);
        *(uint*)(legacy + ImageMxcsr + 4) = MxcsrMask;
        if ((written & StateX87) != 0)
        {
            CopyOut(at, legacy, ImageMxcsr);
            CopyOut(at + ImageStack, legacy + ImageStack, ImageXmm - ImageStack);
        }

        if (compact ? (written & StateSse) != 0 : (components & (StateSse | StateAvx)) != 0)
            CopyOut(at + ImageMxcsr, legacy + ImageMxcsr, 8);
        if ((written & StateSse) != 0)
            CopyOut(at + ImageXmm, legacy + ImageXmm, XmmBytes);
        ulong offset = LegacyBytes + HeaderBytes;
        for (int i = 2; i < StateParts; i++)
        {
            if ((components >> i & 1) == 0)
                continue;
            StatePart part = Cpuid.Part(i);
            if (compact && part.IsAligned)
                offset = (offset + 63) & ~63UL;
            if ((written >> i & 1) != 0)
                CopyOut(at + (compact ? offset : (ulong)part.Offset), Image + part.Offset, PartBytes(i, part));
            offset += (ulong)part.Bytes;
        }

        ulong header = compact ? used & components : (ReadLinear(at + ImageHeader, 8, IsUser) & ~components) | (used & components);
        WriteLinear(at + ImageHeader, 8, header, IsUser);
        if (compact)
            WriteLinear(at + ImageHeader + 8, 8, components | Compacted, IsUser);
    }

    // Outside 64-bit mode the upper registers are neither saved nor loaded, the upper halves of ymm alike.
    private int PartBytes(int component, in StatePart part) => component == 2 && !_cpu->Is64 ? 128 : part.Bytes;

    private void XRestore(in Instruction insn, bool privileged)
    {
        CheckFpu(FpuClass.Xsave);
        if (privileged)
            RequireKernel();
        ulong allowed = _cpu->Xcr0 | (privileged ? _cpu->Xss : 0);
        ulong components = Pair() & allowed;
        ulong at = BlockAddress(insn, LegacyBytes + HeaderBytes, 64, MemoryAccess.Read);
        ulong present = ReadLinear(at + ImageHeader, 8, IsUser), layout = ReadLinear(at + ImageHeader + 8, 8, IsUser);
        bool compact = (layout & Compacted) != 0;
        bool valid = compact ? (layout & ~Compacted & ~allowed) == 0 && (present & ~layout) == 0 && Cpuid.HasXsavec : !privileged && layout == 0 && (present & ~allowed) == 0;
        for (ulong i = 16; i < (compact ? HeaderBytes : 24u); i += 8)
            valid &= ReadLinear(at + ImageHeader + i, 8, IsUser) == 0;
        if (!valid)
            throw Protection(0);
        ulong stored = compact ? layout & ~Compacted : allowed;
        ProbeBlock(at, (int)Cpuid.StateSize(stored & (compact ? ulong.MaxValue : components), compact), MemoryAccess.Read);
        bool loadsMxcsr = compact ? (components & present & StateSse) != 0 : (components & (StateSse | StateAvx)) != 0;
        uint mxcsr = (uint)ReadLinear(at + ImageMxcsr, 4, IsUser);
        if (loadsMxcsr && (mxcsr & ~MxcsrMask) != 0)
            throw Protection(0);

        if ((components & present & StateX87) != 0)
        {
            CopyIn(Image, at, ImageMxcsr);
            CopyIn(Image + ImageStack, at + ImageStack, ImageXmm - ImageStack);
        }

        if (loadsMxcsr)
            *(uint*)(Image + ImageMxcsr) = mxcsr;
        else if (compact && (components & StateSse) != 0)
            *(uint*)(Image + ImageMxcsr) = InitialMxcsr;
        if ((components & present & StateSse) != 0)
        {
            MakeWhole(StateSse);
            CopyIn(Image + ImageXmm, at + ImageXmm, XmmBytes);
        }

        ulong offset = LegacyBytes + HeaderBytes;
        for (int i = 2; i < StateParts; i++)
        {
            if ((stored >> i & 1) == 0)
                continue;
            StatePart part = Cpuid.Part(i);
            if (compact && part.IsAligned)
                offset = (offset + 63) & ~63UL;
            if (((components & present) >> i & 1) != 0)
            {
                MakeWhole(1UL << i);
                CopyIn(Image + part.Offset, at + (compact ? offset : (ulong)part.Offset), PartBytes(i, part));
            }

            offset += (ulong)part.Bytes;
        }

        ImageInUse = (ImageInUse & ~components) | (components & present);
        Materialize();
    }

    // A component that is loaded in part only must not keep stale bytes in the rest.
    private void MakeWhole(ulong component)
    {
        if ((ImageInUse & component) != 0)
            return;
        Materialize();
    }

    // fnsave and fnstenv: the state in the form of the 80387, by operand size and mode.
    private void SaveEnvironment(in Instruction insn, bool withStack)
    {
        CheckFpu(FpuClass.X87Quiet);
        bool word = IsWordEnvironment(insn.Code);
        int environment = word ? 14 : 28, bytes = environment + (withStack ? 80 : 0);
        ulong at = LinearAddress(SegmentOf(insn), EffectiveAddress(insn), bytes, MemoryAccess.Write);
        ProbeBlock(at, bytes, MemoryAccess.Write);
        Materialize();
        byte* block = stackalloc byte[28 + 80];
        WriteEnvironment(block, word);
        if (withStack)
            for (int i = 0; i < 8; i++)
                Buffer.MemoryCopy(Image + ImageStack + i * 16, block + environment + i * 10, 10, 10);
        CopyOut(at, block, bytes);
        if (withStack)
            ImageInUse &= ~StateX87;
        else
            *(ushort*)(Image + ImageControl) |= 0x3F;
        Materialize();
        FpuErrorCleared();
    }

    private static bool IsWordEnvironment(Code code) => code is Code.Fnsave_m94byte or Code.Frstor_m94byte or Code.Fnstenv_m14byte or Code.Fldenv_m14byte;

    private void WriteEnvironment(byte* block, bool word)
    {
        int step = word ? 2 : 4;
        uint filler = word ? 0 : 0xFFFF_0000;
        Scalar.Store(block, step, filler | *(ushort*)(Image + ImageControl));
        Scalar.Store(block + step, step, filler | *(ushort*)(Image + ImageStatus));
        Scalar.Store(block + 2 * step, step, filler | FullTags());
        for (int i = 3; i < 7; i++)
            Scalar.Store(block + i * step, step, 0); // pointers, see ClearPointers
        if (!word)
            *(uint*)(block + 6 * step) = filler;
    }

    // Two bits a register - valid, zero, special, empty - from the one bit of the image and the contents.
    private uint FullTags()
    {
        uint tags = 0, used = Image[ImageTags];
        int top = *(ushort*)(Image + ImageStatus) >> 11 & 7;
        for (int physical = 0; physical < 8; physical++)
        {
            byte* st = Image + ImageStack + ((physical - top) & 7) * 16;
            ulong mantissa = *(ulong*)st;
            uint exponent = (uint)*(ushort*)(st + 8) & 0x7FFF;
            uint tag = (used >> physical & 1) == 0 ? 3u : exponent == 0 && mantissa == 0 ? 1u : exponent == 0x7FFF || mantissa >> 63 == 0 ? 2u : 0;
            tags |= tag << (2 * physical);
        }

        return tags;
    }

    private void LoadEnvironment(in Instruction insn, bool withStack)
    {
        CheckFpu(FpuClass.X87);
        bool word = IsWordEnvironment(insn.Code);
        int environment = word ? 14 : 28, step = word ? 2 : 4, bytes = environment + (withStack ? 80 : 0);
        ulong at = LinearAddress(SegmentOf(insn), EffectiveAddress(insn), bytes, MemoryAccess.Read);
        ProbeBlock(at, bytes, MemoryAccess.Read);
        byte* block = stackalloc byte[28 + 80];
        CopyIn(block, at, bytes);
        Materialize();
        ImageInUse |= StateX87;
        *(ushort*)(Image + ImageControl) = (ushort)((*(ushort*)block & 0x1F3F) | 0x40);
        uint tags = *(ushort*)(block + 2 * step);
        byte used = 0;
        for (int i = 0; i < 8; i++)
            used |= (byte)((tags >> (2 * i) & 3) != 3 ? 1 << i : 0);
        Image[ImageTags] = used;
        if (withStack)
            for (int i = 0; i < 8; i++)
            {
                Buffer.MemoryCopy(block + environment + i * 10, Image + ImageStack + i * 16, 10, 10);
                *(ushort*)(Image + ImageStack + i * 16 + 10) = 0;
                *(uint*)(Image + ImageStack + i * 16 + 12) = 0;
            }

        // An exception that the loaded control word does not mask is pending at once.
        ushort control = *(ushort*)(Image + ImageControl), status = (ushort)(*(ushort*)(block + step) & 0x7F7F);
        if ((status & ~control & 0x3F) != 0)
            status |= 0x8080;
        *(ushort*)(Image + ImageStatus) = status;
    }

    // maskmovq, maskmovdqu: bytes whose mask has its top bit set go to ds:rdi.
    private void MaskedMove(in Instruction insn)
    {
        bool mmx = insn.Mnemonic == Mnemonic.Maskmovq;
        CheckFpu(mmx ? FpuClass.SseMmx : insn.Mnemonic == Mnemonic.Vmaskmovdqu ? FpuClass.Avx : FpuClass.Sse);
        Materialize();
        int bytes = mmx ? 8 : 16, bits = insn.Op0Kind switch { OpKind.MemorySegRDI => 64, OpKind.MemorySegEDI => 32, _ => 16 };
        byte* value = VectorRegister(insn.Op1Register), mask = VectorRegister(insn.Op2Register);
        ulong at = LinearAddress(SegmentOf(insn), Cut(_cpu->Gpr[Rdi], bits), bytes, MemoryAccess.Write);
        int first = -1, last = -1;
        for (int i = 0; i < bytes; i++)
            if ((mask[i] & 0x80) != 0)
                (first, last) = (first < 0 ? i : first, i);
        if (first >= 0)
            ProbeBlock(at + (ulong)first, last - first + 1, MemoryAccess.Write);
        for (int i = 0; i < bytes; i++)
            if ((mask[i] & 0x80) != 0)
                WriteLinear(at + (ulong)i, 1, value[i], IsUser);
        if (!mmx)
            return;
        // As every MMX instruction: all registers valid, top of stack 0. They are numbered from the top, so they move with it.
        int top = *(ushort*)(Image + ImageStatus) >> 11 & 7;
        RotateStack(top);
        *(ushort*)(Image + ImageStatus) &= 0xC7FF;
        Image[ImageTags] = 0xFF;
        ImageInUse |= StateX87;
    }

    private byte* VectorRegister(Register r)
    {
        if (r >= Register.XMM0)
            return Image + ImageXmm + (r - Register.XMM0) * 16;
        int top = *(ushort*)(Image + ImageStatus) >> 11 & 7;
        return Image + ImageStack + ((r - Register.MM0 - top) & 7) * 16;
    }

    // From numbering by the stack's top to numbering by physical register.
    private void RotateStack(int top)
    {
        byte* copy = stackalloc byte[128];
        Buffer.MemoryCopy(Image + ImageStack, copy, 128, 128);
        for (int i = 0; i < 8; i++)
            Buffer.MemoryCopy(copy + i * 16, Image + ImageStack + ((i + top) & 7) * 16, 16, 16);
    }
}
