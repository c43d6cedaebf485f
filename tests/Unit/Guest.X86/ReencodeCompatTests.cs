using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Jit;
using Suite.Jit.Runtime;
using static Iced.Intel.AssemblerRegisters;

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
