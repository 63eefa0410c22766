using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Tests.Sidecars;

/// <summary>A sidecar is killed while it works: what it acknowledged is there afterwards.</summary>
public sealed class KilledSidecarTests : IDisposable
{
    private const int Writers = 8;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_WhilePublishing_WhatWasAcknowledgedArrivesOnceOrMore()
    {
        Component("events", "pubsub.edgemesh.sqlite", ("connectionString", "events.db"));
        await using var app = await Subscriber.StartAsync("events", "numbers");
        ConcurrentBag<int> acknowledged;
        await using (var sidecar = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation))
        {
            acknowledged = await WorkAndKillAsync(sidecar, n => sidecar.Http.PostAsync("/v1.0/publish/events/numbers", Json(Text(n)), Cancellation));
        }

        await using var again = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (acknowledged.Any(n => !app.Got.ContainsKey(n)))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    [Fact]
    public async Task Kill_WhileTransacting_WhatWasAcknowledgedIsThereWhole()
    {
        Component("heads", "state.sqlite", ("connectionString", "heads.db"));
        ConcurrentBag<int> acknowledged;
        var sent = 0;
        await using (var sidecar = await SidecarProcess.StartAsync(_folder.Path, null, Cancellation))
        {
            acknowledged = await WorkAndKillAsync(sidecar, n =>
            {
                Interlocked.Exchange(ref sent, Math.Max(sent, n));
                return sidecar.Http.PostAsync("/v1.0/state/heads/transaction", Json($$"""{"operations":[{{Upsert($"a{n}", n)}},{{Upsert($"b{n}", n)}}]}"""), Cancellation);
            });
        }

        await using var again = await SidecarProcess.StartAsync(_folder.Path, null, Cancellation);
        for (var n = 1; n <= sent + Writers; n++)
        {
            var (a, b) = (await again.Http.GetStringAsync($"/v1.0/state/heads/a{Text(n)}", Cancellation), await again.Http.GetStringAsync($"/v1.0/state/heads/b{Text(n)}", Cancellation));
            Assert.Equal(a, b);
            Assert.True(a == Text(n) || (a.Length == 0 && !acknowledged.Contains(n)), $"{n} was acknowledged, and reads as '{a}'");
        }
    }

    [Fact]
    public async Task Kill_WhileTransactingWithAnOutbox_WhatStandsIsPublishedAndNothingElse()
    {
        Component("events", "pubsub.edgemesh.sqlite", ("connectionString", "events.db"));
        Component("heads", "state.sqlite", ("connectionString", "heads.db"), ("outboxPublishPubsub", "events"), ("outboxPublishTopic", "numbers"), ("outboxDiscardWhenMissingState", "true"));
        await using var app = await Subscriber.StartAsync("events", "numbers");
        ConcurrentBag<int> acknowledged;
        await using (var sidecar = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation))
        {
            acknowledged = await WorkAndKillAsync(sidecar, n => sidecar.Http.PostAsync("/v1.0/state/heads/transaction", Json($$"""{"operations":[{{Upsert($"a{n}", n)}}]}"""), Cancellation));
        }

        await using var again = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (acknowledged.Any(n => !app.Got.ContainsKey(n)))
        {
            await Task.Delay(50, limit.Token);
        }

        foreach (var n in app.Got.Keys)
        {
            Assert.Equal(Text(n), await again.Http.GetStringAsync($"/v1.0/state/heads/a{Text(n)}", Cancellation));
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Several writers work until 200 of their requests are acknowledged; then the sidecar is killed under them.</summary>
    private static async Task<ConcurrentBag<int>> WorkAndKillAsync(SidecarProcess sidecar, Func<int, Task<HttpResponseMessage>> send)
    {
        var acknowledged = new ConcurrentBag<int>();
        var enough = new TaskCompletionSource();
        var next = 0;
        var writers = Enumerable.Range(0, Writers).Select(async _ =>
        {
            try
            {
                while (true)
                {
                    var n = Interlocked.Increment(ref next);
                    using var answer = await send(n);
                    answer.EnsureSuccessStatusCode();
                    acknowledged.Add(n);
                    if (acknowledged.Count >= 200)
                    {
                        enough.TrySetResult();
                    }
                }
            }
            catch (HttpRequestException) when (enough.Task.IsCompleted)
            {
                // The sidecar is dead: this one was not acknowledged.
            }
        }).ToArray();
        await Task.WhenAny(enough.Task, Task.WhenAll(writers)).WaitAsync(Cancellation);
        await sidecar.KillAsync();
        await Task.WhenAll(writers);
        Assert.True(acknowledged.Count >= 200);
        return acknowledged;
    }

    private static string Upsert(string key, int value) => $$$"""{"operation":"upsert","request":{"key":"{{{key}}}","value":{{{Text(value)}}}}}""";

    private static StringContent Json(string text) => new(text, MediaTypeHeaderValue.Parse("application/json"));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Component(string name, string type, params (string Name, string Value)[] metadata)
    {
        var fields = string.Concat(metadata.Select(m => $"\n  - name: {m.Name}\n    value: \"{m.Value}\""));
        File.WriteAllText(_folder.File(name + ".yaml"), $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: {name}
            spec:
              type: {type}
              version: v1
              metadata:{fields}
            """);
    }

    /// <summary>An app that keeps the numbers that it gets.</summary>
    private sealed class Subscriber : IAsyncDisposable
    {
        private readonly WebApplication _web;

        private Subscriber(WebApplication web) => _web = web;

        public ConcurrentDictionary<int, int> Got { get; } = new();

        public Uri Url => new(_web.Urls.First());

        public static async Task<Subscriber> StartAsync(string pubsub, string topic)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var web = builder.Build();
            var app = new Subscriber(web);
            web.MapGet("/dapr/subscribe", () => Results.Json(new[] { new { pubsubname = pubsub, topic, route = "/numbers" } }));
            web.MapPost("/numbers", (JsonElement envelope) =>
            {
                var data = envelope.GetProperty("data");
                var number = data.ValueKind == JsonValueKind.Number ? data.GetInt32() : int.Parse(data.GetString()!, CultureInfo.InvariantCulture);
                app.Got.AddOrUpdate(number, 1, (_, times) => times + 1);
            });
            await web.StartAsync();
            return app;
        }

        public ValueTask DisposeAsync() => _web.DisposeAsync();
    }
}
