using System.Diagnostics;
using System.Text;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Host;
using Suite.Jit.Memory;

namespace Suite.Tests.Guest.X86;

/// <summary>A translated machine with memory, a ROM, the debug port E9h and the exit port F4h, on a thread of its own.</summary>
internal sealed class SystemKernelMachine : PlatformWithoutApic, IMmio
{
    private const int LongestSeconds = 60;

    private readonly StringBuilder _text = new();
    private Action? _stop;
    private bool _done;

    /// <summary>Runs a 64 KiB ROM from the reset vector and gives the lines it prints.</summary>
    public static string[] Run(byte[] image)
    {
        var machine = new SystemKernelMachine();
        // Translated code owns the thread's gs base.
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(() => machine.RunHere(image)));
        thread.Start();
        thread.Join();
        return failure is null ? machine._text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries) : throw failure;
    }

    private unsafe void RunHere(byte[] image)
    {
        const ulong bytes = 8 << 20;
        var memory = new PhysicalMemory(this);
        using var ram = new RamBlock("ram", bytes);
        using var rom = new RamBlock("rom", (ulong)image.Length);
        using var code = new TranslationMemory(1, 16 << 20);
        memory.MapRam(0, ram, 0, bytes);
        image.CopyTo(new Span<byte>(rom.Host, image.Length));
        memory.MapRom(0xFFFF_0000, rom, 0, 0x10000);
        memory.MapRom(0xF_0000, rom, 0, 0x10000);
        using var vcpu = new TranslatedVcpu(0, memory, this, CpuModel.Parse("max", new HostCpuid(static () => HostCpu.Xcr0), is64Bit: true), new CpuTopology(1, 1, 1), code);
        _stop = vcpu.Kick;
        vcpu.Attach();
        var watch = Stopwatch.StartNew();
        while (vcpu.Run() == TranslatedExit.Kicked && !_done)
            Assert.True(watch.Elapsed.TotalSeconds < LongestSeconds, _text.ToString());
    }

    public override uint In(ushort port, int size) => 0xE9;

    public override void Out(ushort port, int size, uint value)
    {
        const int mostText = 1 << 20;
        if (port == 0xE9)
            _text.Append((char)value);
        if (port != 0xF4 && _text.Length < mostText)
            return;
        _done = true;
        _stop!();
    }

    public override bool TryReadMsr(int vcpu, uint msr, out ulong value)
    {
        value = 0;
        return true;
    }

    public override bool TryWriteMsr(int vcpu, uint msr, ulong value) => true;

    ulong IMmio.Read(ulong address, int size) => ulong.MaxValue;

    void IMmio.Write(ulong address, int size, ulong value)
    {
    }
}
