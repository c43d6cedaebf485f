using CsCheck;
using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class GuestTextTests
{
    [Fact]
    public void Any_bytes_survive_the_way_through_a_string() =>
        Gen.Byte.Array[0, 40].Sample(bytes => GuestText.ToBytes(GuestText.FromBytes(bytes)).AsSpan().SequenceEqual(bytes));

    [Theory]
    [InlineData("plain/päth/日本/😀")]
    [InlineData("")]
    public void Valid_text_stays_text(string text) => Assert.Equal(text, GuestText.FromBytes(GuestText.ToBytes(text)));
}
