using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("-1s", -1)]
    [InlineData("1.5h", 5400)]
    [InlineData("20", 20)]
    [InlineData("1m0.5s", 60.5)]
    public void TryParse_Durations_AreGos(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("1x")]
    [InlineData("h")]
    [InlineData("-")]
    [InlineData("99999999999999h")]
    public void TryParse_Others_AreRefused(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
