using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Loading;

/// <summary>Posts a folder of transaction bundles to a site's public door. A bundle whose answer got lost is sent again under the
/// same idempotency key, so it is applied once.</summary>
internal sealed class BundleLoader(HttpClient gateway, string site, TimeProvider clock)
{
    /// <summary>The header under which Records remembers a commit's answer.</summary>
    private const string IdempotencyHeader = "Idempotency-Key";

    private const int MostAttempts = 12;
    private const long LargestBundle = 64L << 20;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private int retries;

    /// <summary>Loads every *.json of the folder, reference data (practitioners, hospitals) before patients.</summary>
    /// <param name="onBundle">Told after each bundle: how many of how many are done.</param>
    public async Task<LoadOutcome> LoadAsync(string folder, int parallelism, Action<int, int> onBundle, CancellationToken cancellation)
    {
        var files = Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal).ToList();
        var reference = files.Where(IsReference).ToList();
        var started = clock.GetTimestamp();
        var results = new List<(string File, BundleResult Result)>();
        foreach (var group in (List<string>[])[reference, [.. files.Except(reference)]])
        {
            await Parallel.ForEachAsync(group, new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellation }, async (file, token) =>
            {
                var result = await LoadFileAsync(file, token);
                lock (results)
                {
                    results.Add((file, result));
                    onBundle(results.Count, files.Count);
                }
            });
        }

        var seconds = clock.GetElapsedTime(started).TotalSeconds;
        var loaded = results.Where(r => r.Result.Fault is null).ToList();
        var resources = loaded.Sum(r => r.Result.Resources);
        return new()
        {
            Site = site,
            Bundles = loaded.Count,
            Resources = resources,
            Created = loaded.Sum(r => r.Result.Created),
            Existing = loaded.Sum(r => r.Result.Existing),
            Retries = retries,
            Seconds = Math.Round(seconds, 3),
            ResourcesPerSecond = Math.Round(resources / Math.Max(seconds, 0.001), 1),
            Failed = [.. results.Where(r => r.Result.Fault is not null).Select(r => $"{Path.GetFileName(r.File)} {r.Result.Fault}").Order(StringComparer.Ordinal)],
        };
    }

    private static bool IsReference(string file) =>
        Path.GetFileName(file) is var name && (name.StartsWith("hospital", StringComparison.OrdinalIgnoreCase) || name.StartsWith("practitioner", StringComparison.OrdinalIgnoreCase));

    private async Task<BundleResult> LoadFileAsync(string file, CancellationToken cancellation)
    {
        if (new FileInfo(file).Length > LargestBundle)
        {
            return new(0, 0, 0, $"is larger than {LargestBundle >> 20} MiB");
        }

        var (bundle, fault) = BundleRewriter.Read(await File.ReadAllBytesAsync(file, cancellation));
        if (bundle is null)
        {
            return new(0, 0, 0, fault);
        }

        return await SendAsync(JsonSerializer.SerializeToUtf8Bytes(bundle), ((JsonArray)bundle["entry"]!).Count, cancellation);
    }

    private async Task<BundleResult> SendAsync(byte[] body, int resources, CancellationToken cancellation)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(body));
        var wait = FirstWait;
        for (var attempt = 1; ; attempt++)
        {
            var (answer, fault, mayRetry) = await TryAsync(body, key, cancellation);
            if (answer is not null)
            {
                return Count(answer, resources);
            }

            if (!mayRetry || attempt == MostAttempts)
            {
                return new(0, 0, 0, attempt == 1 ? fault : $"{fault} (tried {attempt} times)");
            }

            Interlocked.Increment(ref retries);
            await Task.Delay(wait, clock, cancellation);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task<(string? Answer, string? Fault, bool MayRetry)> TryAsync(byte[] body, string key, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "fhir");
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
            request.Headers.Add(IdempotencyHeader, key);
            using var answer = await gateway.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            return answer.IsSuccessStatusCode
                ? (text, null, false)
                : (null, $"was refused: {(int)answer.StatusCode} {FhirFault.Describe(text)}", answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return (null, $"could not be sent: {e.Message}", true);
        }
    }

    private static BundleResult Count(string answer, int resources)
    {
        if (JsonNode.Parse(answer)?["entry"] is not JsonArray entries)
        {
            return new(resources, 0, 0, null);
        }

        var statuses = entries.Select(e => e?["response"]?["status"]?.ToString() ?? "").ToList();
        return new(resources, statuses.Count(s => s.StartsWith("201", StringComparison.Ordinal)), statuses.Count(s => s.StartsWith("200", StringComparison.Ordinal)), null);
    }
}
