using EdgeMesh.Cli.Demo;

namespace EdgeMesh.Cli.Tests.Demo;

public sealed class DemoStoryTests
{
    [Theory]
    [InlineData("consent", "start,load,denied,consent")]
    [InlineData("tamper,stale-update", "start,load,stale-update,tamper")]
    [InlineData("start", "start")]
    [InlineData("cut-link", "start,load,denied,consent,cut-link")]
    public void Select_SomeSteps_BringsThoseThatTheyGoOnWith(string asked, string told) =>
        Assert.Equal(told, string.Join(',', DemoStory.Select(asked.Split(',')).Select(s => s.Name)));

    [Fact]
    public void Select_All_IsTheStory() => Assert.Equal(DemoStory.All, DemoStory.Select([.. DemoStory.All.Select(s => s.Name)]));

    [Fact]
    public void After_EveryStep_IsAnEarlierOne() => Assert.All(DemoStory.All.Index(), s => Assert.True(
        s.Item.After is null || DemoStory.All.Take(s.Index).Any(e => e.Name == s.Item.After), s.Item.Name));
}
