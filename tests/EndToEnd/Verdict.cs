using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Turns an outcome into a test result, through the list of known failures.</summary>
internal static class Verdict
{
    /// <summary>Fails the test unless the outcome is the expected one.</summary>
    public static void Check(string name, string? failure, ITestOutputHelper log)
    {
        if (failure is not null)
            log.WriteLine($"{name}: {failure}");
        if (KnownFailures.Judge(name, failure) is { } wrong)
            Assert.Fail($"{name}: {wrong}");
    }
}
