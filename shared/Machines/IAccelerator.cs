namespace Suite.Machines;

/// <summary>What runs vCPUs: the translation, or the kernel. Boards and devices do not know which.</summary>
public interface IAccelerator : IDisposable
{
    /// <summary>"kvm" or "translation".</summary>
    string Name { get; }

    /// <summary>One line for `info kvm` and `info version`: what it is made of here.</summary>
    string Description { get; }
}
