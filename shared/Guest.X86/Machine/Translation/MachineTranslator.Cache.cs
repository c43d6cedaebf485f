using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// The second scratch register keeps the guest register that lives in memory and was used last; what was written to it is stored when the scratch register is needed for
// something else, or when the block may be left.
internal sealed unsafe partial class MachineTranslator
{
    private int _cached;
    private bool _isCachedNewer;

    private void BeginCache() => (_cached, _isCachedNewer) = (-1, false);

    // Stores the register; it stays where it is.
    private void FlushCached()
    {
        if (_isCachedNewer)
            _a.Mov(AreaSlot.Gpr(_cached), S1);
        _isCachedNewer = false;
    }

    // Before S1 gets another value.
    private void ForgetCached()
    {
        FlushCached();
        _cached = -1;
    }

    private void LoadPlanned(in RegisterPlan plan)
    {
        (bool loadsFirst, bool loadsSecond, _, _) = plan.Uses;
        if (!plan.UsesS1)
            return; // the second is the one that is taken first
        if (_cached != plan.Second)
        {
            ForgetCached();
            if (loadsSecond)
                _a.Mov(S1, AreaSlot.Gpr(plan.Second));
            _cached = plan.Second;
        }

        if (loadsFirst)
            _a.Mov(S0, AreaSlot.Gpr(plan.First));
    }

    private void StorePlanned(in RegisterPlan plan)
    {
        (_, _, bool storesFirst, bool storesSecond) = plan.Uses;
        if (storesFirst)
            _a.Mov(AreaSlot.Gpr(plan.First), S0);
        _isCachedNewer |= storesSecond;
    }
}
