using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>A file system of names in memory.</summary>
internal sealed class FakeFiles : IFileOpener
{
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly Dictionary<string, int> _errors = [];

    public List<FakeFile> Opened { get; } = [];

    public FakeFiles Add(string path, byte[] content)
    {
        _files[path] = content;
        return this;
    }

    public FakeFiles Add(string path, string content) => Add(path, System.Text.Encoding.Latin1.GetBytes(content));

    public FakeFiles Refuse(string path, int errno)
    {
        _errors[path] = errno;
        return this;
    }

    public IProgramFile? Open(string path, out int errno)
    {
        if (!IsExecutable(path, out errno))
            return null;
        Opened.Add(new FakeFile(path, _files[path]));
        return Opened[^1];
    }

    public bool IsExecutable(string path, out int errno)
    {
        errno = _errors.TryGetValue(path, out int set) ? set : _files.ContainsKey(path) ? 0 : LoadErrno.ENOENT;
        return errno == 0;
    }

    public bool IsDirectory(string path) => false;
}
