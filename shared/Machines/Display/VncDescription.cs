using Suite.Host;

namespace Suite.Machines.Display;

/// <summary>A VNC server, for monitors.</summary>
/// <param name="Endpoint">Where it listens.</param>
/// <param name="Auth">none or vnc.</param>
/// <param name="Clients">Who is connected.</param>
public sealed record VncDescription(HostEndpoint Endpoint, string Auth, IReadOnlyList<HostEndpoint> Clients);
