namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>The file format of speedscope (https://www.speedscope.app/file-format-schema.json): one sampled profile for each thread.</summary>
internal static class Speedscope
{
    public static string Write(ProfileData data)
    {
        Dictionary<string, int> frames = [];
        List<string> names = [];
        int IndexOf(string frame)
        {
            if (!frames.TryGetValue(frame, out int index))
            {
                frames[frame] = index = names.Count;
                names.Add(frame);
            }

            return index;
        }

        List<(string Name, List<int[]> Stacks, List<long> Weights)> threads = [];
        foreach ((string thread, ProfileNode<string> root) in data.Threads)
        {
            List<int[]> stacks = [];
            List<long> weights = [];
            ProfileData.Visit(root, (path, samples) =>
            {
                stacks.Add([.. path.Select(IndexOf)]);
                weights.Add(samples);
            });
            threads.Add((thread, stacks, weights));
        }

        long microseconds = 1_000_000 / data.Rate;
        JsonBuilder j = new();
        j.Object().Text("$schema", "https://www.speedscope.app/file-format-schema.json").Text("name", Path.GetFileName(data.Program)).Text("exporter", data.Tool);
        j.Number("activeProfileIndex", 0).Object("shared").Array("frames");
        foreach (string name in names)
            j.Object().Text("name", name).EndObject();
        j.EndArray().EndObject().Array("profiles");
        foreach ((string name, List<int[]> stacks, List<long> weights) in threads)
        {
            j.Object().Text("type", "sampled").Text("name", name).Text("unit", "microseconds").Number("startValue", 0).Number("endValue", weights.Sum() * microseconds);
            j.Array("samples");
            foreach (int[] stack in stacks)
            {
                j.Array();
                foreach (int frame in stack)
                    j.Number(null, frame);
                j.EndArray();
            }

            j.EndArray().Array("weights");
            foreach (long weight in weights)
                j.Number(null, weight * microseconds);
            j.EndArray().EndObject();
        }

        return j.EndArray().EndObject() + "\n";
    }
}
