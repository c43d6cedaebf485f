namespace Suite.Jit;

/// <summary>How an engine is to work; fixed for its life.</summary>
public sealed record EngineOptions
{
    /// <summary>Bytes of code cache (both halves).</summary>
    public int CodeBytes { get; init; } = 192 << 20;

    /// <summary>Every block is one instruction (-one-insn-per-tb).</summary>
    public bool OneInsnPerBlock { get; init; }

    /// <summary>Jumps are never linked, so that every block entry is seen (-d exec, -d nochain).</summary>
    public bool NoChain { get; init; }

    /// <summary>How often code is entered before it is translated, where the translator has a first tier; 0 for at once, as whenever blocks are observed.</summary>
    public int ColdEntries { get; init; } = 8;

    /// <summary>What is translated, and when blocks are entered, is to be seen from outside: nothing is done ahead or in another tier.</summary>
    public bool IsObserved => NoChain || OneInsnPerBlock || Listener is not null;

    /// <summary>Told about each translation (-d in_asm, out_asm); null for none.</summary>
    public ITranslationListener? Listener { get; init; }
}

/// <summary>Receives what the engine does, for -d.</summary>
public unsafe interface ITranslationListener
{
    /// <summary>A block was translated: guest bytes at pc, host bytes where they will run.</summary>
    void Translated(ulong pc, ReadOnlySpan<byte> guest, byte* host, int hostLength);

    /// <summary>A block is about to run; called only with <see cref="EngineOptions.NoChain"/>.</summary>
    void Executing(ulong pc, byte* host);
}
