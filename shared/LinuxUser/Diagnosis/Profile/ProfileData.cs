namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>A finished profile: call paths by function name, for each thread.</summary>
internal sealed class ProfileData
{
    public required string Tool { get; init; }

    /// <summary>Path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Samples a second.</summary>
    public required int Rate { get; init; }

    public List<(string Name, ProfileNode<string> Root)> Threads { get; } = [];

    /// <summary>All samples.</summary>
    public long Total => Threads.Sum(t => t.Root.Total);

    /// <summary>Calls <paramref name="visit"/> for each call path that samples ended in, with the frames from the outermost on.</summary>
    public static void Visit(ProfileNode<string> root, Action<IReadOnlyList<string>, long> visit) => Visit(root, [], visit);

    private static void Visit(ProfileNode<string> node, List<string> path, Action<IReadOnlyList<string>, long> visit)
    {
        if (node.Self > 0)
            visit(path, node.Self);
        foreach ((string frame, ProfileNode<string> callee) in node.Callees)
        {
            path.Add(frame);
            Visit(callee, path, visit);
            path.RemoveAt(path.Count - 1);
        }
    }
}
