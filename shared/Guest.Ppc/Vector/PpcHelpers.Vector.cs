using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Helpers of AltiVec and SPE.
public static unsafe partial class PpcHelpers
{
    static partial void RegisterVector(IrHelpers helpers)
    {
        helpers.Set(AltivecState.FloatHelper, &AltivecFloat.Execute);
        helpers.Set(SpeState.Helper, &SpeState.Execute);
    }
}
