using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>One line for each call path, its frames joined by semicolons, and the samples: what flame graph tools read.</summary>
internal static class FoldedStacks
{
    public static string Write(ProfileData data)
    {
        StringBuilder text = new();
        foreach ((string thread, ProfileNode<string> root) in data.Threads)
            ProfileData.Visit(root, (path, samples) =>
            {
                text.Append(thread);
                foreach (string frame in path)
                    text.Append(';').Append(frame.Replace(';', ':'));
                text.Append(CultureInfo.InvariantCulture, $" {samples}\n");
            });
        return text.ToString();
    }
}
