namespace Suite.Guest.Ppc;

/// <summary>The text of /proc/cpuinfo (arch/powerpc/kernel/setup-common.c, show_cpuinfo).</summary>
public static class PpcCpuinfo
{
    /// <summary>Writes it.</summary>
    /// <param name="model">Of all processors.</param>
    /// <param name="processors">How many.</param>
    /// <param name="megahertz">Their clock.</param>
    public static string Write(PpcModel model, int processors, int megahertz)
    {
        (uint major, uint minor) = Revision(model.Pvr);
        string altivec = model.Has(PpcFeature.Altivec) ? ", altivec supported" : "";
        var text = new StringWriter { NewLine = "\n" };
        for (int n = 0; n < processors; n++)
        {
            text.WriteLine($"processor\t: {n}");
            text.WriteLine($"cpu\t\t: {model.KernelName}{altivec}");
            text.WriteLine($"clock\t\t: {megahertz}.000000MHz");
            text.WriteLine($"revision\t: {major}.{minor} (pvr {model.Pvr >> 16:x4} {model.Pvr & 0xFFFF:x4})");
            text.WriteLine();
        }
        text.WriteLine($"timebase\t: {PpcHelpers.TimeBaseFrequency}");
        text.WriteLine($"platform\t: {(model.Has(PpcFeature.Altivec) ? "PowerMac" : "PowerPC")}");
        return text.ToString();
    }

    private static (uint Major, uint Minor) Revision(uint pvr) => (pvr >> 16) switch
    {
        0x1008 => ((pvr >> 8 & 0xFF) - 1, pvr & 0xFF),
        0x8000 or 0x8001 or 0x8002 or 0x8003 or 0x8004 or 0x800C => (pvr >> 8 & 0xF, pvr & 0xF),
        >= 0x8000 => (pvr >> 4 & 0xF, pvr & 0xF),
        _ => (pvr >> 8 & 0xFF, pvr & 0xFF),
    };
}
