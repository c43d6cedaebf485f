namespace Suite.Cli;

/// <summary>The text of <c>-strace=help</c>; what the words mean is Suite.LinuxUser.Strace.StraceSettings' business.</summary>
internal static class StraceHelp
{
    public const string Text = """
        -strace alone prints every system call. -strace=WORD[,WORD...] (repeatable) changes that:
          json                 one JSON object a line
          summary              instead of the calls a table of counts, times and errors when a process ends
          calls                the calls as well as the table
          durations            how long each call took, in seconds (strace -T)
          stamps               the time of day in front of each line (strace -tt)
          sort=time|calls|errors|name   order of the table
          trace=SET            only these calls (strace -e trace=SET): names, '*' in names, classes, all, none; '!' in front of the
                               set negates it, '!' in front of a later word removes that word from it
                               classes: %file %desc %process %network %signal %ipc %memory %creds %clock %stat %statfs
          signal=SET           only these signals, as in signal=SEGV,CHLD or signal=!CHLD or signal=none
          status=SET           only calls that were successful, failed or unfinished
          path=PATH            only calls on this file (a PATH that ends in '/' stands for all below it)
          fd=N[,N...]          only calls on these descriptors
        A word that is none of these is taken as a call: -strace=open,read.

        """;
}
