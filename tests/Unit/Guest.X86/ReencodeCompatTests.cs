using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Jit;
using Suite.Jit.Runtime;
using static Iced.Intel.AssemblerRegisters;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Guest.X86;

/// <summary>32-bit code: the same bytes natively in compatibility mode and through the re-encoder.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeCompatTests
{
    private static ReencodeHost NewHost(EngineOptions? options = null) =>
        new(options, new ReencoderOptions { Mode = CpuMode.Bits32 });

    [Fact]
    public void Calls_returns_and_the_stack()
    {
        AssertSame(a =>
        {
            Label twice = a.CreateLabel(), loop = a.CreateLabel(), done = a.CreateLabel();
            a.mov(ecx, 1000);
            a.xor(eax, eax);
            a.Label(ref loop);
            a.push(ecx);
            a.call(twice);
            a.pop(ecx);
            a.dec(ecx);
            a.jne(loop);
            a.pushad();
            a.popad();
            a.jmp(done);
            a.Label(ref twice);
            a.inc(eax);
            a.enter(8, 0);
            a.mov(__dword_ptr[ebp - 4], eax);
            a.leave();
            a.add(eax, 1);
            a.ret();
            a.Label(ref done);
            a.nop();
        });
    }

    [Fact]
    public void Instructions_that_64_bit_mode_lacks()
    {
        AssertSame(a =>
        {
            a.mov(eax, 0x1234_5678);
            a.aaa();
            a.daa();
            a.aam(10);
            a.aad(10);
            a.das();
            a.aas();
            a.push(ds);
            a.pop(es);
            a.db(0xD6); // salc
            a.mov(ebx, (int)ReencodeHost.NearData);
            a.mov(__dword_ptr[ebx], 5);
            a.mov(__dword_ptr[ebx + 4], 0x2B);
            a.les(edx, __fword_ptr[ebx]);
            a.mov(cx, ss);
            a.mov(esi, gs);
            a.lar(di, cx);
            a.pushfd();
            a.pop(ebp);
        });
    }

    [Fact]
    public void Indirect_calls_and_jumps()
    {
        AssertSame(a =>
        {
            Label start = a.CreateLabel(), again = a.CreateLabel();
            const int Target = (int)ReencodeHost.NearCode + 2; // behind a short jump
            a.jmp(start);
            a.add(eax, 3);
            a.ret(0);
            a.Label(ref start);
            a.mov(ebx, Target);
            a.mov(ecx, 100);
            a.Label(ref again);
            a.push(ecx);
            a.call(ebx);
            a.pop(ecx);
            a.loop(again);
        });
    }

    [Fact]
    public void A_system_call_leaves_behind_the_instruction()
    {
        using ReencodeHost host = NewHost();
        host.Run(() =>
        {
            Assemble(a =>
            {
                a.mov(eax, 20);
                a.@int(0x80);
            });
            host.State->Pc = ReencodeHost.NearCode;
            host.State->Gpr[4] = ReencodeHost.NearStack + 0x8000;
            Assert.Equal(ExitReason.SystemCall, host.Engine.Run(host.State));
            Assert.Equal(ReencodeHost.NearCode + 7, host.State->Pc);
            Assert.Equal(20ul, host.State->Gpr[0]);
        });
    }

    [Fact]
    public void Random_instructions()
    {
        const int Sequences = 12000, Longest = 5;
        using ReencodeHost host = NewHost();
        host.Run(() =>
        {
            ReencodeComparison compare = new(host, narrow: true) { Data = ReencodeHost.NearData, Stack = ReencodeHost.NearStack };
            ReencodeRandom random = new(32);
            byte[] code = new byte[15 * Longest + 2];
            for (int i = 0; i < Sequences; i++)
            {
                int length = 0;
                for (int k = random.Below(Longest); k >= 0; k--)
                    length += AnyInstruction(random, code.AsSpan(length, 15));
                (code[length], code[length + 1]) = (0x0F, 0x0B);
                compare.Randomize(random);
                for (int r = 0; r < 8; r++)
                    if (r != 4 && (!random.OneIn(4) || compare.Input.Gpr[r] is > 0x6000_0000 and < 0x8000_0000)) // there the engine lies
                        compare.Input.Gpr[r] = compare.Data + (ulong)random.Below(ReencodeComparison.WindowBytes);
                compare.Check(ReencodeComparison.Listing(0, code.AsSpan(0, length), 32), ReencodeHost.NearCode + (ulong)random.Below(0x1100), code.AsSpan(0, length + 2));
            }

            Assert.True(compare.Completed > Sequences / 10, $"only {compare.Completed} of {compare.Count} ran to their end");
            compare.AssertNoDifferences();
        });
    }

    // Random bytes that decode to something this test can run twice with the same outcome.
    private static int AnyInstruction(ReencodeRandom random, Span<byte> to)
    {
        byte[] bytes = new byte[15];
        while (true)
        {
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.Next();
            int n = random.OneIn(3) ? 1 : 0;
            if (n == 1)
                bytes[0] = random.Pick<byte>([0x66, 0x67, 0xF2, 0xF3, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0xF0]);
            if (random.OneIn(2))
                bytes[n++] = random.Pick<byte>([0x0F, 0xC5, 0xC4, 0x62, 0xD9, 0xDF, 0x8E, 0x8C, 0x07, 0x1F, 0xC8, 0xC9]);
            if (random.OneIn(2))
                bytes[n + 1] &= 0xBF; // small displacements or none
            Decoder decoder = Decoder.Create(32, new ByteArrayCodeReader(bytes));
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid || instruction.FlowControl != FlowControl.Next || IsUnfit(in instruction))
                continue;
            bytes.AsSpan(0, instruction.Length).CopyTo(to);
            return instruction.Length;
        }
    }

    private static bool IsUnfit(in Instruction instruction) => ReencodeGenerator.IsUnfit(instruction.Mnemonic) && instruction.Mnemonic is not (Mnemonic.Enter or Mnemonic.Leave or Mnemonic.Popf or Mnemonic.Popfd)
        || UsesFs(in instruction) || instruction.Mnemonic is Mnemonic.Lss or Mnemonic.Popfd or Mnemonic.Popf
        || (instruction.Op0Kind == OpKind.Register && instruction.Op0Register is Register.SS or Register.ESP or Register.SP)
        || (instruction.MemoryDisplSize > 1 && instruction.MemoryDisplacement32 is > 0x1000 and < 0xFFFF_F000); // it may lead to the engine's own memory

    // fs names the engine's segment in the native run.
    private static bool UsesFs(in Instruction instruction)
    {
        if (instruction.SegmentPrefix == Register.FS || instruction.Mnemonic == Mnemonic.Lfs)
            return true;
        for (int i = 0; i < instruction.OpCount; i++)
            if (instruction.GetOpKind(i) == OpKind.Register && instruction.GetOpRegister(i) == Register.FS)
                return true;
        return false;
    }

    private static int Assemble(Action<Assembler> program)
    {
        Assembler a = new(32);
        program(a);
        a.ud2();
        MemoryStream bytes = new();
        a.Assemble(new StreamCodeWriter(bytes), ReencodeHost.NearCode);
        bytes.ToArray().CopyTo(new Span<byte>((byte*)ReencodeHost.NearCode, ReencodeHost.AreaBytes));
        return (int)bytes.Length;
    }

    private static void AssertSame(Action<Assembler> program)
    {
        using ReencodeHost host = NewHost();
        host.Run(() =>
        {
            int length = Assemble(program);
            ulong[] native = Registers(host, () => Assert.Equal(ReencodeHost.NearCode + (ulong)length - 2, host.RunNatively(ReencodeHost.NearCode)));
            ulong[] translated = Registers(host, () =>
            {
                host.State->Pc = ReencodeHost.NearCode;
                Assert.Equal(ExitReason.Fault, host.Engine.Run(host.State));
                Assert.Equal(ReencodeHost.NearCode + (ulong)length - 2, host.State->Pc);
            });
            Assert.Equal(native, translated);
        });
    }

    private static ulong[] Registers(ReencodeHost host, Action run)
    {
        VcpuState* s = host.State;
        for (int i = 0; i < 8; i++)
            s->Gpr[i] = (ulong)i * 0x1111_1111;
        s->Gpr[4] = ReencodeHost.NearStack + 0x8000;
        s->Flags = 0x202;
        run();
        return [.. Enumerable.Range(0, 8).Select(i => s->Gpr[i]), s->Flags & ~0x1_0000ul];
    }
}
