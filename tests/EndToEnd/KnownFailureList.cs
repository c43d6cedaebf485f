namespace Suite.EndToEnd;

/// <summary>The list of known failures names tests that exist, each with a reason.</summary>
public sealed class KnownFailureList
{
    [Fact]
    public void Names_exist()
    {
        HashSet<string> all =
        [
            .. GuestTarget.All.SelectMany(t => t.Sources().Keys.Select(n => $"{t.Name}/{n}")),
            .. Script.All().Select(s => $"programs/{s.Name}"),
        ];
        Assert.Subset(all, KnownFailures.Names.ToHashSet());
    }

    [Fact]
    public void A_line_without_a_reason_is_refused()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("list");
        File.WriteAllText(path, "# comment\nx86_64/one  # because\n");
        Assert.Equal("because", KnownFailures.Read(path)["x86_64/one"]);
        File.WriteAllText(path, "x86_64/one\n");
        Assert.Throws<InvalidDataException>(() => KnownFailures.Read(path));
    }
}
