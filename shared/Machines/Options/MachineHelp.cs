using System.Text;

namespace Suite.Machines.Options;

/// <summary>Help, manual page and completion scripts of the machine tools, made from the option table.</summary>
public static class MachineHelp
{
    /// <summary>The text of -h.</summary>
    public static string Text(string tool)
    {
        StringBuilder text = new($"usage: {tool} [options] [disk_image]\nRuns a whole machine; 'disk_image' is its first hard disk.\n");
        foreach (IGrouping<string, MachineOption> group in MachineOptionTable.All.GroupBy(o => o.Group))
        {
            text.Append($"\n{group.Key}:\n");
            foreach (MachineOption option in group)
                for (int i = 0; i < option.Names.Length; i++)
                    text.Append($"{Left(option, i),-38}{(i == 0 ? option.Description : $"the same as {option.Name}")}\n");
        }

        return text.Append("\nIn values of the form a=b,c=d a comma is written twice to stand for itself.\n").ToString();
    }

    /// <summary>The manual page, in roff.</summary>
    public static string Manual(string tool)
    {
        StringBuilder text = new($".TH {tool.ToUpperInvariant()} 1\n.SH NAME\n{Escape(tool)} \\- run a whole machine\n.SH SYNOPSIS\n.B {Escape(tool)}\n[\\fIoptions\\fR] [\\fIdisk_image\\fR]\n");
        text.Append(".SH DESCRIPTION\nEmulates a computer: processors, memory, disks, network and display. Options have QEMU's syntax.\n.SH OPTIONS\n");
        foreach (MachineOption option in MachineOptionTable.All)
            text.Append($".TP\n.B {Escape(string.Join(", ", option.Names.Select((_, i) => Left(option, i))))}\n{Escape(char.ToUpperInvariant(option.Description[0]) + option.Description[1..])}.\n");
        return text.Append(".SH EXIT STATUS\n0 when the guest powers off, 1 when the command line or the surroundings are wrong; isa-debug-exit and -exit-on choose others.\n").ToString();
    }

    /// <summary>A completion script.</summary>
    /// <exception cref="OptionException">No such shell.</exception>
    public static string Completion(string tool, string shell)
    {
        string words = string.Join(' ', MachineOptionTable.All.SelectMany(o => o.Names));
        string function = "_" + tool.Replace('-', '_');
        return shell switch
        {
            "bash" => $"{function}() {{\n    local cur=${{COMP_WORDS[COMP_CWORD]}}\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '{words}' -- \"$cur\")); else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}}\ncomplete -o filenames -F {function} {tool}\n",
            "zsh" => $"#compdef {tool}\n_arguments {string.Join(' ', MachineOptionTable.All.SelectMany(o => o.Names.Select(n => $"'{n}[{o.Description.Replace("'", "", StringComparison.Ordinal).Replace("[", "(", StringComparison.Ordinal).Replace("]", ")", StringComparison.Ordinal)}]{(o.ValueName is null ? "" : ":value:_files")}'")))} '*:disk image:_files'\n",
            "fish" => string.Concat(MachineOptionTable.All.SelectMany(o => o.Names.Select(n => $"complete -c {tool} -o {n[1..]}{(o.ValueName is null ? "" : " -r")} -d '{o.Description.Replace("'", "", StringComparison.Ordinal)}'\n"))),
            _ => throw new OptionException($"-completion: there is no script for '{shell}'", "bash, zsh or fish"),
        };
    }

    private static string Left(MachineOption option, int name) => option.ValueName is null ? option.Names[name] : $"{option.Names[name]} {option.ValueName}";

    private static string Escape(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal);
}
