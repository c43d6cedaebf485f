using System.Reflection;
using Xunit.Sdk;

namespace Suite.EndToEnd;

/// <summary>The scripts of <c>tests/Guests/programs</c> whose <c># needs:</c> programs are all on this machine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ScriptDataAttribute : DataAttribute
{
    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
        Script.All().Where(s => s.Missing.Count == 0).Select(s => new object[] { s.Name });
}

/// <summary>Stands for the scripts that cannot run here: one skipped case that names each and what it lacks, or nothing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MissingScriptDataAttribute : DataAttribute
{
    /// <summary>Looks at the machine once, since a skip reason has to be known when tests are listed.</summary>
    public MissingScriptDataAttribute()
    {
        string reasons = string.Join("; ", Script.All().Where(s => s.Missing.Count > 0).Select(s => $"{s.Name} needs {string.Join(' ', s.Missing)}"));
        if (reasons.Length > 0)
            Skip = $"not on this machine: {reasons}";
    }

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [];
}
