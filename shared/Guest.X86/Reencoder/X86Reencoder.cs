using Suite.Guest.X86.Decode;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Reencoder;

/// <summary>
/// x86 guest code to host code: instructions are copied, and only what must change is rewritten. Guest registers, flags, vector and
/// floating-point state are the host's own. A 64-bit guest's fs base is the host's gs base; 32-bit code runs in the host's compatibility
/// mode, where only fs is the engine's. See docs/adr/001 and docs/adr/010.
/// Per class of rewriting there is one partial file: Branches, Memory, System, Bits32, Segments.
/// </summary>
public sealed unsafe partial class X86Reencoder(ReencoderOptions options) : ITranslator
{
    private const int PageSize = 4096;

    /// <inheritdoc/>
    public TranslatorTraits Traits { get; } = new() { IsCompatibilityMode = options.Mode == CpuMode.Bits32 };

    /// <inheritdoc/>
    public bool Translate(ulong pc, byte* code, int available, BlockBuilder b)
    {
        if (!EnterSegment(pc))
        {
            b.BeginInsn();
            EmitSpecial(b, pc, SpecialInsn.Protection, new X86Insn { Length = 1 });
            return true;
        }

        ulong page = pc & ~(ulong)(PageSize - 1);
        int limit = b.Checked ? Engine.CheckedBytes : int.MaxValue;
        while (true)
        {
            ulong at = pc + (ulong)b.GuestLength;
            bool full = b.InsnCount >= b.InsnLimit + (b.Checked ? 1 : 0) || b.GuestLength + 15 > limit;
            if (b.GuestLength > 0 && (full || (at & ~(ulong)(PageSize - 1)) != page || b.EndsBefore(at)))
            {
                b.Jump(Wrap(at));
                return true;
            }

            if (b.GuestLength >= available || !X86Decoder.Decode(code + b.GuestLength, available - b.GuestLength, CodeMode, out X86Insn insn))
            {
                // The rest of the instruction cannot be fetched: what came before still runs, the fault comes at the instruction itself.
                if (b.GuestLength == 0)
                    return false;
                b.Jump(Wrap(at));
                return true;
            }

            b.BeginInsn();
            b.Repeats = IsRepeatedString(in insn);
            if (!Emit(b, at, code + b.GuestLength, in insn))
                return true;
            if (b.Checked && MayStore(in insn))
            {
                b.Jump(Wrap(at + insn.Length));
                return true;
            }
        }
    }

    // True when the block goes on behind this instruction.
    private bool Emit(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        _dropped = 0;
        if (Restricted && Admit(b, at, code, in insn) is { } done)
            return done;
        ulong next = Wrap(at + insn.Length);
        return _segment is { } segment ? EmitInSegment(b, at, next, code, in insn, segment) : EmitFlat(b, at, next, code, in insn);
    }

    private bool EmitFlat(BlockBuilder b, ulong at, ulong next, byte* code, in X86Insn insn)
    {
        if (Is32 && EmitBits32(b, at, next, code, in insn) is { } goesOn)
            return goesOn;
        switch (insn.Flow)
        {
            case X86Flow.Plain or X86Flow.Rdtsc or X86Flow.Rdtscp or X86Flow.Rdpmc or X86Flow.Rdpid:
                EmitPlain(b, at, code, in insn);
                return true;
            case X86Flow.Jcc:
                EmitJcc(b, next, in insn);
                return true;
            case X86Flow.Jmp:
                b.Jump(Wrap(next + (ulong)insn.Imm));
                b.EndInsn(insn.Length, InsnKind.Copy);
                return false;
            case X86Flow.Call:
                EmitCall(b, next, in insn);
                return false;
            case X86Flow.Loop:
                EmitLoop(b, next, code, in insn);
                return false;
            case X86Flow.Ret:
                EmitRet(b, in insn);
                return false;
            case X86Flow.RetImm:
                EmitRetImm(b, in insn);
                return false;
            case X86Flow.JmpIndirect:
                EmitJmpIndirect(b, at, code, in insn);
                return false;
            case X86Flow.CallIndirect:
                EmitCallIndirect(b, at, code, in insn);
                return false;
            case X86Flow.Syscall:
                EmitSyscall(b, next, in insn);
                return true;
            case X86Flow.Cpuid when Restricted:
                return EmitSpecial(b, at, SpecialInsn.Cpuid, in insn);
            case X86Flow.Xgetbv when Restricted:
                return EmitSpecial(b, at, SpecialInsn.Xgetbv, in insn);
            case X86Flow.Cpuid or X86Flow.Xgetbv:
                EmitCopy(b, code, in insn);
                return true;
            case X86Flow.FsGsBase:
                EmitFsGsBase(b, code, in insn);
                return true;
            case X86Flow.LoadFsGs:
                return EmitSpecial(b, at, SpecialInsn.LoadFsGs, in insn);
            case X86Flow.FarRet or X86Flow.Iret or X86Flow.FarJmpIndirect or X86Flow.FarCallIndirect or X86Flow.FarJmpDirect or X86Flow.FarCallDirect:
                return EmitSpecial(b, at, SpecialInsn.FarTransfer, in insn);
            case X86Flow.IntN when insn.Imm == unchecked((sbyte)0x80) || (byte)insn.Imm == 0x80:
                return EmitSpecial(b, at, SpecialInsn.Int80, in insn);
            case X86Flow.Xbegin when HasRtm:
                EmitXbegin(b, next, in insn);
                return false;
            case X86Flow.Into:
                EmitCopy(b, code, in insn);
                return true; // a trap only when OF is set
            case X86Flow.Int3 or X86Flow.IntN or X86Flow.Icebp or X86Flow.Ud:
                EmitCopy(b, code, in insn); // the processor raises the right fault; its place is known from the records
                return false;
            case X86Flow.Invalid when insn.TooLong && _segment is null:
                EmitCopy(b, code, in insn); // #GP, or #UD where the processor knows no such opcode, however long
                return false;
            case X86Flow.Invalid when insn.TooLong:
                return EmitSpecial(b, at, SpecialInsn.Protection, in insn);
            default:
                return EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
        }
    }

    // Asked only where xbegin is met: cpuid may be slow.
    private static bool HasRtm => (HostCpu.Cpuid(7, 0).Ebx & (1u << 11)) != 0;

    // Bytes that the guest instruction has more than what is emitted (tzcnt on a model without BMI1 runs as bsf), or less (16-bit code).
    private int _dropped;

    private bool Is32 { get; } = options.Mode == CpuMode.Bits32;

    // Addresses of 32-bit code wrap at 4 GiB; above stands the selector of a segment that is not the flat one.
    private ulong Wrap(ulong address) => Is32 ? _selector | (uint)address : address;

    private bool Restricted { get; } = options.Model is { IsHost: false };

    // Conservative: anything with a memory operand, and everything that pushes or is a string instruction.
    private static bool MayStore(in X86Insn insn) => insn.IsMemory || (insn.Encoding == Encoding.Legacy && insn.Map switch
    {
        0 => insn.Opcode is 0x06 or 0x0E or 0x16 or 0x1E or (>= 0x50 and <= 0x57) or 0x60 or 0x68 or 0x6A or 0x6C or 0x6D or 0x9C
            or 0xA2 or 0xA3 or 0xA4 or 0xA5 or 0xAA or 0xAB or 0xC8,
        1 => insn.Opcode is 0xA0 or 0xA8,
        _ => false,
    });

    // ins outs movs cmps stos lods scas with a rep prefix: the trace trap comes after each repetition (AMD64 manual volume 2, 8.2.2).
    private static bool IsRepeatedString(in X86Insn insn) => insn.RepPrefix != 0 && insn.Encoding == Encoding.Legacy && insn.Map == 0
        && insn.Opcode is (>= 0x6C and <= 0x6F) or (>= 0xA4 and <= 0xA7) or (>= 0xAA and <= 0xAF);

    private void EmitCopy(BlockBuilder b, byte* code, in X86Insn insn)
    {
        b.Hot.Bytes(new ReadOnlySpan<byte>(code, insn.Length));
        b.EndInsn(insn.Length + _dropped, InsnKind.Copy);
    }

    /// <inheritdoc/>
    public void Unborrow(ref VcpuState s, InsnKind kind)
    {
        switch (kind)
        {
            case >= InsnKind.BorrowsSwapped:
                s.Gpr[kind - InsnKind.BorrowsSwapped] = s.Scratch[1];
                Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)s.Scratch[3]);
                break;
            case >= InsnKind.Borrows:
                s.Gpr[kind - InsnKind.Borrows] = s.Scratch[0];
                break;
            case InsnKind.BorrowsRaxRdx:
                (s.Gpr[0], s.Gpr[2]) = (s.Scratch[0], s.Scratch[3]);
                break;
            case InsnKind.SegmentSwapped:
                Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)s.Scratch[3]);
                break;
            case InsnKind.BorrowsRcx:
                s.Gpr[1] = s.Scratch[1];
                break;
            case InsnKind.BorrowsRcxSwapped when Is32:
                s.Gpr[1] = s.Scratch[1];
                break;
            case InsnKind.BorrowsRcxSwapped:
                s.Gpr[1] = s.Scratch[1];
                Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)s.Scratch[3]);
                break;
        }
    }
}
