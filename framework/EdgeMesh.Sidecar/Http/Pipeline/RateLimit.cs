using System.Globalization;
using System.Net;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.ratelimit</c>: so many requests a second of one address, the first second's at once. More is answered with 429.</summary>
internal sealed class RateLimit(double perSecond, TimeProvider clock)
{
    private const string Field = "maxRequestsPerSecond";
    private const double Default = 100;

    /// <summary>Addresses that are told apart; beyond, all begin anew.</summary>
    private const int AddressLimit = 10_000;

    /// <summary>Guards the buckets.</summary>
    private readonly Lock _lock = new();
    private readonly Dictionary<(string App, IPAddress? Address), (double Tokens, long At)> _buckets = [];

    public static Func<RequestDelegate, RequestDelegate>? Create(ComponentResource component, TimeProvider clock, List<string> faults)
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

        var limit = new RateLimit(perSecond, clock);
        return next => context => limit.Takes(context.App().AppId, context.Connection.RemoteIpAddress) ? next(context) : limit.RefuseAsync(context);
    }

    public bool Takes(string app, IPAddress? address)
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

    private Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers["RateLimit-Limit"] = perSecond.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["RateLimit-Remaining"] = "0";
        context.Response.Headers["RateLimit-Reset"] = "1";
        return context.Response.WriteAsync("You have reached maximum request limit.");
    }
}
