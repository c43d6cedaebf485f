using System.Text.Json;
using System.Xml.Linq;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Diagnosis.Profile;

namespace Suite.Tests.LinuxUser.Diagnosis;

public sealed class ProfileFilesTests
{
    [Fact]
    public void Folded_stacks_have_a_line_for_each_path() => Assert.Equal("thread 1;main 1\nthread 1;main;op<T>& 3\n", FoldedStacks.Write(Data()));

    [Fact]
    public void A_flame_graph_escapes_names_and_shows_shares()
    {
        XDocument svg = XDocument.Parse(FlameGraph.Write(Data()));
        string[] titles = [.. svg.Descendants(XName.Get("title", "http://www.w3.org/2000/svg")).Select(t => t.Value)];
        Assert.Equal(["all: 4 samples, 100 %; in itself 0", "main: 4 samples, 100 %; in itself 1", "op<T>&: 3 samples, 75 %; in itself 3"], titles);
    }

    [Fact]
    public void Speedscope_refers_to_its_frames()
    {
        JsonElement root = JsonDocument.Parse(Speedscope.Write(Data())).RootElement;
        Assert.Equal(["main", "op<T>&"], root.GetProperty("shared").GetProperty("frames").EnumerateArray().Select(f => f.GetProperty("name").GetString()));
        Assert.Equal("[[0],[0,1]]", root.GetProperty("profiles")[0].GetProperty("samples").GetRawText());
        Assert.Equal("[1000,3000]", root.GetProperty("profiles")[0].GetProperty("weights").GetRawText());
    }

    [Fact]
    public void The_checksum_is_that_of_gzip() => Assert.Equal(0xCBF43926u, Crc32.Of("123456789"u8));

    [Fact]
    public void Json_escapes_what_it_must() =>
        Assert.Equal("""{"a\"b":"\\\n\u0001\udc80","n":-1}""", new JsonBuilder().Object().Text("a\"b", "\\\n\u0001\udc80").Number("n", -1).EndObject().ToString());

    private static ProfileData Data()
    {
        ProfileNode<string> root = new();
        root.Call("main").Self = 1;
        root.Call("main").Call("op<T>&").Self = 3;
        root.Sum();
        ProfileData data = new() { Tool = "qemu-ppc", Program = "/bin/x", Rate = 1000 };
        data.Threads.Add(("thread 1", root));
        return data;
    }
}
