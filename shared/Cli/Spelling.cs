namespace Suite.Cli;

/// <summary>Finds what a mistyped word may have meant.</summary>
public static class Spelling
{
    /// <summary>The candidate with the fewest edits, when these are few for the length of the word; else null.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        int limit = Math.Max(1, word.Length / 3);
        string? best = null;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            if (distance > limit || (best is not null && distance == limit))
                continue;
            best = candidate;
            limit = distance;
        }
        return best;
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements that make one word of the other.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
