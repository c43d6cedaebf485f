namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>What the user wants of the profiler (-profile).</summary>
/// <param name="Path">The file; its extension chooses the format: svg, json (speedscope), pb.gz (pprof), folded.</param>
/// <param name="Rate">Samples a second of processor time.</param>
/// <param name="IsFirst">This is the process the user started, which writes the file of that name; others add to the name.</param>
public sealed record ProfileSettings(string Path, int Rate, bool IsFirst);
