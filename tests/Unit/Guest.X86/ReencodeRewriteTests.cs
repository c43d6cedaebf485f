using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>Code that changes after it was translated: told, noticed by page protection, or found out by blocks that check themselves.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeRewriteTests
{
    private const ulong Page = 4096, Code = ReencodeHost.FarCode;
    private const int ManyRewrites = 40;

    [Fact]
    public void Invalidate_drops_what_covers_the_byte_and_what_jumps_there()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            // mov eax, 1 / jmp over / stop ...; over: mov ebx, 2 / stop
            Write(Code, "B801000000 E9 50000000");
            ulong over = Code + 10 + 0x50;
            Write(over, "BB02000000");
            Assert.Equal((1UL, 2UL), Run(host));
            Assert.Equal((1UL, 2UL), Run(host)); // linked now
            *(byte*)(over + 1) = 3;
            Assert.Equal((1UL, 2UL), Run(host)); // nobody was told
            host.Engine.Invalidate(over + 1, 1);
            Assert.Equal((1UL, 3UL), Run(host));
            *(byte*)(Code + 1) = 4;
            host.Engine.Invalidate(Code + 3, 1);
            Assert.Equal((4UL, 3UL), Run(host));
            host.Engine.Invalidate(0, 1UL << 40);
            Assert.False(host.Engine.HasCode(Code));
            Assert.Equal((4UL, 3UL), Run(host));
        });
    }

    [Fact]
    public void A_write_to_the_second_page_of_an_instruction_is_a_write_to_it()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            for (int before = 1; before < 5; before++)
            {
                ulong start = Code + Page - (ulong)before;
                Write(start, "B801000000");
                host.Engine.Invalidate(start, 5);
                Assert.Equal(1UL, Run(host, start).Rax);
                Assert.True(host.Engine.HasCode(Code + Page));
                *(byte*)(start + 4) = 0x55;
                host.Engine.PageWritten(Code + Page);
                Assert.Equal(0x5500_0001UL, Run(host, start).Rax);
                Write(start, "0606060606");
            }
        });
    }

    [Fact]
    public void Jumps_into_the_middle_of_blocks_and_of_instructions()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            // xor eax, eax / inc eax / inc eax / mov ebx, 0xC0FFC0FF (holds inc eax twice) ...
            Write(Code, "31C0 FFC0 FFC0 BBFFC0FFC0");
            Assert.Equal(2UL, Run(host).Rax);
            Assert.Equal(1UL, Run(host, Code + 4, rax: 0).Rax);
            Assert.Equal(9UL, Run(host, Code + 7, rax: 7).Rax);
            host.Engine.Invalidate(Code + 4, 1);
            Write(Code + 4, "FFC8");
            Assert.Equal(0UL, Run(host).Rax);
            Assert.Equal(9UL, Run(host, Code + 7, rax: 7).Rax);
        });
    }

    [Fact]
    public void A_page_that_is_rewritten_often_checks_itself()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            MakeChecked(host, Code);
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(1);
            for (int i = 0; i < 300; i++)
            {
                *(byte*)(Code + 1) = (byte)i; // nobody is told
                compare.Randomize(random);
                Write(Code, $"B8{i & 0xFF:X2}000000 48 11C3 E905000000 06 06 06 06 06 48 FFC1");
                compare.NativeEndInPlace(Code);
                Assert.True(string.IsNullOrEmpty(compare.RunTranslated(Code)));
                Assert.Equal((ulong)(byte)i, host.State->Gpr[0]);
            }

            Assert.True(host.Engine.Translations < 1000);
        });
    }

    [Fact]
    public void Checked_code_may_change_itself()
    {
        // mov byte [rip + n], imm8 writes the immediate of the mov eax right behind it.
        using ReencodeHost host = new() { CanProtect = false };
        host.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                Write(Code, $"C605 01000000 {i:X2} B8FF000000 FFC0");
                Assert.Equal((ulong)i + 1, Run(host).Rax);
            }
        });
    }

    [Fact]
    public void A_checked_block_at_the_end_of_memory_reads_nothing_behind_it()
    {
        using ReencodeHost host = new() { CanProtect = false };
        host.Run(() =>
        {
            ulong end = Code + ReencodeHost.AreaBytes;
            for (int length = 2; length < 12; length++)
            {
                ulong at = end - (ulong)length;
                new Span<byte>((byte*)at, length).Fill(0x90);
                Write(end - 2, "EBC0"); // jmp back to where the stops are
                Assert.Equal((77UL, 0UL), Run(host, at, rax: 77));
                Assert.Equal(end - 0x40, host.State->Pc);
                *(byte*)(end - 1) = 0xB8;
                Run(host, at);
                Assert.Equal(end - 0x48, host.State->Pc);
                new Span<byte>((byte*)at, length).Fill(ReencodeHost.Stop);
            }
        });
    }

    [Fact]
    public void Alignment_checks_are_only_the_guests_own()
    {
        foreach (bool isChecked in (bool[])[false, true])
        {
            using ReencodeHost host = new() { CanProtect = !isChecked };
            host.Run(() =>
            {
                ReencodeComparison compare = new(host);
                ReencodeRandom random = new(6);
                for (int i = 0; i < 600; i++)
                {
                    compare.Randomize(random);
                    compare.Input.Flags |= ReencodeState.AlignmentCheck;
                    compare.Input.Gpr[3] = compare.Data + (random.OneIn(4) ? (ulong)random.Below(16) : 0);
                    ulong at = Code + (ulong)random.Below(64);
                    // call f; mov rax, [rbx]; lea rcx, [rip]; add rcx, 6; jmp rcx; (landing) stop; f: ret
                    byte[] code = Convert.FromHexString("E80F000000 488B03 488D0D06000000 FFE1 06060606 C3".Replace(" ", ""));
                    compare.Check("alignment", at, code);
                }

                compare.AssertNoDifferences();
            });
        }
    }

    [Fact]
    public void Protected_pages_report_their_writes()
    {
        ReencodeHost? self = null;
        HashSet<ulong> protectedPages = [];
        using ReencodeHost host = new()
        {
            OnFetch = page =>
            {
                if (protectedPages.Add(page))
                    ReencodeHost.Protect(page, Linux.PROT_READ | Linux.PROT_EXEC);
            },
        };
        self = host;
        host.Run(() =>
        {
            // A loop that counts eax up by an immediate it rewrites each time: ecx rounds.
            //   0: add eax, 1 (83 C0 01)  3: inc byte [rip - 7 - 2]  ; 9: dec ecx  ; jnz 0
            Write(Code, "83C001 FE05F9FFFFFF FFC9 75F3");
            ReencodeState input = new();
            input.Gpr[1] = 100;
            input.Gpr[4] = ReencodeHost.FarStack + 0x800;
            (input.Flags, input.Pc) = (0x202, Code);
            BitConverter.TryWriteBytes(input.Vectors, (ushort)0x37F);
            BitConverter.TryWriteBytes(input.Vectors.AsSpan(24), 0x1F80);
            input.Load(host.State);
            int faults = 0;
            ExitReason reason;
            while ((reason = host.Engine.Run(host.State)) == ExitReason.Fault)
            {
                Assert.Equal(Linux.SIGSEGV, ReencodeHost.FaultSignal(host.State));
                Assert.Equal(Code + 2, host.State->FaultAddress);
                Assert.Equal(Code + 3, host.State->Pc);
                ulong page = host.State->FaultAddress & ~(Page - 1);
                Assert.True(protectedPages.Remove(page));
                host.Engine.PageWritten(page);
                ReencodeHost.Protect(page, Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC);
                faults++;
            }

            Assert.Equal(ExitReason.Special, reason);
            Assert.Equal(5050UL, host.State->Gpr[0]);
            Assert.InRange(faults, 30, 34); // then the page checks itself
        });
        Assert.NotNull(self);
    }

    /// <summary>Rewrites a page until the engine stops protecting it.</summary>
    internal static void MakeChecked(ReencodeHost host, ulong at)
    {
        for (int i = 0; i < ManyRewrites; i++)
            host.Engine.PageWritten(at);
    }

    internal static void Write(ulong at, string hex) => Convert.FromHexString(hex.Replace(" ", "")).CopyTo(new Span<byte>((byte*)at, 64));

    private static (ulong Rax, ulong Rbx) Run(ReencodeHost host, ulong at = Code, ulong rax = 0)
    {
        ReencodeState input = new();
        input.Gpr[0] = rax;
        input.Gpr[4] = ReencodeHost.FarStack + 0x800;
        (input.Flags, input.Pc) = (0x202, at);
        BitConverter.TryWriteBytes(input.Vectors, (ushort)0x37F);
        BitConverter.TryWriteBytes(input.Vectors.AsSpan(24), 0x1F80);
        input.Load(host.State);
        Assert.Equal(ExitReason.Special, host.Engine.Run(host.State));
        return (host.State->Gpr[0], host.State->Gpr[3]);
    }
}
