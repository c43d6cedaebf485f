namespace Suite.UserMode.Binfmt;

/// <summary>The text of <c>--binfmt help</c>.</summary>
internal static class BinfmtHelp
{
    public static string Text(string tool) => $"""
        usage: {tool} --binfmt install|status|verify|remove|print [--all] [FLAGS] [options]
        Has the kernel (binfmt_misc) start this tool for programs of its target, so that they can be run by their name.

          install   registers; with --persistent also for the next starts of the system (systemd's binfmt.d, Debian's update-binfmts)
          status    says what is registered, by whom, and who else takes the same programs; exit status 1 when this tool is not
          verify    has the kernel run a tiny program of the target and says what is so: argv[0], chroot, credentials
          remove    removes this tool's registration, and no other
          print     prints the line that install gives to the kernel

          --all               for every tool of the suite beside this one
          --flags FLAGS       or just the letters: 'install OF'. Default {BinfmtRequest.DefaultFlags}; 'none' for none
          --persistent        see install
          --name NAME         name of the entry (default: the tool's)
          --interpreter PATH  path to register (default: this file)
          --force             registers qemu-x86_64 on this host although its own programs would be caught

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
