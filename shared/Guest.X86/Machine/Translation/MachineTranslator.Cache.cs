using Iced.Intel;
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

    // On registers alone it cannot fault. Others may, as the processor's: reserved forms of prefetch do on some.
    private static bool IsHarmless(in Instruction insn) => insn.Mnemonic switch
    {
        Mnemonic.Mov or Mnemonic.Movzx or Mnemonic.Movsx or Mnemonic.Movsxd or Mnemonic.Xchg or Mnemonic.Bswap => true,
        Mnemonic.Add or Mnemonic.Sub or Mnemonic.Adc or Mnemonic.Sbb or Mnemonic.Inc or Mnemonic.Dec or Mnemonic.Neg or Mnemonic.Imul or Mnemonic.Cmp => true,
        Mnemonic.And or Mnemonic.Or or Mnemonic.Xor or Mnemonic.Not or Mnemonic.Test or Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc => true,
        Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Shld or Mnemonic.Shrd => true,
        _ => insn.ConditionCode != ConditionCode.None, // cmov and set
    };

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
