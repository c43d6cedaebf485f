using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// Signals that arrive at any time while code runs that never leaves the cache: the thread comes out at the boundary of an instruction, and
/// when it has been interrupted thousands of times, it has computed what the processor computes without an interruption.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeInterruptTests
{
    private const int Interrupts = 2000, LastBlocks = 1000;
    private const ulong Plenty = 1UL << 40;

    [Theory]
    [InlineData("linked", 1)]
    [InlineData("linked", 2)]
    [InlineData("linked", 3)]
    [InlineData("not linked", 4)]
    [InlineData("one instruction a block", 5)]
    [InlineData("checked", 6)]
    public void Every_interrupt_finds_a_clean_boundary(string mode, ulong seed)
    {
        EngineOptions options = new() { CodeBytes = 32 << 20, NoChain = mode == "not linked", OneInsnPerBlock = mode == "one instruction a block" };
        using ReencodeHost host = new(options) { CanProtect = mode != "checked" };
        host.Run(() =>
        {
            ReencodeComparison compare = new(host);
            ReencodeRandom random = new(seed);
            ReencodeProgram program = new(random, []) { Balanced = true };
            ulong at = ReencodeHost.FarCode;
            do
            {
                program.Build(at, compare.Data);
                compare.Randomize(random);
                program.FillData(compare);
                compare.Input.Gpr[15] = 20_000;
                compare.NativeEnd(at, program.Bytes);
            }
            while (!compare.Native.EndedAtStop || compare.Native.Gpr[1] != 0);
            program.FillData(compare);
            program.Bytes.CopyTo(new Span<byte>((byte*)at, program.Bytes.Length));

            compare.Input.Pc = at;
            compare.Input.Gpr[15] = Plenty;
            ReencodeHost.SetHostGs(0);
            compare.Input.Load(host.State);
            Interrupter interrupter = new(host, random.Next());
            HashSet<ulong> places = [];
            interrupter.RunWith(() =>
            {
                Assert.Contains(host.State->Pc, program.Starts);
                places.Add(host.State->Pc);
            }, fromAnotherThread: seed == 1);
            Assert.True(places.Count > program.Starts.Count / 20, $"interrupted at {places.Count} places only");

            bool swapped = host.State->Gpr[15] - Plenty / 2 > Plenty / 2; // between the two exchanges of r15 with rcx
            ref ulong fuel = ref host.State->Gpr[swapped ? 1 : 15];
            ulong done = Plenty - fuel;
            fuel = LastBlocks;
            Assert.Equal(ExitReason.Special, host.Engine.Run(host.State));
            ReencodeState end = new();
            end.Store(host.State, host.State->Pc);
            end.StoreEnd(host.State, ExitReason.Special);

            compare.Input.Gpr[15] = done + LastBlocks;
            compare.NativeEnd(at, program.Bytes);
            Assert.Null(end.Difference(compare.Native));
        });
    }

    [Fact]
    public void Sequences_with_borrowed_registers_segments_and_system_calls()
    {
        using ReencodeHost host = new(reencoder: new ReencoderOptions());
        host.Run(() =>
        {
            host.Engine.Region.InlineCalls[Nr.getppid] = 1;
            ReencodeRandom random = new(9);
            // Every turn each counter goes up by one; each of them through another kind of sequence.
            byte[] code = Convert.FromHexString((
                "48FF05 F9FF7F00"           // inc qword [rip + ...] to FarData
                + "64 48FF0425 10000000"    // inc qword fs:[10h]
                + "65 48FF0425 18000000"    // inc qword gs:[18h]
                + "B86E000000 0F05"         // mov eax, getppid; syscall
                + "65 48030C25 18000000"    // add rcx, gs:[18h]
                + "E804000000"              // call f
                + "FFC3 EBD0"               // inc ebx; jmp to the start
                + "65 4C031425 18000000"    // f: add r10, gs:[18h]
                + "49FFC1 C3").Replace(" ", "")); // inc r9; ret
            ulong at = ReencodeHost.FarCode;
            BitConverter.TryWriteBytes(code.AsSpan(3), (int)(ReencodeHost.FarData - (at + 7)));
            int jump = code.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC3, 0xEB]) + 3;
            code[jump] = (byte)-(jump + 1);
            code.CopyTo(new Span<byte>((byte*)at, code.Length));
            ReencodeState input = new();
            input.Randomize(random);
            input.Gpr[3] = input.Gpr[9] = 0;
            input.Gpr[4] = ReencodeHost.FarStack + 0x800;
            (input.Pc, input.Flags) = (at, 0x202);
            input.Load(host.State);
            ReencodeHost.SetHostGs(ReencodeHost.FarData + 0x100);
            host.State->SegmentBase = ReencodeHost.FarData + 0x200;
            ulong* plain = (ulong*)ReencodeHost.FarData, fs = (ulong*)(ReencodeHost.FarData + 0x110), gs = (ulong*)(ReencodeHost.FarData + 0x218);
            ulong rsi = input.Gpr[6], rdi = input.Gpr[7], rdx = input.Gpr[2];
            new Interrupter(host, random.Next()).RunWith(() =>
            {
                VcpuState* s = host.State;
                Assert.Equal(ReencodeHost.FarData + 0x100, ReencodeHost.GetHostGs());
                Assert.Equal((rsi, rdi, rdx), (s->Gpr[6], s->Gpr[7], s->Gpr[2]));
                int place = (int)(s->Pc - at);
                Assert.InRange(place, 0, code.Length);
                uint turns = (uint)s->Gpr[3];
                Assert.InRange((uint)*plain - turns, 0u, 1u);
                Assert.InRange((uint)*fs - turns, 0u, 1u);
                Assert.InRange((uint)*gs - turns, 0u, 1u);
                Assert.InRange((uint)s->Gpr[9] - turns, 0u, 1u);
                Assert.True(*plain >= *fs && *fs >= *gs && *gs >= s->Gpr[9] && s->Gpr[9] >= turns);
            });
        });
    }

    /// <summary>Interrupts the guest thread again and again: by a timer of its own, or by signals from another thread.</summary>
    private sealed class Interrupter(ReencodeHost host, ulong seed)
    {
        private readonly ReencodeRandom _random = new(seed);
        private int _sent, _seen; // _seen is written by the guest thread

        /// <summary>Runs the guest thread on and on; <paramref name="look"/> is called after each interrupt.</summary>
        public void RunWith(Action look, bool fromAnotherThread = false)
        {
            host.Catch(Linux.SIGUSR1);
            ulong mask;
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, 0, (long)&mask, 8);
            int pid = Environment.ProcessId, tid = host.Tid, timer = fromAnotherThread ? -1 : CreateTimer(tid);
            Thread sender = new(() => Send(pid, tid)) { IsBackground = true };
            if (fromAnotherThread)
                sender.Start();
            try
            {
                while (_seen < Interrupts)
                {
                    if (!fromAnotherThread)
                        SetTimer(timer, 1 + _random.Below(40_000));
                    ExitReason reason = host.Engine.Run(host.State);
                    Assert.True(reason == ExitReason.Interrupt, $"{reason} at {host.State->Pc:x}, signal {ReencodeHost.FaultSignal(host.State)}");
                    Assert.Equal(1UL, host.State->Pending);
                    Assert.Equal(Linux.SIGUSR1, *(int*)host.State->SignalQueue);
                    look();
                    host.State->Pending = 0;
                    Unblock(mask);
                    Volatile.Write(ref _seen, _seen + 1);
                }
            }
            finally
            {
                Volatile.Write(ref _seen, int.MaxValue);
                if (fromAnotherThread)
                    sender.Join();
                else
                    Sys.Call(Nr.timer_delete, timer);
                Unblock(mask); // one that was sent meanwhile is for the gate
            }
        }

        private static void Unblock(ulong mask) => Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&mask, 0, 8);

        // A signal each time the one before has been dealt with.
        private void Send(int pid, int tid)
        {
            while (true)
            {
                int seen;
                while ((seen = Volatile.Read(ref _seen)) < _sent)
                    Thread.Yield();
                if (seen >= Interrupts)
                    return;
                Thread.SpinWait(_random.Below(300));
                _sent++;
                Sys.Call(Nr.tgkill, pid, tid, Linux.SIGUSR1);
            }
        }

        // struct sigevent: value, signal number, SIGEV_THREAD_ID, thread.
        private static int CreateTimer(int tid)
        {
            const int CLOCK_MONOTONIC = 1, SIGEV_THREAD_ID = 4;
            long* sigevent = stackalloc long[8];
            new Span<long>(sigevent, 8).Clear();
            ((int*)sigevent)[2] = Linux.SIGUSR1;
            ((int*)sigevent)[3] = SIGEV_THREAD_ID;
            ((int*)sigevent)[4] = tid;
            int timer;
            long error = Sys.Call(Nr.timer_create, CLOCK_MONOTONIC, (long)sigevent, (long)&timer);
            return error == 0 ? timer : throw new InvalidOperationException($"timer_create: errno {-error}");
        }

        private static void SetTimer(int timer, long nanoseconds)
        {
            long* once = stackalloc long[4];
            (once[0], once[1], once[2], once[3]) = (0, 0, 0, nanoseconds);
            Sys.Call(Nr.timer_settime, timer, 0, (long)once, 0);
        }
    }
}
