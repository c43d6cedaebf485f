using Suite.Jit.Backend;

namespace Suite.Tests.Jit.Backend;

/// <summary>This host, and hosts that lack what this one may have: the code for them is run here as well.</summary>
internal static class LesserHosts
{
    /// <summary>The features of a host by the name tests show.</summary>
    public static HostFeatures Named(string host)
    {
        HostFeatures f = HostFeatures.Detect();
        return host switch
        {
            "this host" => f,
            "no AVX-512" => f with { Avx512 = false },
            "no MOVBE" => f with { Movbe = false },
            "no BMI" => f with { Bmi = false },
            "nothing optional" => f with { Avx512 = false, Movbe = false, Bmi = false, Lzcnt = false },
            _ => throw new ArgumentOutOfRangeException(nameof(host), host, "no such host"),
        };
    }
}
