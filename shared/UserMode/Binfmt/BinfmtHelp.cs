using System.Text;
using Suite.Cli;

namespace Suite.UserMode.Binfmt;

/// <summary>The text of <c>--binfmt help</c>.</summary>
internal static class BinfmtHelp
{
    public static string Text(string tool)
    {
        StringBuilder text = new($"usage: {tool} --binfmt install|status|verify|remove|print [--all] [FLAGS] [options]\n");
        text.Append("Has the kernel (binfmt_misc) start this tool for programs of its target, so that they can be run by their name.\n\n");
        foreach ((string verb, string meaning) in BinfmtVerbs.All)
            text.Append($"  {verb,-9} {meaning}\n");
        text.Append('\n');
        foreach ((string option, string? value, string meaning) in BinfmtVerbs.Options)
            text.Append($"  {option + (value is null ? "" : " " + value),-19} {meaning}\n");
        return text.Append(Flags).ToString();
    }

    private const string Flags = """

        Flags, and when to choose them:
          F  the kernel opens the tool now and keeps it open. Programs run in containers and chroots that do not contain the tool: it is
             static and needs no other file. A new version of the tool is used only after 'install' was run again.
          P  argv[0] is kept as the caller gave it, instead of being the program's path. Busybox and login shells need it. Linux 5.12.
          O  the kernel opens the program and hands it over open. Programs that may be executed but not read can be run.
          C  set-user-id programs get their owner's rights, as natively; implies O. The emulator then runs with these rights: choose it only
             where every user may be trusted with that, or where sudo or ping of the target must work. The QEMU_* variables are ignored
             in such a run. Without C, such programs run with the caller's rights.

        """;
}
