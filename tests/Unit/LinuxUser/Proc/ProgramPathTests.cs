using Suite.LinuxUser.Proc;
using Xunit;

namespace Suite.Tests.LinuxUser.Proc;

/// <summary>The path of a program is what the kernel would say, though the kernel is asked only where the path it was opened by does not tell.</summary>
public sealed class ProgramPathTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("suite-path-");

    private string Target => Path.Combine(_directory.FullName, "target");

    [Fact]
    public void Links_on_the_way_are_followed()
    {
        File.WriteAllText(Target, "x");
        string link = Path.Combine(_directory.FullName, "link"), folder = Path.Combine(_directory.FullName, "folder");
        File.CreateSymbolicLink(link, "target");
        Directory.CreateSymbolicLink(folder, ".");
        Expect(Target, Target, link, folder + "/./link", folder + "//folder/../target");
    }

    [Fact]
    public void Another_file_behind_the_path_is_not_taken()
    {
        File.WriteAllText(Target, "x");
        string moved = Path.Combine(_directory.FullName, "moved");
        using FileStream open = File.OpenRead(Target);
        File.Move(Target, moved);
        File.WriteAllText(Target, "y");
        Assert.Equal(moved, HostFile.PathOf(Number(open), Target));
        File.Delete(moved);
        Assert.Equal(moved + " (deleted)", HostFile.PathOf(Number(open), Target));
    }

    [Fact]
    public void Paths_of_descriptors_lead_to_the_file()
    {
        File.WriteAllText(Target, "x");
        using FileStream open = File.OpenRead(Target);
        Expect(Target, $"/proc/self/fd/{Number(open)}", $"/dev/fd/{Number(open)}");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static int Number(FileStream file) => (int)file.SafeFileHandle.DangerousGetHandle();

    private void Expect(string path, params string[] openedAs)
    {
        foreach (string way in openedAs)
        {
            using FileStream open = File.OpenRead(way);
            Assert.Equal(path, HostFile.PathOf(Number(open), way));
        }
    }
}
