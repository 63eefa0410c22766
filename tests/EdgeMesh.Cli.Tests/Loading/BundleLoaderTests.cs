using System.Collections.Concurrent;
using System.Net;
using EdgeMesh.Cli.Demo.Patients;
using EdgeMesh.Cli.Loading;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Cli.Tests.Loading;

public sealed class BundleLoaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Load_Folder_CountsWhatTheAnswersSay()
    {
        PatientGenerator.WriteFolder(folder.Path, seed: 1, count: 3);
        using var gateway = Gateway(_ => Answer(HttpStatusCode.OK, """{"resourceType":"Bundle","entry":[{"response":{"status":"201 Created"}},{"response":{"status":"200 OK"}}]}"""));

        var outcome = await Loader(gateway).LoadAsync(folder.Path, 2, (_, _) => { }, Cancellation);

        Assert.Equal((3, 3, 3, 0), (outcome.Bundles, outcome.Created, outcome.Existing, outcome.Retries));
        Assert.Equal(36, outcome.Resources);
        Assert.Empty(outcome.Failed);
    }

    [Fact]
    public async Task Load_ServerFailsOnce_SendsTheSameKeyAgain()
    {
        PatientGenerator.WriteFolder(folder.Path, seed: 1, count: 1);
        var keys = new ConcurrentQueue<string>();
        using var gateway = Gateway(request =>
        {
            keys.Enqueue(Assert.Single(request.Headers.GetValues("Idempotency-Key")));
            return keys.Count switch
            {
                1 => throw new HttpRequestException("connection lost"),
                2 => Answer(HttpStatusCode.ServiceUnavailable, "{}"),
                _ => Answer(HttpStatusCode.OK, "{}"),
            };
        });

        var loading = Loader(gateway).LoadAsync(folder.Path, 1, (_, _) => { }, Cancellation);
        while (!loading.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var outcome = await loading;
        Assert.Equal((1, 2), (outcome.Bundles, outcome.Retries));
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task Load_RefusedAndForeignFiles_AreNamedAndTheRestLoads()
    {
        PatientGenerator.WriteFolder(folder.Path, seed: 1, count: 1);
        await File.WriteAllTextAsync(folder.File("notes.json"), "{}", Cancellation);
        await File.WriteAllTextAsync(folder.File("wrong.json"), """{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"X"},"request":{"method":"POST","url":"X"}}]}""", Cancellation);
        using var gateway = Gateway(request => request.Content!.Headers.ContentLength < 200
            ? Answer(HttpStatusCode.UnprocessableEntity, """{"resourceType":"OperationOutcome","issue":[{"diagnostics":"no such type X"}]}""")
            : Answer(HttpStatusCode.OK, "{}"));

        var outcome = await Loader(gateway).LoadAsync(folder.Path, 2, (_, _) => { }, Cancellation);

        Assert.Equal(1, outcome.Bundles);
        Assert.Collection(outcome.Failed,
            f => Assert.Equal("notes.json is not a FHIR resource: it has no resourceType", f),
            f => Assert.Equal("wrong.json was refused: 422 no such type X", f));
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body) };

    private static HttpClient Gateway(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        new(new Answering(answer)) { BaseAddress = new("https://site.test") };

    private BundleLoader Loader(HttpClient gateway) => new(gateway, "clinic-a", clock);

    private sealed class Answering(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }
}
