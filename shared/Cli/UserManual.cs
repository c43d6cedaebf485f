using System.Text;

namespace Suite.Cli;

/// <summary>The manual page of a user-mode tool, in the man macros of groff (man(7)), made from the option table.</summary>
internal static class UserManual
{
    /// <summary>The page for section 1.</summary>
    /// <param name="tool">Name of the tool.</param>
    public static string Text(string tool)
    {
        StringBuilder page = new();
        page.Append($".TH {tool.ToUpperInvariant()} 1 \"\" \"{UserHelp.VersionNumber}\" \"User Commands\"\n");
        page.Append($".SH NAME\n{Escape(tool)} \\- run Linux programs of another machine, or of this one, under emulation\n");
        page.Append($".SH SYNOPSIS\n.B {Escape(tool)}\n[\\fIoptions\\fR] \\fIprogram\\fR [\\fIarguments\\fR...]\n.br\n.B {Escape(tool)} \\-\\-binfmt\n\\fIverb\\fR [\\fIoptions\\fR]\n");
        page.Append(".SH DESCRIPTION\n");
        page.Append("Runs one program and whatever it executes. The program's system calls are this system's; its files, processes and users are the real ones.\n");
        page.Append("A program without a slash in its name is looked for in the current folder and then in $PATH.\n");
        page.Append("Options end at the first word without a dash, or at \\-\\-. Each is also taken with two dashes, and a value may be joined with an equals sign.\n");
        page.Append("The command line wins over an environment variable.\n");
        page.Append(".SH OPTIONS\n");
        foreach (UserOption option in UserOptionTable.All)
            page.Append($".TP\n{string.Join(", ", option.Names.Select(n => Spelled(option, n)))}\n{Sentence(option.Description)}\n");
        page.Append(".SH TRACING\nWords of \\fB\\-strace=\\fR, separated by commas:\n.PP\n.EX\n").Append(Escape(StraceHelp.Text.TrimEnd('\n'))).Append("\n.EE\n");
        page.Append(".SH BINFMT_MISC\n");
        foreach ((string verb, string meaning) in BinfmtVerbs.All)
            page.Append($".TP\n\\fB\\-\\-binfmt {verb}\\fR\n{Sentence(meaning)}\n");
        page.Append(".SH ENVIRONMENT\n");
        foreach (UserOption option in UserOptionTable.All.Where(o => o.Variables.Length > 0))
            page.Append($".TP\n.B {string.Join(", ", option.Variables)}\nThe same as {Spelled(option, option.Name)}.\n");
        page.Append(".SH EXIT STATUS\nThat of the program; a program that a signal ends ends the tool by the same signal.\n");
        page.Append("1: the command line or a variable is wrong. 126: the program cannot be executed. 127: the program, or its ELF interpreter, was not found.\n");
        page.Append(".SH SEE ALSO\n.BR strace (1),\n.BR gdb (1),\n.BR binfmt.d (5),\n.BR update\\-binfmts (8)\n.PP\nThe manual: /usr/share/doc/qemu\\-common/\n");
        return page.ToString();
    }

    private static string Spelled(UserOption option, string name)
    {
        string text = $"\\fB{Escape(name)}\\fR";
        return option.ValueName is null ? text : option.ValueIsOptional ? $"{text}[=\\fI{Escape(option.ValueName)}\\fR]" : $"{text} \\fI{Escape(option.ValueName)}\\fR";
    }

    private static string Sentence(string text) => Escape(char.ToUpperInvariant(text[0]) + text[1..]) + ".";

    // A dash is a hyphen to groff, and a dot or an apostrophe in front of a line a request.
    private static string Escape(string text) =>
        string.Join('\n', text.Replace("\\", "\\e").Replace("-", "\\-").Split('\n').Select(l => l.StartsWith('.') || l.StartsWith('\'') ? "\\&" + l : l));
}
