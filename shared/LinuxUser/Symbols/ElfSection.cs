namespace Suite.LinuxUser.Symbols;

/// <summary>An entry of an ELF section table (System V gABI, chapter 4). Address is the one in the file, before any load bias.</summary>
internal readonly record struct ElfSection(string Name, uint Type, ulong Flags, ulong Address, ulong Offset, ulong Size, int Link, ulong EntrySize)
{
    public const uint SymbolTable = 2, NoBits = 8, DynamicSymbols = 11;

    public const ulong Compressed = 0x800;
}
