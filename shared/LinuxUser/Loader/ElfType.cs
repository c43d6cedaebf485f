namespace Suite.LinuxUser.Loader;

/// <summary>e_type values.</summary>
public static class ElfType
{
    public const ushort None = 0;
    public const ushort Relocatable = 1;
    public const ushort Executable = 2;
    public const ushort Dynamic = 3;
    public const ushort Core = 4;
}
