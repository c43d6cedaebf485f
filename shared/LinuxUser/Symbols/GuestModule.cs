using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Symbols;

/// <summary>One ELF image in guest memory: a file's mapping or the vDSO. What is read from the file is read when first asked for.</summary>
public sealed class GuestModule
{
    private readonly ElfView? _view;
    private readonly Func<SymbolTable> _read;
    private SymbolTable? _symbols;
    private bool _framesKnown;
    private CallFrameTable? _frames;

    internal GuestModule(string path, ulong bias, ulong start, ElfView? view, Func<SymbolTable> read)
    {
        (Path, Bias, Start, _view, _read) = (path, bias, start, view, read);
    }

    /// <summary>The mapping's name: a path, or [vdso].</summary>
    public string Path { get; }

    /// <summary>The last part of <see cref="Path"/>.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>What is added to addresses in the file to get guest addresses.</summary>
    public ulong Bias { get; }

    /// <summary>Guest address of the image's first byte.</summary>
    public ulong Start { get; }

    /// <summary>The function a guest address is in; null when the tables have none.</summary>
    public Symbol? Find(ulong address)
    {
        _symbols ??= _read();
        return _symbols.Find(address - Bias) is { } found ? new Symbol(found.Name, found.Start + Bias, found.Size) : null;
    }

    /// <summary>The image's headers; null when it is no ELF file.</summary>
    internal ElfView? View => _view;

    /// <summary>Where the image's unwinding information is; null when it has none.</summary>
    internal CallFrameTable? Frames(ElfTarget target)
    {
        if (!_framesKnown)
        {
            _framesKnown = true;
            _frames = _view is null ? null : CallFrameTable.Of(_view, Bias, target);
        }

        return _frames;
    }
}
