namespace Suite.Tests.Guest.Ppc;

/// <summary>A test that needs PowerPC's cross compiler and the installed qemu-ppc as second opinion; skipped with the reason where they are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PpcQemuFactAttribute : FactAttribute
{
    private static readonly string[] Tools = ["powerpc-linux-gnu-gcc", "qemu-ppc"];

    public PpcQemuFactAttribute()
    {
        foreach (string tool in Tools)
            if (!Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), p => File.Exists(Path.Combine(p, tool))))
                Skip = $"{tool} is not installed";
    }
}
