using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;
using Decoder = Iced.Intel.Decoder;
using Encoder = Iced.Intel.Encoder;
using Encoding = Suite.Guest.X86.Decode.Encoding;

namespace Suite.Guest.X86.Reencoder;

// Code in segments of a 32-bit program's own: with a base, a limit, of 16 or 32 bits (docs/adr/019). Generated code is in the flat segment all the same: 16-bit
// instructions become their 32-bit encodings, direct branches know base and limit, operands in the code segment are reached through fs, and other
// transfers are left to managed code. Flat code on a stack of 16 bits is such code, too: its returns, and nothing else, go by sp.
public sealed unsafe partial class X86Reencoder
{
    private const int LongestInsn = 15;

    private CodeSegment? _segment;
    private ulong _selector; // in its upper half, as in a pc
    private int _swapped = Stubs.Fs; // the segment register whose selector an fs: operand takes
    private PointerWriter? _transcoded;
    private Encoder? _encoder;

    private CpuMode CodeMode => _segment?.Mode ?? options.Mode;

    private int CodeBits => CodeMode switch { CpuMode.Bits16 => 16, CpuMode.Bits32 => 32, _ => 64 };

    // False when the segment that the code is in has gone.
    private bool EnterSegment(ulong pc)
    {
        (_segment, _selector) = (null, Is32 ? pc & ~(ulong)uint.MaxValue : 0);
        if (_selector != 0)
            _segment = options.Segments?.Find((ushort)(_selector >> 32));
        return _selector == 0 || _segment is not null;
    }

    private bool EmitInSegment(BlockBuilder b, ulong at, ulong next, byte* code, in X86Insn insn, in CodeSegment segment)
    {
        uint offset = (uint)at - segment.Base;
        if ((ulong)offset + insn.Length - 1 > segment.Limit)
            return EmitSpecial(b, at, SpecialInsn.Protection, in insn);
        switch (insn.Flow)
        {
            case X86Flow.Jcc or X86Flow.Jmp or X86Flow.Call or X86Flow.Loop:
                return EmitDirect(b, at, next, in insn, segment);
            case X86Flow.Ret or X86Flow.RetImm or X86Flow.JmpIndirect or X86Flow.CallIndirect:
                return EmitSpecial(b, at, SpecialInsn.FarTransfer, in insn);
            case X86Flow.Plain when StoresCs(in insn) || StoresFs(in insn):
                return EmitSpecial(b, at, SpecialInsn.StoreSelector, in insn);
            case X86Flow.Plain when segment == CodeSegment.Flat && LoadsSs(in insn):
                return EmitLoadStack(b, next, code, in insn);
            case X86Flow.LoadFsGs when LoadsFs(in insn):
                return EmitSpecial(b, at, SpecialInsn.LoadFsGs, in insn);
            case X86Flow.Plain or X86Flow.Rdtsc or X86Flow.Rdtscp or X86Flow.Rdpmc or X86Flow.Rdpid or X86Flow.LoadFsGs:
                return EmitPlainInSegment(b, at, code, in insn);
            default:
                return EmitFlat(b, at, next, code, in insn);
        }
    }

    // Near branches to a constant. The offset is cut to the operand's size.
    private bool EmitDirect(BlockBuilder b, ulong at, ulong next, in X86Insn insn, in CodeSegment segment)
    {
        bool isShort = insn.OperandBits == 16;
        uint after = (uint)next - segment.Base, offset = after + (uint)insn.Imm;
        if (isShort)
            offset = (ushort)offset;
        if (offset > segment.Limit)
            return EmitSpecial(b, at, SpecialInsn.FarTransfer, in insn);
        ulong target = _selector | (segment.Base + offset);
        switch (insn.Flow)
        {
            case X86Flow.Jcc:
                b.Branch((Cond)(insn.Opcode & 15), target);
                break;
            case X86Flow.Loop:
                if (insn.AddressBits == 16)
                    b.Hot.Byte(AddressPrefix);
                b.Hot.Byte(insn.Opcode);
                b.Hot.Byte(0);
                byte* rel8 = b.Hot.Position - 1;
                b.Jump(next);
                b.Hot.HereShort(rel8);
                b.Jump(target);
                break;
            default:
                if (insn.Flow == X86Flow.Call)
                    EmitPushOffset(b, after, isShort);
                b.Jump(target);
                break;
        }

        b.EndInsn(insn.Length, InsnKind.Copy);
        return insn.Flow == X86Flow.Jcc;
    }

    private static void EmitPushOffset(BlockBuilder b, uint offset, bool isShort)
    {
        if (!isShort)
        {
            b.Hot.PushImm((int)offset);
            return;
        }

        b.Hot.Bytes([0x66, 0x68, (byte)offset, (byte)(offset >> 8)]);
    }

    private bool EmitPlainInSegment(BlockBuilder b, ulong at, byte* code, in X86Insn insn)
    {
        byte* bytes = stackalloc byte[2 * LongestInsn]; // a longer encoding is refused once it is written
        int length = insn.Length;
        if (CodeMode == CpuMode.Bits16)
            length = Transcode(code, insn.Length, bytes);
        else
            new ReadOnlySpan<byte>(code, length).CopyTo(new Span<byte>(bytes, length));
        if (length == 0 || !X86Decoder.Decode(bytes, length, CpuMode.Bits32, out X86Insn flat))
            return EmitSpecial(b, at, SpecialInsn.Undefined, in insn);
        if (flat.Segment == CsPrefix)
        {
            bytes[flat.SegmentOffset] = flat.Segment = FsPrefix;
            _swapped = Stubs.Cs;
        }

        _dropped += insn.Length - length;
        EmitPlain(b, at, bytes, in flat);
        _swapped = Stubs.Fs;
        return true;
    }

    // The 32-bit encoding of a 16-bit instruction; 0 where there is none, or the instruction is none.
    private int Transcode(byte* code, int length, byte* to)
    {
        Decoder decoder = Decoder.Create(16, new ByteArrayCodeReader(new ReadOnlySpan<byte>(code, length).ToArray()));
        decoder.Decode(out Instruction insn);
        _transcoded ??= new PointerWriter();
        _encoder ??= Encoder.Create(32, _transcoded);
        _transcoded.At = to;
        return !insn.IsInvalid && _encoder.TryEncode(insn, 0, out uint written, out _) && written <= LongestInsn ? (int)written : 0;
    }

    // mov r/m, cs (8C /1); push cs (0E).
    private static bool StoresCs(in X86Insn insn) => insn.Encoding == Encoding.Legacy && insn.Map == 0
        && (insn.Opcode == 0x0E || (insn.Opcode == 0x8C && (insn.ModRm >> 3 & 7) == Stubs.Cs));
}
