using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>
/// Managed routines that IR calls, by number: 0-99 integer and system (this file and its partials), 100-249 floating point, 250-511 vectors.
/// </summary>
public static unsafe partial class PpcHelpers
{
    /// <summary>All helpers of this guest.</summary>
    public static IrHelpers Create()
    {
        var helpers = new IrHelpers();
        RegisterInteger(helpers);
        RegisterFloat(helpers);
        RegisterVector(helpers);
        return helpers;
    }

    static partial void RegisterInteger(IrHelpers helpers);

    static partial void RegisterFloat(IrHelpers helpers);

    static partial void RegisterVector(IrHelpers helpers);
}
