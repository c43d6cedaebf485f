namespace Suite.Devices.Intc;

/// <summary>A local APIC's processor. Called under the machine's lock, from any thread.</summary>
public interface IApicCpu
{
    /// <summary>The level of the interrupt request: the processor acknowledges with <see cref="LocalApic.Acknowledge"/> when it takes it.</summary>
    void SetInterrupt(bool level);

    /// <summary>A non-maskable interrupt.</summary>
    void Nmi();

    /// <summary>INIT: registers as after reset; any but the first processor then waits for <see cref="StartUp"/>.</summary>
    void Init();

    /// <summary>A processor that waits after reset or INIT starts in real mode at vector * 4096.</summary>
    void StartUp(byte vector);

    /// <summary>When its time-stamp counter reaches a value, in the virtual clock's nanoseconds; in the past or now when it has.</summary>
    long TimeOfTsc(ulong tsc);
}
