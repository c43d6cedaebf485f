using Suite.Guest.X86.Cpu;
using Suite.Machines.Options;

namespace Suite.Machines.X86.Command;

/// <summary>What the x86 tools can list.</summary>
internal sealed class X86Lists(X86ToolKind kind) : IMachineLists
{
    public string ToolName => kind.Name;

    public string Machines() => "Supported machines are:\n" + string.Concat(X86Boards.All.Select(b => $"{b.Name,-20} {b.Description}{(b == X86Boards.All[0] ? " (default)" : "")}\n"));

    public string Cpus()
    {
        StringWriter text = new();
        CpuModel.WriteHelp(text, kind.Is64);
        return text.ToString();
    }

    public string Accelerators() => """
        Accelerators:
        kvm            the kernel's, by /dev/kvm; kernel-irqchip=on|split|off
        translation    code is translated (tcg is the same)
        kvm:translation tries them in this order

        """;

    public string Devices() => X86Catalogue.Create().Help();

    public string NetworkCards() => "Supported NIC models:\n" + string.Concat(X86Catalogue.Create().Rows.Where(r => r.Category == "Network").Select(r => $"{r.Name}\n"));

    public string Device(string name) => X86Catalogue.Create().Help(name);
}
