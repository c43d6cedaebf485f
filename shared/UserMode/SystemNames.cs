using Suite.Cli;

namespace Suite.UserMode;

/// <summary>
/// The packages install each tool under the name of its system emulator too (qemu-system-ppc, qemu-kvm). Machines are not part of the suite yet, and
/// a virtual machine's command line must not be taken for a user program's.
/// </summary>
internal static class SystemNames
{
    /// <summary>What to say when the tool was called by such a name; null when it was not.</summary>
    public static string? Refusal()
    {
        string called = Environment.GetCommandLineArgs()[0];
        ReadOnlySpan<char> name = called.AsSpan(called.LastIndexOf('/') + 1);
        if (!name.StartsWith("qemu-system-") && name is not ("qemu-kvm" or "kvm"))
            return null;
        string target = name.StartsWith("qemu-system-") ? name["qemu-system-".Length..].ToString() : "x86_64";
        return ToolErrors.Text(name.ToString(), $"this version of the suite ({UserHelp.VersionNumber}) has no machines: neither boards, devices and firmware nor the kernel's accelerator (KVM)",
            $"qemu-{target} PROGRAM runs single Linux programs; for a whole machine install a version of the suite that has them, or your distribution's QEMU");
    }
}
