namespace Suite.Guest.X86.Cpu;

/// <summary>Guesses what a mistyped name was meant to be.</summary>
internal static class NearestName
{
    /// <summary><c> (did you mean 'NAME'?)</c>, or nothing if no candidate is near.</summary>
    public static string Suggest(string typed, IEnumerable<string> candidates)
    {
        string? best = null;
        int least = Math.Max(2, typed.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int distance = Distance(typed, candidate);
            if (distance < least)
                (best, least) = (candidate, distance);
        }
        return best is null ? "" : $" (did you mean '{best}'?)";
    }

    // Levenshtein's distance, one row at a time; case does not count.
    private static int Distance(string a, string b)
    {
        // A model or feature name is short; what is not one need not be compared to the end.
        const int longest = 64;
        if (a.Length > longest)
            return int.MaxValue;
        Span<int> row = stackalloc int[longest + 1];
        for (int i = 0; i <= a.Length; i++)
            row[i] = i;
        foreach (char letter in b)
        {
            int diagonal = row[0]++;
            for (int i = 1; i <= a.Length; i++)
            {
                int cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(letter) ? diagonal : diagonal + 1;
                diagonal = row[i];
                row[i] = Math.Min(cost, Math.Min(row[i], row[i - 1]) + 1);
            }
        }
        return row[a.Length];
    }
}
