using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>What forked children translate is lost with them, but for their notes: the parent translates it before its next fork.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeForkTests
{
    private const ulong Code = ReencodeHost.FarCode;

    [Fact]
    public void A_child_finds_translated_what_its_siblings_had_to()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            // mov eax, 1 / jmp +50h: a link. There: call +20h / lea rcx, [rip + 50h] / jmp rcx: a return and an indirect jump.
            ReencodeRewriteTests.Write(Code, "B801000000 E950000000");
            ReencodeRewriteTests.Write(Code + 0x5A, "E820000000 488D0D50000000 FFE1");
            ReencodeRewriteTests.Write(Code + 0x7F, "BB02000000 C3");
            ReencodeRewriteTests.Write(Code + 0xB6, "BA03000000");
            host.Engine.PrepareFork();
            host.Engine.BecomeChild();
            Assert.Equal(ExitReason.Special, Run(host, Code));
            Assert.Equal((1UL, 3UL, 2UL), (host.State->Gpr[0], host.State->Gpr[2], host.State->Gpr[3]));

            host.Engine.Invalidate(0, 1UL << 40); // as if the parent had never been there
            long before = host.Engine.Translations;
            host.Engine.PrepareFork();
            long learnt = host.Engine.Translations;
            Assert.InRange(learnt - before, 4, 8);
            Assert.Equal(ExitReason.Special, Run(host, Code));
            Assert.Equal((1UL, 3UL, 2UL), (host.State->Gpr[0], host.State->Gpr[2], host.State->Gpr[3]));
            Assert.Equal(learnt, host.Engine.Translations);
        });
    }

    [Fact]
    public void Notes_of_what_cannot_be_executed_or_are_too_many_do_no_harm()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            host.Engine.PrepareFork();
            for (int child = 0; child < 3; child++)
            {
                host.Engine.BecomeChild();
                for (ulong i = 0; i < 2500; i++)
                    Assert.Equal(ExitReason.FetchFault, Run(host, 0x1234_0000_0000 + i));
            }

            host.Engine.PrepareFork();
            Assert.Equal(0, host.Engine.Translations);
            ReencodeRewriteTests.Write(Code, "B807000000");
            Assert.Equal(ExitReason.Special, Run(host, Code));
            Assert.Equal(7UL, host.State->Gpr[0]);
        });
    }

    private static ExitReason Run(ReencodeHost host, ulong at)
    {
        ReencodeState input = new();
        input.Gpr[4] = ReencodeHost.FarStack + 0x800;
        (input.Flags, input.Pc) = (0x202, at);
        BitConverter.TryWriteBytes(input.Vectors, (ushort)0x37F);
        BitConverter.TryWriteBytes(input.Vectors.AsSpan(24), 0x1F80);
        input.Load(host.State);
        return host.Engine.Run(host.State);
    }
}
