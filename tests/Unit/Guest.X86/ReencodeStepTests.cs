using Suite.Guest.X86.Reencoder;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>One instruction at a time, and stopping at addresses, as debuggers want it.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeStepTests
{
    private const ulong At = ReencodeHost.FarCode + 0x100, Stack = ReencodeHost.FarStack + 0x8000, Data = ReencodeHost.FarData + 0x100;

    // The guest pc after one step, as a distance from the instruction; the second code, if any, lies at +40h.
    public static TheoryData<string, string, int> Instructions => new()
    {
        { "nop", "90", 1 },
        { "inc eax", "FFC0", 2 },
        { "rip-relative", "48FF0500000000", 7 },
        { "fs", "6448FF03", 4 },
        { "gs", "6548FF03", 4 },
        { "jmp", "EB3E", 0x40 },
        { "jmp to itself", "EBFE", 0 },
        { "jz, taken", "743E", 0x40 },
        { "jnz, not taken", "753E", 2 },
        { "loop", "E23E", 0x40 },
        { "call", "E83B000000", 0x40 },
        { "jmp r13", "41FFE5", 0x40 },
        { "call [rbx]", "FF13", 0x40 },
        { "ret", "C3", 0x40 },
        { "ret 8", "C20800", 0x40 },
        { "pushf", "9C", 1 },
        { "popf", "9D", 1 },
        { "mov ss", "8ED0", 2 },
        { "rep movsb, one of three", "F3A4", 0 },
    };

    public static TheoryData<string, string, int> CheckedInstructions => Instructions;

    [Theory]
    [MemberData(nameof(Instructions))]
    public void A_step_is_one_instruction(string name, string hex, int distance) => StepsTo(name, hex, distance, canProtect: true);

    [Theory]
    [MemberData(nameof(CheckedInstructions))]
    public void A_step_is_one_instruction_on_pages_that_check_themselves(string name, string hex, int distance) => StepsTo(name, hex, distance, canProtect: false);

    [Fact]
    public void Repetitions_are_steps_of_their_own()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            VcpuState* s = Prepare(host, "F3A490");
            s->Gpr[1] = 3;
            for (uint left = 2; left > 0; left--)
            {
                Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
                Assert.Equal((At, (ulong)left), (s->Pc, s->Gpr[1]));
            }

            Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
            Assert.Equal((At + 2, 0UL), (s->Pc, s->Gpr[1]));
            Assert.Equal(0UL, s->Flags & 0x100);
        });
    }

    [Fact]
    public void A_call_is_left_to_the_caller_and_a_fault_is_a_fault()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            VcpuState* s = Prepare(host, "0F05");
            Assert.Equal(ExitReason.Syscall, host.Engine.Step(s));
            Assert.Equal(At + 2, s->Pc);

            s = Prepare(host, "488B00");
            s->Gpr[0] = 0x10;
            Assert.Equal(ExitReason.Fault, host.Engine.Step(s));
            Assert.Equal((At, 0x10UL), (s->Pc, s->FaultAddress));

            s->Pc = 0x1000;
            Assert.Equal(ExitReason.FetchFault, host.Engine.Step(s));
        });
    }

    [Fact]
    public void A_run_ends_at_a_breakpoint_wherever_it_is_met()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            // inc eax; inc eax; inc eax; dec ecx; jnz to the start; stop
            VcpuState* s = Prepare(host, "FFC0FFC0FFC0FFC975F6");
            s->Gpr[1] = 2;
            Assert.Equal(ExitReason.Special, host.Engine.Run(s)); // all translated and linked by now
            Assert.Equal(6UL, s->Gpr[0]);

            Assert.True(host.Engine.SetBreakpoint(At + 2));
            Assert.False(host.Engine.SetBreakpoint(At + 2));
            (s->Pc, s->Gpr[0], s->Gpr[1]) = (At, 0, 2);
            for (uint round = 0; round < 2; round++)
            {
                Assert.Equal(ExitReason.Breakpoint, host.Engine.Run(s));
                Assert.Equal((At + 2, 1UL + 3 * round), (s->Pc, s->Gpr[0]));
                Assert.Equal(ExitReason.Breakpoint, host.Engine.Run(s));
                Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
                Assert.Equal((At + 4, 2UL + 3 * round), (s->Pc, s->Gpr[0]));
            }

            Assert.Equal(ExitReason.Special, host.Engine.Run(s));
            Assert.True(host.Engine.ClearBreakpoint(At + 2));
            Assert.False(host.Engine.ClearBreakpoint(At + 2));
            (s->Pc, s->Gpr[0], s->Gpr[1]) = (At, 0, 2);
            Assert.Equal(ExitReason.Special, host.Engine.Run(s));
            Assert.Equal(6UL, s->Gpr[0]);
        });
    }

    [Fact]
    public void A_step_sees_rewritten_code()
    {
        using ReencodeHost host = new();
        host.Run(() =>
        {
            VcpuState* s = Prepare(host, "FFC0");
            Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
            Assert.Equal(1UL, s->Gpr[0]);
            s = Prepare(host, "FFC8");
            Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
            Assert.Equal(uint.MaxValue, s->Gpr[0]);
        });
    }

    private static void StepsTo(string name, string hex, int distance, bool canProtect)
    {
        using ReencodeHost host = new() { CanProtect = canProtect };
        host.Run(() =>
        {
            VcpuState* s = Prepare(host, hex);
            ulong sp = s->Gpr[4];
            Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
            Assert.Equal(At + (ulong)distance, s->Pc);
            if (name.StartsWith("ret", StringComparison.Ordinal))
                Assert.True(s->Gpr[4] > sp);
            host.Engine.SetBreakpoint(At); // of no account to a step
            s = Prepare(host, hex);
            Assert.Equal(ExitReason.Stepped, host.Engine.Step(s));
            Assert.Equal(At + (ulong)distance, s->Pc);
        });
    }

    // rbx = fs base = data holding At+40h, rcx = 3, r13 and the top of the stack = At+40h, ZF set.
    private static VcpuState* Prepare(ReencodeHost host, string hex)
    {
        byte[] code = Convert.FromHexString(hex);
        new Span<byte>((byte*)At, 0x80).Fill(ReencodeHost.Stop);
        code.CopyTo(new Span<byte>((byte*)At, code.Length));
        host.Engine.Invalidate(At, 0x80);
        if (hex.StartsWith("48FF05", StringComparison.Ordinal))
            *(int*)(At + 3) = 0x100; // within the code area
        VcpuState* s = host.State;
        for (int i = 0; i < 16; i++)
            s->Gpr[i] = 0;
        *(ulong*)Data = At + 0x40;
        *(ulong*)Stack = hex == "9D" ? 0x202 : At + 0x40;
        (s->Gpr[1], s->Gpr[3], s->Gpr[4], s->Gpr[6], s->Gpr[7], s->Gpr[13]) = (3, Data, Stack, Data, Data + 0x80, At + 0x40);
        if (hex == "8ED0")
            s->Gpr[0] = 0x2B;
        (s->Pc, s->Flags) = (At, 0x242);
        ReencodeHost.SetHostGs(0);
        s->SegmentBase = 0;
        return s;
    }
}
