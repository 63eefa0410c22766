using System.Globalization;
using System.Net;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.ratelimit</c>: so many requests a second of one address (before an app: of all), the first second's at once. More
/// is answered with 429.</summary>
internal sealed class RateLimit(double perSecond, TimeProvider clock) : IHttpMiddleware
{
    private const string Field = "maxRequestsPerSecond";
    private const double Default = 100;
    private const string Refusal = "You have reached maximum request limit.";

    /// <summary>Addresses that are told apart; beyond, all begin anew.</summary>
    private const int AddressLimit = 10_000;

    /// <summary>Guards the buckets.</summary>
    private readonly Lock _lock = new();
    private readonly Dictionary<(string App, IPAddress? Address), (double Tokens, long At)> _buckets = [];

    public static RateLimit? Create(ComponentResource component, TimeProvider clock, List<string> faults)
    {
        var perSecond = Default;
        foreach (var item in component.Metadata)
        {
            if (item.Name != Field || !double.TryParse(item.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out perSecond) || perSecond <= 0)
            {
                faults.Add($"{item.Source}: {component.Type} knows '{Field}', a number above 0, and not '{item.Name}: {item.Value}'.");
                return null;
            }
        }

        return new RateLimit(perSecond, clock);
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (Takes(context.App().AppId, context.Connection.RemoteIpAddress))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.ContentType = "text/plain; charset=utf-8";
        foreach (var (name, value) in Headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.WriteAsync(Refusal);
    }

    public ValueTask<HttpResponseMessage?> BeforeAppAsync(HttpRequestMessage request, string appId, CancellationToken cancellation)
    {
        if (Takes(appId, null))
        {
            return default;
        }

        var answer = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Content = new StringContent(Refusal) };
        foreach (var (name, value) in Headers)
        {
            answer.Headers.Add(name, value);
        }

        return new(answer);
    }

    private IEnumerable<(string Name, string Value)> Headers => [("RateLimit-Limit", perSecond.ToString(CultureInfo.InvariantCulture)), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "1")];

    private bool Takes(string app, IPAddress? address)
    {
        lock (_lock)
        {
            if (_buckets.Count >= AddressLimit)
            {
                _buckets.Clear();
            }

            var now = clock.GetTimestamp();
            var full = Math.Max(1, perSecond);
            var tokens = _buckets.TryGetValue((app, address), out var bucket) ? Math.Min(full, bucket.Tokens + (clock.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond)) : full;
            _buckets[(app, address)] = (tokens >= 1 ? tokens - 1 : tokens, now);
            return tokens >= 1;
        }
    }
}
