using EdgeMesh.Cli.Bench;

namespace EdgeMesh.Cli.Tests.Bench;

public sealed class BareServiceTests
{
    [Fact]
    public async Task Start_AnswersWithWhatComes_OverTls()
    {
        using var bare = await BareService.StartAsync(TestContext.Current.CancellationToken);
        using var body = new ByteArrayContent([1, 2, 3]);

        using var answer = await bare.Client.PostAsync("/", body, TestContext.Current.CancellationToken);

        Assert.Equal(Uri.UriSchemeHttps, bare.Client.BaseAddress!.Scheme);
        Assert.Equal([1, 2, 3], await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
