using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EdgeMesh.Telemetry;

/// <summary>Requests to Elasticsearch or OpenSearch: authenticated, bounded in time and size, within the byte budget, each answer's clock
/// compared. Used by one loop.</summary>
internal sealed class ElasticClient : IDisposable
{
    private const int AnswerLimit = 32 * 1024 * 1024;
    private const int HeadersLength = 400;
    private static readonly TimeSpan CompareEvery = TimeSpan.FromMinutes(10);

    private readonly LogShippingOptions _options;
    private readonly TimeProvider _clock;
    private readonly ByteBudget _budget;
    private readonly HttpClient _http;
    private long? _compared;

    public ElasticClient(LogShippingOptions options, TimeProvider clock)
    {
        (_options, _clock, _budget) = (options, clock, new ByteBudget(options.BytesPerSecond, clock));
        _http = new HttpClient(options.Handler ?? NewHandler(options.CaFile), disposeHandler: options.Handler is null)
        {
            BaseAddress = options.Url.AbsoluteUri.EndsWith('/') ? options.Url : new Uri(options.Url.AbsoluteUri + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerLimit,
        };
        _http.DefaultRequestHeaders.Authorization = options switch
        {
            { ApiKey: { } key } => new AuthenticationHeaderValue("ApiKey", key),
            { User: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.Password}"))),
            _ => null,
        };
    }

    /// <summary>How far the server's clock is ahead; it tells whole seconds.</summary>
    public TimeSpan ClockOffset { get; private set; }

    /// <summary>Asks for the server's time now and then, when its answers do not tell it (neither Elasticsearch's nor OpenSearch's do; those of
    /// most proxies do). A key that may not ask leaves it unknown, which counts as the same.</summary>
    public async Task CompareClocksAsync(CancellationToken cancellation)
    {
        if (_compared is { } before && _clock.GetElapsedTime(before) < CompareEvery)
        {
            return;
        }

        _compared = _clock.GetTimestamp();
        var began = _clock.GetUtcNow();
        var answer = await SendAsync(HttpMethod.Get, "_cat/health?format=json&h=epoch", cancellation);
        if (answer.IsSuccess && JsonQuestion.Ask(answer.Body, rows => rows[0].GetProperty("epoch").GetString()) is { } epoch
            && long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            Compare(DateTimeOffset.FromUnixTimeSeconds(seconds), began);
        }
    }

    public Task<ElasticAnswer> SendAsync(HttpMethod method, string path, CancellationToken cancellation) => SendAsync(method, path, default, false, cancellation);

    /// <param name="method">Of HTTP.</param>
    /// <param name="path">With its query, without a slash before it.</param>
    /// <param name="body">JSON; empty: none.</param>
    /// <param name="isBulk">Whether the body is lines of JSON, compressed.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<ElasticAnswer> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, bool isBulk, CancellationToken cancellation)
    {
        await _budget.SpendAsync(body.Length + HeadersLength, cancellation);
        using var request = new HttpRequestMessage(method, path);
        if (body.Length > 0)
        {
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(isBulk ? "application/x-ndjson" : "application/json") } };
            if (isBulk)
            {
                request.Content.Headers.ContentEncoding.Add("gzip");
            }
        }

        using var limit = new CancellationTokenSource(_options.RequestLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var began = _clock.GetUtcNow();
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var answer = new ElasticAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token));
            Compare(response.Headers.Date, began);
            return answer;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ElasticAnswer(0, [], $"it did not answer within {_options.RequestLimit.TotalSeconds:0} s", MayHaveArrived: true);
        }
        catch (HttpRequestException error)
        {
            var never = error.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;
            return new ElasticAnswer(0, [], $"it can't be reached: {error.Message}", MayHaveArrived: !never);
        }
        catch (IOException error)
        {
            return new ElasticAnswer(0, [], $"the connection broke: {error.Message}", MayHaveArrived: true);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Against the middle of the request, as nobody knows when within it the server looked at its clock.</summary>
    private void Compare(DateTimeOffset? server, DateTimeOffset began)
    {
        if (server is { } told)
        {
            _compared = _clock.GetTimestamp();
            var offset = told - (began + ((_clock.GetUtcNow() - began) / 2));
            ClockOffset = TimeSpan.FromSeconds(Math.Round(offset.TotalSeconds));
        }
    }

    /// <summary>No trace of these requests: each would be exported, and the exporter's logs shipped by the next.</summary>
    private static SocketsHttpHandler NewHandler(string? authorities)
    {
        var handler = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        };
        if (authorities is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}
