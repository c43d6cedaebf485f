using Suite.Host.Diagnostics;

namespace Suite.Tests.Cli;

public sealed class LoggingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("suite-log").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void No_items_no_log() => Assert.Null(Logging.Create(LogItems.None, Path.Combine(_folder, "x")));

    [Fact]
    public void Lines_arrive_as_written_and_the_file_starts_empty()
    {
        string path = Path.Combine(_folder, "log");
        File.WriteAllText(path, "old\n");
        using LogSink log = Logging.Create(LogItems.Exec | LogItems.Int, path)!;
        log.Line("a {Brace} \"quoted\" {0}");
        log.Line("two\nlines");
        Assert.Equal("a {Brace} \"quoted\" {0}\ntwo\nlines\n", File.ReadAllText(path));
        Assert.True(log.On(LogItems.Exec) && log.On(LogItems.Int | LogItems.Page));
        Assert.False(log.On(LogItems.Page));
    }

    [Fact]
    public void An_emulator_started_by_exec_appends()
    {
        string path = Path.Combine(_folder, "log");
        using (LogSink log = Logging.Create(LogItems.Exec, path)!)
            log.Line("one");
        using (LogSink log = Logging.Create(LogItems.Exec, path, append: true)!)
            log.Line("two");
        Assert.Equal("one\ntwo\n", File.ReadAllText(path));
    }

    [Fact]
    public void The_process_id_goes_into_the_name()
    {
        using LogSink log = Logging.Create(LogItems.Exec, Path.Combine(_folder, "log.%d"))!;
        Assert.True(File.Exists(Path.Combine(_folder, $"log.{Environment.ProcessId}")));
    }

    [Fact]
    public void Threads_do_not_mix_their_lines()
    {
        string path = Path.Combine(_folder, "log");
        using LogSink log = Logging.Create(LogItems.Exec, path)!;
        Parallel.For(0, 4, i =>
        {
            for (int n = 0; n < 200; n++)
                log.Line(new string((char)('a' + i), 100));
        });
        string[] lines = File.ReadAllLines(path);
        Assert.Equal(800, lines.Length);
        Assert.All(lines, line => Assert.True(line.Length == 100 && line.All(c => c == line[0])));
    }

    [Fact]
    public void Each_thread_has_its_file_with_tid()
    {
        using LogSink log = Logging.Create(LogItems.Exec | LogItems.Tid, Path.Combine(_folder, "log.%d"))!;
        log.Line("first");
        Thread second = new(() => log.Line("second"));
        second.Start();
        second.Join();
        Assert.Equal(["first\n", "second\n"], Directory.GetFiles(_folder).Select(File.ReadAllText).Order());
    }

    [Fact]
    public void Tid_without_a_name_for_each_is_refused() =>
        Assert.Contains("%d", Assert.Throws<IOException>(() => Logging.Create(LogItems.Tid, "log")).Message);

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(_folder, "no", "log");
        Assert.Contains(path, Assert.Throws<IOException>(() => Logging.Create(LogItems.Exec, path)).Message);
    }
}
