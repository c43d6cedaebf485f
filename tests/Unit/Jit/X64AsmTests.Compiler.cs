using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Tests.Jit;

// The forms of the compiler's back end.
public sealed unsafe partial class X64AsmTests
{
    private static readonly string[] AluNames = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"];
    private static readonly (Shift Op, string Name)[] Shifts = [(Shift.Rol, "rol"), (Shift.Ror, "ror"), (Shift.Shl, "shl"), (Shift.Shr, "shr"), (Shift.Sar, "sar")];
    private static readonly VexOp AddDouble = new(VexMap.M0F, VexPrefix.PF2, 0x58, EvexWide: true), AddBytes = new(VexMap.M0F, VexPrefix.P66, 0xFC);

    [Fact]
    public void Short_forward_jumps_land_where_they_are_told()
    {
        byte* code = stackalloc byte[64];
        X64Asm asm = new(code);
        byte* jcc = asm.JccShortForward(Cond.A);
        byte* jump = asm.JmpShortForward();
        asm.Nop(9);
        asm.HereShort(jcc);
        asm.HereShort(jump);
        ulong end = Ip + (ulong)(asm.Position - code);
        Instruction[] found = Decode(code, asm.Position);
        Assert.Equal([Code.Ja_rel8_64, Code.Jmp_rel8_64], found.Take(2).Select(i => i.Code));
        Assert.All(found.Take(2), i => Assert.Equal(end, i.NearBranch64));
    }

    [Fact]
    public void Wrapping_operands_are_32_bit_addresses()
    {
        Same("movbe ecx,[r9d+1234h]", (ref asm) => asm.Movbe(Reg.Rcx, Mem.At(Reg.R9, 0x1234) with { Wraps = true }, wide: false), "Movbe");
        Same("mov [ebx+r14d-8],sil", (ref asm) => asm.MovByte(Mem.At(Reg.Rbx, Reg.R14, 0, -8) with { Wraps = true }, Reg.Rsi), "MovByte");
        Same("movzx eax,byte [0F0000000h]", (ref asm) => asm.MovzxByte(Reg.Rax, Mem.Abs(unchecked((int)0xF000_0000)) with { Wraps = true }), "MovzxByte");
        Same("vmovsd xmm1,[edi+8]", (ref asm) => asm.Vex(new VexOp(VexMap.M0F, VexPrefix.PF2, 0x10), 1, 0, Mem.At(Reg.Rdi, 8) with { Wraps = true }), "Vex");
    }

    private static string Of(Reg r, bool wide) => wide ? W(r) : N(r);

    private static string Low(Reg r) => r >= Reg.R8 ? N(r)[..^1] + "b" : (int)r < 4 ? $"{"acdb"[(int)r]}l" : Half(r) + "l";

    private void CompilerForms()
    {
        foreach (bool wide in (bool[])[false, true])
        {
            string size = wide ? "qword" : "dword";
            foreach ((Reg a, Reg b) in Pairs())
                RegisterPairs(a, b, wide);
            foreach (Reg r in Enum.GetValues<Reg>())
                OneRegister(r, wide);
            foreach ((Mem m, string text) in Operands())
            {
                MemoryForms(m, text, wide);
                Same($"test {size} [{text}],12345678h", (ref asm) => asm.Test(m, 0x12345678, wide), "Test");
                foreach (int value in Immediates)
                    Same($"cmp {size} [{text}],{(wide ? S(value) : S32(value))}", (ref asm) => asm.Op(Alu.Cmp, m, value, wide), "Op");
            }
        }

        foreach ((Mem m, string text) in Operands())
            NarrowMemoryForms(m, text);
        foreach ((Reg a, Reg b) in Pairs())
        {
            Same($"movzx {N(a)},{Low(b)}", (ref asm) => asm.MovzxByte(a, b), "MovzxByte");
            Same($"movsx {N(a)},{Low(b)}", (ref asm) => asm.MovsxByte(a, b), "MovsxByte");
            Same($"movsx {N(a)},{Half(b)}", (ref asm) => asm.MovsxWord(a, b), "MovsxWord");
            Same($"movsxd {W(a)},{N(b)}", (ref asm) => asm.Movsxd(a, b), "Movsxd");
            Same($"and {Low(a)},{Low(b)}", (ref asm) => asm.AndByte(a, b), "AndByte");
        }

        foreach (Reg r in Enum.GetValues<Reg>())
        {
            Same($"rol {Half(r)},8", (ref asm) => asm.SwapWord(r), "SwapWord");
            Same($"test {Low(r)},7Fh", (ref asm) => asm.Test(r, 0x7F, true), "Test");
            for (int c = 0; c < 16; c++)
            {
                Cond condition = (Cond)c;
                Same($"set{Conditions[c]} {Low(r)}", (ref asm) => asm.Setcc(condition, r), "Setcc");
            }
        }

        Same("cdq", (ref asm) => asm.SignIntoRdx(false), "SignIntoRdx");
        Same("cqo", (ref asm) => asm.SignIntoRdx(true), "SignIntoRdx");
    }

    private void RegisterPairs(Reg a, Reg b, bool wide)
    {
        string pair = $"{Of(a, wide)},{Of(b, wide)}";
        for (int op = 0; op < AluNames.Length; op++)
        {
            Alu alu = (Alu)op;
            Same($"{AluNames[op]} {pair}", (ref asm) => asm.Op(alu, a, b, wide), "Op");
        }

        Same($"mov {pair}", (ref asm) => asm.Mov(a, b, wide), "Mov");
        Same($"test {pair}", (ref asm) => asm.Test(a, b, wide), "Test");
        Same($"imul {pair}", (ref asm) => asm.Imul(a, b, wide), "Imul");
        string product = a == b ? Of(a, wide) : pair; // the formatter leaves out a repeated register
        Same($"imul {product},7Bh", (ref asm) => asm.Imul(a, b, 0x7B, wide), "Imul");
        Same($"imul {product},12345h", (ref asm) => asm.Imul(a, b, 0x12345, wide), "Imul");
        Same($"lzcnt {pair}", (ref asm) => asm.Lzcnt(a, b, wide), "Lzcnt");
        Same($"popcnt {pair}", (ref asm) => asm.Popcnt(a, b, wide), "Popcnt");
        Same($"bsr {pair}", (ref asm) => asm.Bsr(a, b, wide), "Bsr");
        Same($"cmovle {pair}", (ref asm) => asm.Cmov(Cond.LE, a, b, wide), "Cmov");
        Same($"rorx {pair},13h", (ref asm) => asm.Rorx(a, b, 0x13, wide), "Rorx");
        Same($"shlx {pair},{Of(Reg.R11, wide)}", (ref asm) => asm.Shiftx(Shift.Shl, a, b, Reg.R11, wide), "Shiftx");
        Same($"shrx {pair},{Of(Reg.Rdx, wide)}", (ref asm) => asm.Shiftx(Shift.Shr, a, b, Reg.Rdx, wide), "Shiftx");
        Same($"sarx {pair},{Of(Reg.R8, wide)}", (ref asm) => asm.Shiftx(Shift.Sar, a, b, Reg.R8, wide), "Shiftx");
        Same($"andn {pair},{Of(Reg.R15, wide)}", (ref asm) => asm.Andn(a, b, Reg.R15, wide), "Andn");
    }

    private void OneRegister(Reg r, bool wide)
    {
        string name = Of(r, wide);
        foreach ((Shift op, string text) in Shifts)
        {
            Same($"{text} {name},9", (ref asm) => asm.Shift(op, r, 9, wide), "Shift");
            Same($"{text} {name},cl", (ref asm) => asm.ShiftCl(op, r, wide), "ShiftCl");
        }

        Same($"neg {name}", (ref asm) => asm.Neg(r, wide), "Neg");
        Same($"not {name}", (ref asm) => asm.Not(r, wide), "Not");
        Same($"mul {name}", (ref asm) => asm.MulWide(r, wide), "MulWide");
        Same($"imul {name}", (ref asm) => asm.ImulWide(r, wide), "ImulWide");
        Same($"div {name}", (ref asm) => asm.Div(r, wide), "Div");
        Same($"idiv {name}", (ref asm) => asm.Idiv(r, wide), "Idiv");
        Same($"bswap {name}", (ref asm) => asm.Bswap(r, wide), "Bswap");
        Same($"bt {name},1Fh", (ref asm) => asm.Bt(r, 31, wide), "Bt");
        Same($"bts {name},1Eh", (ref asm) => asm.Bts(r, 30, wide), "Bts");
        Same($"test {name},12345678h", (ref asm) => asm.Test(r, 0x12345678, wide), "Test");
        foreach (int value in Immediates)
            Same($"xor {name},{(wide ? S(value) : S32(value))}", (ref asm) => asm.Op(Alu.Xor, r, value, wide), "Op");
    }

    private void MemoryForms(Mem m, string text, bool wide)
    {
        foreach (Reg r in (Reg[])[Reg.Rax, Reg.Rdi, Reg.R12])
        {
            string name = Of(r, wide);
            Same($"mov {name},[{text}]", (ref asm) => asm.Mov(r, m, wide), "Mov");
            Same($"mov [{text}],{name}", (ref asm) => asm.Mov(m, r, wide), "Mov");
            Same($"lea {name},[{text[(text.IndexOf(':') + 1)..]}]", (ref asm) => asm.Lea(r, m, wide), "Lea");
            Same($"sub {name},[{text}]", (ref asm) => asm.Op(Alu.Sub, r, m, wide), "Op");
            Same($"test [{text}],{name}", (ref asm) => asm.Test(m, r, wide), "Test");
            Same($"imul {name},[{text}]", (ref asm) => asm.Imul(r, m, wide), "Imul");
            Same($"cmovs {name},[{text}]", (ref asm) => asm.Cmov(Cond.S, r, m, wide), "Cmov");
            Same($"movbe {name},[{text}]", (ref asm) => asm.Movbe(r, m, wide), "Movbe");
            Same($"movbe [{text}],{name}", (ref asm) => asm.Movbe(m, r, wide), "Movbe");
        }
    }

    private void NarrowMemoryForms(Mem m, string text)
    {
        foreach (Reg r in (Reg[])[Reg.Rcx, Reg.Rsi, Reg.R13])
        {
            Same($"movsx {N(r)},byte [{text}]", (ref asm) => asm.MovsxByte(r, m), "MovsxByte");
            Same($"movsx {N(r)},word [{text}]", (ref asm) => asm.MovsxWord(r, m), "MovsxWord");
            Same($"movsxd {W(r)},[{text}]", (ref asm) => asm.Movsxd(r, m), "Movsxd");
            Same($"mov [{text}],{Low(r)}", (ref asm) => asm.MovByte(m, r), "MovByte");
            Same($"mov [{text}],{Half(r)}", (ref asm) => asm.MovWord(m, r), "MovWord");
            Same($"mov {Half(r)},[{text}]", (ref asm) => asm.MovWord(r, m), "MovWord");
            Same($"mov {Half(r)},ax", (ref asm) => asm.Mov16(r, Reg.Rax), "Mov16");
            Same($"movbe [{text}],{Half(r)}", (ref asm) => asm.MovbeWord(m, r), "MovbeWord");
            Same($"lock cmpxchg [{text}],{N(r)}", (ref asm) => asm.LockCmpxchg32(m, r), "LockCmpxchg32");
        }

        Same($"mov byte [{text}],5Ah", (ref asm) => asm.MovByte(m, 0x5A), "MovByte");
        Same($"mov word [{text}],1234h", (ref asm) => asm.MovWord(m, 0x1234), "MovWord");
        Same($"test byte [{text}],40h", (ref asm) => asm.TestByte(m, 0x40), "TestByte");
        Same($"lock add dword [{text}],5", (ref asm) => asm.LockAdd32(m, 5), "LockAdd32");
    }

    private void VectorForms()
    {
        for (int a = 0; a < 32; a++)
        {
            for (int b = 0; b < 32; b += 3)
            {
                (int x, int y, int z) = (a, b, (a * 7 + b) & 31);
                Same($"vaddsd xmm{x},xmm{y},xmm{z}", (ref asm) => asm.Vex(AddDouble, x, y, z), "Vex");
                Same($"vpaddb xmm{x},xmm{y},xmm{z}", (ref asm) => asm.Vex(AddBytes, x, y, z), "Vex");
                Same($"vpermb xmm{x},xmm{y},xmm{z}", (ref asm) => asm.EvexOnly(new VexOp(VexMap.M0F38, VexPrefix.P66, 0x8D), x, y, z), "EvexOnly");
                Same($"vaddsd xmm{x},xmm{y},xmm{z},{{rz-sae}}", (ref asm) => asm.VexRounded(AddDouble, x, y, z, Rounding.TowardZero), "VexRounded");
                Same($"vpternlogq xmm{x},xmm{y},[rbp+48h],0F8h", (ref asm) => asm.OrMasked(x, y, Mem.At(Reg.Rbp, 0x48)), "OrMasked");
                Same($"vpalignr xmm{x},xmm{y},xmm{z},5", (ref asm) => asm.Vex(new VexOp(VexMap.M0F3A, VexPrefix.P66, 0x0F), x, y, z, 5), "Vex");
            }
        }

        foreach ((Mem m, string text) in Operands())
            foreach (int register in (int[])[0, 5, 9, 15, 16, 23, 31])
            {
                Same($"vaddsd xmm{register},xmm3,[{text}]", (ref asm) => asm.Vex(AddDouble, register, 3, m), "Vex");
                Same($"vpaddb xmm{register},xmm{31 - register},[{text}]", (ref asm) => asm.Vex(AddBytes, register, 31 - register, m), "Vex");
                Same($"vpalignr xmm{register},xmm8,[{text}],9", (ref asm) => asm.Vex(new VexOp(VexMap.M0F3A, VexPrefix.P66, 0x0F), register, 8, m, 9), "Vex");
            }

        Same("vaddsd xmm1,xmm2,xmm3,{rd-sae}", (ref asm) => asm.VexRounded(AddDouble, 1, 2, 3, Rounding.Down), "VexRounded");
        Same("vaddsd xmm1,xmm2,xmm3,{ru-sae}", (ref asm) => asm.VexRounded(AddDouble, 1, 2, 3, Rounding.Up), "VexRounded");
        Same("vaddsd xmm1,xmm2,xmm3,{rn-sae}", (ref asm) => asm.VexRounded(AddDouble, 1, 2, 3, Rounding.Nearest), "VexRounded");
        Same("vmovq r9,xmm18", (ref asm) => asm.Vex(new VexOp(VexMap.M0F, VexPrefix.P66, 0x7E, Wide: true, EvexWide: true), 18, 0, 9), "Vex");
        Same("vmovq xmm7,r13", (ref asm) => asm.Vex(new VexOp(VexMap.M0F, VexPrefix.P66, 0x6E, Wide: true, EvexWide: true), 7, 0, 13), "Vex");
        Same("vldmxcsr [rbp+40h]", (ref asm) => asm.Vldmxcsr(Mem.At(Reg.Rbp, 0x40)), "Vldmxcsr");
        Same("vstmxcsr [rbp+40h]", (ref asm) => asm.Vstmxcsr(Mem.At(Reg.Rbp, 0x40)), "Vstmxcsr");
    }
}
