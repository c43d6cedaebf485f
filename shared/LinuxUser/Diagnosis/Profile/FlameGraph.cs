using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>
/// A flame graph as one SVG file: a box for each function on a call path, as wide as the time spent in it and what it called; callers below. The whole
/// name and its share show when the pointer rests on a box; no script is needed.
/// </summary>
internal static class FlameGraph
{
    private const double Width = 1200, Margin = 10, RowHeight = 16, Smallest = 0.25, CharacterWidth = 6.7;
    private const int Header = 56;

    /// <summary>The file's text.</summary>
    public static string Write(ProfileData data)
    {
        ProfileNode<string> all = new();
        foreach ((string thread, ProfileNode<string> root) in data.Threads)
        {
            if (data.Threads.Count == 1)
                all = root;
            else
                all.Callees[thread] = root;
        }

        double total = Math.Max(all.Sum(), 1), scale = (Width - 2 * Margin) / total;
        int depth = Depth(all, scale);
        double height = Header + (depth + 1) * RowHeight + Margin;
        StringBuilder svg = new();
        string program = Escape(Path.GetFileName(data.Program));
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\">\n");
        svg.Append("<style>text{font:12px monospace;fill:#222;pointer-events:none} rect{stroke:#fff;stroke-width:.5} rect:hover{stroke:#000;stroke-width:1.5} .t{font-size:16px}</style>\n");
        svg.Append("<rect x=\"0\" y=\"0\" width=\"100%\" height=\"100%\" fill=\"#fdfdf5\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"t\" x=\"{Margin}\" y=\"24\">{program} under {Escape(data.Tool)}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Margin}\" y=\"42\">{all.Total} samples, {data.Rate} a second of processor time: {all.Total / (double)data.Rate:0.###} s</text>\n");
        Box(svg, "all", all, Margin, height - Margin - RowHeight, scale, total);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Box(StringBuilder svg, string name, ProfileNode<string> node, double x, double y, double scale, double total)
    {
        double width = node.Total * scale;
        if (width < Smallest)
            return;
        string text = Escape(name);
        svg.Append(CultureInfo.InvariantCulture, $"<g><title>{text}: {node.Total} samples, {100 * node.Total / total:0.##} %; in itself {node.Self}</title>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{RowHeight - 1}\" fill=\"{Colour(name)}\"/>");
        int room = (int)((width - 4) / CharacterWidth);
        if (room >= 3)
        {
            string shown = name.Length <= room ? name : name[..(room - 2)] + "..";
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 2:0.##}\" y=\"{y + RowHeight - 4.5:0.##}\">{Escape(shown)}</text>");
        }

        svg.Append("</g>\n");
        foreach ((string callee, ProfileNode<string> below) in node.Callees.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            Box(svg, callee, below, x, y - RowHeight, scale, total);
            x += below.Total * scale;
        }
    }

    private static int Depth(ProfileNode<string> node, double scale)
    {
        int deepest = 0;
        foreach (ProfileNode<string> callee in node.Callees.Values)
            if (callee.Total * scale >= Smallest)
                deepest = Math.Max(deepest, 1 + Depth(callee, scale));
        return deepest;
    }

    // The same for the same name: reds to yellows for functions, blue for what is not guest code.
    private static string Colour(string name)
    {
        uint hash = 2166136261;
        foreach (char c in name)
            hash = (hash ^ c) * 16777619;
        return name.StartsWith("[emulator", StringComparison.Ordinal) || name.StartsWith("[system", StringComparison.Ordinal)
            ? $"rgb({100 + hash % 40},{150 + hash / 64 % 40},{220 + hash / 4096 % 35})"
            : $"rgb({205 + hash % 50},{90 + hash / 64 % 130},{30 + hash / 4096 % 40})";
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (char c in text)
        {
            _ = c switch
            {
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '&' => escaped.Append("&amp;"),
                '"' => escaped.Append("&quot;"),
                < ' ' or (>= '\uD800' and <= '\uDFFF') or '\uFFFE' or '\uFFFF' => escaped.Append('?'),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
