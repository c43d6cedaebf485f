using System.Runtime.ExceptionServices;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>Hands signals of the test process to an engine's gate, and gives them back.</summary>
internal sealed unsafe class GateFixture(Engine engine)
{
    private readonly List<(int Signal, KernelAction Old)> _replaced = [];

    /// <summary>Runs the body on a thread of its own; what it throws is thrown here.</summary>
    public static void OnThread(Action body)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>The signals the processor raises.</summary>
    public void CatchFaults()
    {
        for (int signal = 1; signal <= 31; signal++)
            if ((SignalMasks.Faults & SignalMasks.Of(signal)) != 0)
                Catch(signal);
    }

    /// <summary>One signal more.</summary>
    public void Catch(int signal)
    {
        KernelAction gate = new()
        {
            Handler = (ulong)engine.Stubs.SignalGate,
            Flags = Linux.SA_SIGINFO | Linux.SA_ONSTACK | Linux.SA_RESTORER,
            Restorer = (ulong)engine.Stubs.Restorer,
            Mask = ulong.MaxValue,
        };
        KernelAction old = default;
        Sys.Call(Nr.rt_sigaction, signal, (long)&gate, (long)&old, 8);
        engine.Region.OldHandlers[signal] = old.Handler;
        _replaced.Add((signal, old));
    }

    /// <summary>Puts back the handlers that stood before.</summary>
    public void Release()
    {
        foreach ((int signal, KernelAction old) in _replaced)
        {
            KernelAction back = old;
            Sys.Call(Nr.rt_sigaction, signal, (long)&back, 0, 8);
        }

        _replaced.Clear();
    }

    /// <summary>struct kernel_sigaction of x86-64.</summary>
    private struct KernelAction
    {
        public ulong Handler, Flags, Restorer, Mask;
    }
}
