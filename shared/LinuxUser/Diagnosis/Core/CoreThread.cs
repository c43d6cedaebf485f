using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>What a core file says of one thread.</summary>
/// <param name="Tid">Its id.</param>
/// <param name="SignalMask">Signals it blocks.</param>
/// <param name="Registers">Its register sets, general registers first.</param>
internal sealed record CoreThread(int Tid, ulong SignalMask, IReadOnlyList<(Regset Set, byte[] Data)> Registers)
{
    /// <summary>Reads a thread's registers; called on its own host thread.</summary>
    public static CoreThread Of(GuestThread t)
    {
        List<(Regset, byte[])> registers = [];
        foreach (Regset set in t.Abi.Regsets)
        {
            byte[] data = new byte[set.Size];
            set.Read(t, data);
            registers.Add((set, data));
        }

        return new CoreThread(t.Tid, t.SignalMask, registers);
    }
}
