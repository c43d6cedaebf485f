namespace Suite.Jit;

/// <summary>What fills the code cache: the re-encoder for x86 guests, the compiler for others.</summary>
public unsafe interface ITranslator
{
    /// <summary>Fixed for the life of an engine.</summary>
    TranslatorTraits Traits { get; }

    /// <summary>
    /// Translates a straight piece of guest code. <paramref name="code"/> holds the bytes from <paramref name="pc"/> on,
    /// <paramref name="available"/> of which may be executed (at least one).
    /// </summary>
    /// <returns>False when not even the first instruction is complete within the available bytes: a fetch fault behind them.</returns>
    bool Translate(ulong pc, byte* code, int available, BlockBuilder block);

    /// <summary>Puts back what a sequence borrowed when it faulted or was stopped before its end.</summary>
    void Unborrow(ref Runtime.VcpuState state, Runtime.InsnKind kind);

    /// <summary>A first tier for code that is not worth a translation yet; null for none.</summary>
    IColdRunner? CreateColdRunner(Runtime.Stubs stubs) => null;
}

/// <summary>Where guest code comes from, and who is told that it was translated.</summary>
public unsafe interface ICodeSource
{
    /// <summary>
    /// Copies guest code to <paramref name="into"/>, after making sure that a later write to these pages is noticed.
    /// </summary>
    /// <param name="allowProtect">False for pages whose blocks check their bytes themselves.</param>
    /// <param name="canProtect">False when writes to the page cannot be noticed by protection (another mapping of the same file is writable).</param>
    /// <returns>Bytes copied; 0 when the address cannot be executed.</returns>
    int Fetch(ulong pc, byte* into, int max, bool allowProtect, out bool canProtect);

    /// <summary>Whether the page of an address may be executed. The engine hears of changes (<see cref="Engine.Invalidate"/>).</summary>
    bool IsExecutable(ulong pc);
}
