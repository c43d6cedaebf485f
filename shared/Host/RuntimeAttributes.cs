namespace System.Runtime;

/// <summary>Gives a method a name that native code can call without a change of the collector's mode; known to the compiler by name.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeExportAttribute(string entry) : Attribute
{
    public string Entry { get; } = entry;
}

/// <summary>A native function called without a change of the collector's mode; known to the compiler by name.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeImportAttribute(string library, string entry) : Attribute
{
    public string Library { get; } = library;

    public string Entry { get; } = entry;
}
