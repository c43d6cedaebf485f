using System.Globalization;
using System.Reflection;
using Iced.Intel;
using Suite.Jit.X64;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Jit;

/// <summary>Every method of the assembler, with every register and every shape of operand, decoded back by Iced.</summary>
public sealed unsafe partial class X64AsmTests
{
    private const ulong Ip = 0x6800_0000;

    private delegate void Emit(ref X64Asm asm);

    private static readonly string[] Wide = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
    private static readonly string[] Narrow = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"];
    private static readonly string[] Conditions = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];
    private static readonly int[] Displacements = [0, 1, -1, 127, 128, -128, -129, 0x12345678, int.MinValue];
    private static readonly int[] Immediates = [0, 1, -1, 127, 128, -128, -129, 0x12345678, int.MinValue];

    // Filled by Same: the methods that a test has called, to see that none is forgotten.
    private readonly HashSet<string> _tested = [];

    [Fact]
    public void Every_form_is_what_it_says()
    {
        Moves();
        Arithmetic();
        Stack();
        State();
        Segments();
        Fixed();
        Jumps();
        CompilerForms();
        VectorForms();
        string[] missing = [.. typeof(X64Asm).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(m => !m.IsSpecialName && !NotInstructions.Contains(m.Name)).Select(m => m.Name).Distinct().Where(n => !_tested.Contains(n))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Forward_jumps_land_where_they_are_told()
    {
        byte* code = stackalloc byte[64];
        X64Asm asm = new(code);
        byte* jump = asm.JmpForward();
        byte* jcc = asm.JccForward(Cond.LE);
        byte* jrcxz = asm.JrcxzForward();
        asm.Nop(9);
        asm.Here(jump);
        asm.Here(jcc);
        asm.HereShort(jrcxz);
        ulong end = Ip + (ulong)(asm.Position - code);
        Instruction[] found = Decode(code, asm.Position);
        Assert.Equal([Code.Jmp_rel32_64, Code.Jle_rel32_64, Code.Jrcxz_rel8_64], found.Take(3).Select(i => i.Code));
        Assert.All(found.Take(3), i => Assert.Equal(end, i.NearBranch64));
    }

    [Fact]
    public void A_short_jump_that_is_too_long_is_refused()
    {
        byte* code = stackalloc byte[256];
        X64Asm asm = new(code);
        byte* jrcxz = asm.JrcxzForward();
        asm.Position += 127;
        asm.HereShort(jrcxz);
        Assert.Equal(127, *jrcxz);
        asm.Position++;
        Assert.Throws<OverflowException>(() => asm.HereShort(jrcxz));
    }

    [Fact]
    public void A_jump_out_of_reach_is_refused()
    {
        byte* code = stackalloc byte[16];
        X64Asm asm = new(code);
        Assert.Throws<OverflowException>(() => asm.Jmp(code + 0x1_0000_0000));
        asm.Position = code;
        Assert.Throws<OverflowException>(() => asm.Jcc(Cond.E, code - 0x1_0000_0000));
    }

    [Theory]
    [InlineData(0UL, 5)]
    [InlineData(0xFFFF_FFFFUL, 5)]
    [InlineData(0x1_0000_0000UL, 10)]
    [InlineData(ulong.MaxValue, 10)]
    public void Constants_take_no_more_bytes_than_they_need(ulong value, int length)
    {
        byte* code = stackalloc byte[16];
        X64Asm asm = new(code);
        asm.MovImm(Reg.Rbx, value);
        Assert.Equal(length, asm.Position - code);
    }

    private static readonly string[] NotInstructions = [nameof(X64Asm.Byte), nameof(X64Asm.Int32), nameof(X64Asm.Int64), nameof(X64Asm.Bytes),
        nameof(X64Asm.Here), nameof(X64Asm.HereShort), nameof(X64Asm.JmpForward), nameof(X64Asm.JccForward), nameof(X64Asm.JrcxzForward),
        nameof(X64Asm.JccShortForward), nameof(X64Asm.JmpShortForward)];

    private void Moves()
    {
        foreach ((Reg a, Reg b) in Pairs())
        {
            Same($"mov {W(a)},{W(b)}", (ref asm) => asm.Mov(a, b), "Mov");
            Same($"mov {N(a)},{N(b)}", (ref asm) => asm.Mov32(a, b), "Mov32");
            Same($"movzx {N(a)},{Half(b)}", (ref asm) => asm.MovzxWord(a, b), "MovzxWord");
        }

        foreach ((Mem m, string text) in Operands())
        {
            foreach (Reg r in (Reg[])[Reg.Rax, Reg.Rsp, Reg.R9, Reg.R15])
            {
                Same($"mov {W(r)},[{text}]", (ref asm) => asm.Mov(r, m), "Mov");
                Same($"mov {N(r)},[{text}]", (ref asm) => asm.Mov32(r, m), "Mov32");
                Same($"mov [{text}],{W(r)}", (ref asm) => asm.Mov(m, r), "Mov");
                Same($"mov [{text}],{N(r)}", (ref asm) => asm.Mov32(m, r), "Mov32");
                Same($"lea {W(r)},[{text[(text.IndexOf(':') + 1)..]}]", (ref asm) => asm.Lea(r, m), "Lea");
                Same($"movzx {N(r)},word [{text}]", (ref asm) => asm.MovzxWord(r, m), "MovzxWord");
                Same($"movzx {N(r)},byte [{text}]", (ref asm) => asm.MovzxByte(r, m), "MovzxByte");
            }

            foreach (int value in Immediates)
            {
                Same($"mov qword [{text}],{S(value)}", (ref asm) => asm.Mov(m, value), "Mov");
                Same($"mov dword [{text}],{S32(value)}", (ref asm) => asm.Mov32(m, value), "Mov32");
            }
        }

        foreach (Reg r in Enum.GetValues<Reg>())
        {
            Same($"mov {N(r)},12345678h", (ref asm) => asm.MovImm(r, 0x12345678), "MovImm");
            Same($"mov {W(r)},123456789ABCDEFh", (ref asm) => asm.MovImm(r, 0x123456789ABCDEF), "MovImm");
        }
    }

    private void Arithmetic()
    {
        foreach ((Reg a, Reg b) in Pairs())
        {
            Same($"add {W(a)},{W(b)}", (ref asm) => asm.Add(a, b), "Add");
            Same($"sub {W(a)},{W(b)}", (ref asm) => asm.Sub(a, b), "Sub");
            Same($"xor {N(a)},{N(b)}", (ref asm) => asm.Xor32(a, b), "Xor32");
            Same($"test {W(a)},{W(b)}", (ref asm) => asm.Test(a, b), "Test");
        }

        foreach (Reg r in Enum.GetValues<Reg>())
        {
            foreach (int value in Immediates)
            {
                Same($"add {W(r)},{S(value)}", (ref asm) => asm.Add(r, value), "Add");
                Same($"and {W(r)},{S(value)}", (ref asm) => asm.And(r, value), "And");
                Same($"and {N(r)},{S32(value)}", (ref asm) => asm.And32(r, value), "And32");
                Same($"sub {W(r)},{S(value)}", (ref asm) => asm.Sub(r, value), "Sub");
                Same($"cmp {W(r)},{S(value)}", (ref asm) => asm.Cmp(r, value), "Cmp");
                Same($"cmp {N(r)},{S32(value)}", (ref asm) => asm.Cmp32(r, value), "Cmp32");
            }

            Same($"inc {W(r)}", (ref asm) => asm.Inc(r), "Inc");
            Same($"shl {W(r)},7", (ref asm) => asm.Shl(r, 7), "Shl");
            Same($"shl {W(r)},3Fh", (ref asm) => asm.Shl(r, 63), "Shl");
        }

        foreach ((Mem m, string text) in Operands())
        {
            foreach (Reg r in (Reg[])[Reg.Rdi, Reg.R12])
            {
                Same($"sub {W(r)},[{text}]", (ref asm) => asm.Sub(r, m), "Sub");
                Same($"cmp {W(r)},[{text}]", (ref asm) => asm.Cmp(r, m), "Cmp");
                Same($"cmp {N(r)},[{text}]", (ref asm) => asm.Cmp32(r, m), "Cmp32");
            }

            foreach (int value in Immediates)
            {
                Same($"cmp qword [{text}],{S(value)}", (ref asm) => asm.Cmp(m, value), "Cmp");
                Same($"cmp dword [{text}],{S32(value)}", (ref asm) => asm.Cmp32(m, value), "Cmp32");
                Same($"and dword [{text}],{S32(value)}", (ref asm) => asm.And32(m, value), "And32");
                Same($"or qword [{text}],{S(value)}", (ref asm) => asm.Or(m, value), "Or");
                Same($"add qword [{text}],{S(value)}", (ref asm) => asm.Add(m, value), "Add");
            }
        }
    }

    private void Stack()
    {
        foreach (Reg r in Enum.GetValues<Reg>())
        {
            Same($"push {W(r)}", (ref asm) => asm.Push(r), "Push");
            Same($"pop {W(r)}", (ref asm) => asm.Pop(r), "Pop");
        }

        foreach ((Mem m, string text) in Operands())
        {
            Same($"push qword [{text}]", (ref asm) => asm.Push(m), "Push");
            Same($"pop qword [{text}]", (ref asm) => asm.Pop(m), "Pop");
        }

        foreach (int value in Immediates)
            Same($"push {S(value)}", (ref asm) => asm.PushImm(value), "PushImm");
    }

    private void State()
    {
        foreach ((Mem m, string text) in Operands())
        {
            Same($"ldmxcsr [{text}]", (ref asm) => asm.Ldmxcsr(m), "Ldmxcsr");
            Same($"xsaveopt64 [{text}]", (ref asm) => asm.Xsaveopt64(m), "Xsaveopt64");
            Same($"xsave64 [{text}]", (ref asm) => asm.Xsave64(m), "Xsave64");
            Same($"xrstor64 [{text}]", (ref asm) => asm.Xrstor64(m), "Xrstor64");
            Same($"fxsave64 [{text}]", (ref asm) => asm.Fxsave64(m), "Fxsave64");
            Same($"fxrstor64 [{text}]", (ref asm) => asm.Fxrstor64(m), "Fxrstor64");
        }
    }

    private void Segments()
    {
        string[] names = ["es", "cs", "ss", "ds", "fs", "gs"];
        for (int segment = 0; segment < names.Length; segment++)
        {
            int number = segment;
            foreach (Reg r in Enum.GetValues<Reg>())
            {
                Same($"mov {N(r)},{names[segment]}", (ref asm) => asm.MovFromSegment(r, number), "MovFromSegment");
                if (segment != 1)
                    Same($"mov {names[segment]},{N(r)}", (ref asm) => asm.MovToSegment(number, r), "MovToSegment");
            }

            foreach ((Mem m, string text) in Operands())
            {
                Same($"mov [{text}],{names[segment]}", (ref asm) => asm.MovFromSegment(m, number), "MovFromSegment");
                if (segment != 1)
                    Same($"mov {names[segment]},[{text}]", (ref asm) => asm.MovToSegment(number, m), "MovToSegment");
            }
        }

        foreach ((Mem m, string text) in Operands())
        {
            Same($"jmp dword far [{text}]", (ref asm) => asm.JmpFar(m), "JmpFar");
            Same($"cmp word [{text}],23h", (ref asm) => asm.CmpWord(m, 0x23), "CmpWord");
            Same($"cmp r9w,[{text}]", (ref asm) => asm.CmpWord(Reg.R9, m), "CmpWord");
        }

        foreach (Reg r in Enum.GetValues<Reg>())
            Same($"wrfsbase {W(r)}", (ref asm) => asm.Wrfsbase(r), "Wrfsbase");
        foreach ((Reg a, Reg b) in Pairs())
            Same($"and {W(a)},{W(b)}", (ref asm) => asm.And(a, b), "And");
    }

    [Fact]
    public void For_compatibility_mode_every_operation_is_its_32_bit_form()
    {
        byte* code = stackalloc byte[64];
        X64Asm asm = new(code, narrow: true);
        asm.Mov(Reg.Rcx, Mem.At(Reg.Rsp));
        asm.Lea(Reg.Rsp, Mem.At(Reg.Rsp, 4));
        asm.MovImm(Reg.Rdx, 0xFFFF_FFFF);
        asm.Mov(Mem.Fs(0x110), Reg.Rax);
        asm.Jmp(Mem.Table(Reg.Rcx, 3, 0x6802_0000));
        asm.JmpFar(0x33, (byte*)0x6800_0123);
        Decoder decoder = Decoder.Create(32, new ByteArrayCodeReader(new ReadOnlySpan<byte>(code, (int)(asm.Position - code)).ToArray()));
        List<string> lines = [];
        while (decoder.IP < (ulong)(asm.Position - code))
            lines.Add(Text(decoder.Decode()));
        Assert.Equal(["mov ecx,[esp]", "lea esp,[esp+4]", "mov edx,0FFFFFFFFh", "mov [fs:110h],eax", "jmp dword [ecx*8+68020000h]", "jmp 0033h:68000123h"],
            lines);
    }

    private void Fixed()
    {
        Same("pushf", (ref asm) => asm.Pushfq(), "Pushfq");
        Same("popf", (ref asm) => asm.Popfq(), "Popfq");
        Same("ret", (ref asm) => asm.Ret(), "Ret");
        Same("syscall", (ref asm) => asm.Syscall(), "Syscall");
        Same("ud2", (ref asm) => asm.Ud2(), "Ud2");
        Same("rep movsb", (ref asm) => asm.RepMovsb(), "RepMovsb");
        Same("pause", (ref asm) => asm.Pause(), "Pause");
        Same("vzeroupper", (ref asm) => asm.Vzeroupper(), "Vzeroupper");
        Same("lahf", (ref asm) => asm.Lahf(), "Lahf");
        Same("sahf", (ref asm) => asm.Sahf(), "Sahf");
        Same("seto al", (ref asm) => asm.SetoAl(), "SetoAl");
        Same("add al,7Fh", (ref asm) => asm.AddAl7F(), "AddAl7F");
        byte* code = stackalloc byte[16];
        for (int length = 0; length <= 9; length++)
        {
            X64Asm asm = new(code);
            asm.Nop(length);
            Instruction[] found = Decode(code, code + length);
            Assert.Equal(length, asm.Position - code);
            Assert.Equal(length == 0 ? 0 : 1, found.Length);
            Assert.All(found, i => Assert.Equal(Mnemonic.Nop, i.Mnemonic));
            Assert.All(found, i => Assert.Equal(length, i.Length));
        }

        _tested.Add("Nop");
    }

    private void Jumps()
    {
        foreach (Reg r in Enum.GetValues<Reg>())
            Same($"jmp {W(r)}", (ref asm) => asm.Jmp(r), "Jmp");
        foreach ((Mem m, string text) in Operands())
            Same($"jmp qword [{text}]", (ref asm) => asm.Jmp(m), "Jmp");
        byte* code = stackalloc byte[16];
        foreach (int distance in (int[])[0, 5, -100, 1000, 0x7000_0000, -0x7000_0000])
        {
            X64Asm asm = new(code);
            asm.Jmp(code + distance);
            Assert.Equal(Ip + (ulong)distance, Assert.Single(Decode(code, asm.Position)).NearBranch64);
            for (int c = 0; c < 16; c++)
            {
                asm = new(code);
                asm.Jcc((Cond)c, code + distance);
                Instruction found = Assert.Single(Decode(code, asm.Position));
                Assert.Equal(Ip + (ulong)distance, found.NearBranch64);
                Assert.Equal("j" + Conditions[c], found.Mnemonic.ToString().ToLowerInvariant());
            }
        }

        _tested.Add("Jcc");
    }

    private static IEnumerable<(Reg, Reg)> Pairs() => from a in Enum.GetValues<Reg>() from b in Enum.GetValues<Reg>() select (a, b);

    /// <summary>Operands and how the formatter prints them: all bases and displacements, all indexes and scales, tables, absolute ones, slots.</summary>
    private static IEnumerable<(Mem, string)> Operands()
    {
        foreach (Reg b in Enum.GetValues<Reg>())
        {
            foreach (int disp in Displacements)
                yield return (Mem.At(b, disp), W(b) + D(disp));
            foreach (Reg i in Enum.GetValues<Reg>().Where(i => i != Reg.Rsp))
                foreach (int disp in (int[])[0, 8, -0x1000])
                    yield return (Mem.At(b, i, ((int)b + (int)i) & 3, disp), $"{W(b)}+{W(i)}{Scaled(((int)b + (int)i) & 3)}{D(disp)}");
        }

        foreach (Reg i in Enum.GetValues<Reg>().Where(i => i != Reg.Rsp))
            for (int scale = 0; scale < 4; scale++)
                yield return (Mem.Table(i, scale, 0x6802_0000), $"{W(i)}*{1 << scale}+68020000h");
        yield return (Mem.Abs(0x6800_8010), "68008010h");
        yield return (Mem.Abs(-16), "0FFFFFFFFFFFFFFF0h");
        yield return (Mem.Fs(0x80), "fs:80h");
        yield return (Mem.Fs(0x1F8), "fs:1F8h");
    }

    private static string Scaled(int scale) => scale == 0 ? "" : $"*{1 << scale}";

    private static string W(Reg r) => Wide[(int)r];

    private static string N(Reg r) => Narrow[(int)r];

    private static string Half(Reg r) => r >= Reg.R8 ? N(r)[..^1] + "w" : N(r)[1..];

    private static string D(int disp) => disp == 0 ? "" : disp < 0 ? "-" + Hex(-(long)disp) : "+" + Hex(disp);

    private static string S(int value) => Hex(value);

    private static string S32(int value) => Hex((uint)value);

    // As the formatter prints numbers: below ten in decimal, else hexadecimal with a digit in front; negative ones as 64 bits.
    private static string Hex(long value)
    {
        if (value is >= 0 and < 10)
            return value.ToString(CultureInfo.InvariantCulture);
        string digits = value.ToString("X", CultureInfo.InvariantCulture);
        return (char.IsAsciiDigit(digits[0]) ? digits : "0" + digits) + "h";
    }

    private void Same(string expected, Emit emit, string method)
    {
        _tested.Add(method);
        byte* code = stackalloc byte[32];
        X64Asm asm = new(code);
        emit(ref asm);
        Instruction[] found = Decode(code, asm.Position);
        string text = found.Length == 1 ? Text(found[0]) : $"{found.Length} instructions";
        if (Normal(text) != Normal(expected))
            Assert.Fail($"{method}: {expected} wanted, {text} encoded ({Convert.ToHexString(new ReadOnlySpan<byte>(code, (int)(asm.Position - code)))})");
    }

    // [x*1] may be written [x].
    private static string Normal(string text) => text.Replace("*1", "");

    private static string Text(in Instruction instruction)
    {
        NasmFormatter formatter = new();
        StringOutput output = new();
        formatter.Format(in instruction, output);
        return output.ToString();
    }

    private static Instruction[] Decode(byte* from, byte* end)
    {
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(new ReadOnlySpan<byte>(from, (int)(end - from)).ToArray()), Ip);
        List<Instruction> found = [];
        while (decoder.IP < Ip + (ulong)(end - from))
        {
            decoder.Decode(out Instruction instruction);
            found.Add(instruction);
        }

        return [.. found];
    }
}
