namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>A call path: what was called from where, by address or by name.</summary>
/// <typeparam name="TKey">What names a frame.</typeparam>
internal sealed class ProfileNode<TKey>
    where TKey : notnull
{
    /// <summary>Samples that ended here.</summary>
    public long Self { get; set; }

    /// <summary>Samples that ended here or further in. Known once <see cref="Sum"/> was called.</summary>
    public long Total { get; private set; }

    public Dictionary<TKey, ProfileNode<TKey>> Callees { get; } = [];

    /// <summary>The node for a frame called from this one.</summary>
    public ProfileNode<TKey> Call(TKey frame)
    {
        if (!Callees.TryGetValue(frame, out ProfileNode<TKey>? node))
            Callees[frame] = node = new ProfileNode<TKey>();
        return node;
    }

    /// <summary>Adds up <see cref="Total"/> of this node and all below.</summary>
    public long Sum()
    {
        Total = Self;
        foreach (ProfileNode<TKey> callee in Callees.Values)
            Total += callee.Sum();
        return Total;
    }
}
