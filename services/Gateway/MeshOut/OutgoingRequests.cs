using System.Collections.Immutable;
using System.Net;
using System.Security.Authentication;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Credentials;
using EdgeMesh.Services.Gateway.Doors;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using EdgeMesh.Services.Gateway.Tokens;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.MeshOut;

/// <summary>Carries a local service's request to another site. A user's read goes with the user's claims, signed by this gateway.</summary>
internal sealed partial class OutgoingRequests(
    IHttpForwarder forwarder, PeerLinks links, MeshDirectory directory, CredentialsLoader credentials, CallerStatements statements,
    RefusalWriter refusals, GatewayOptions options, TimeProvider clock, ILogger<OutgoingRequests> logger)
{
    private const string Prefix = "/mesh/";

    /// <summary>The sites to which this one has a link.</summary>
    public ImmutableArray<string> Peers { get; } = [.. directory.Sites.Where(s => s.MeshUrl is not null && s.Name != directory.Self).Select(s => s.Name)];

    public async Task AnswerAsync(HttpContext context)
    {
        if (await TryAnswerAsync(context) is { } refusal)
        {
            await refusals.WriteAsync(context, refusal);
        }
    }

    private async Task<Refusal?> TryAnswerAsync(HttpContext context)
    {
        if (!PlainPaths.TryRead(context, out var path))
        {
            return Refusal.PathNotAllowed;
        }

        var slash = path.IndexOf('/', Prefix.Length);
        var site = slash < 0 ? "" : path[Prefix.Length..slash];
        if (slash < 0 || !path.AsSpan(slash).StartsWith(Prefix, StringComparison.Ordinal))
        {
            return MeshRefusals.PathUnknown;
        }

        if (directory.Find(site) is not { } entry || site == directory.Self)
        {
            return MeshRefusals.SiteUnknown(site, Peers);
        }

        if (entry.MeshUrl is null || links.Find(site) is not { } link)
        {
            return MeshRefusals.Unreachable(site, StatusCodes.Status503ServiceUnavailable, "mesh.json gives no link to it.");
        }

        if (credentials.Waiting is { } reason)
        {
            return MeshRefusals.Unreachable(site, StatusCodes.Status503ServiceUnavailable, $"The gateway has no certificate yet: {reason}.");
        }

        return StateCaller(context) ?? await SendAsync(context, entry, link, path[slash..]);
    }

    /// <summary>The user whom the service asks for, if any. A request of another site, or of its users, is never passed on.</summary>
    private Refusal? StateCaller(HttpContext context)
    {
        var caller = context.GetCaller();
        HeaderRules.Strip(context.Request.Headers);
        if (caller is null)
        {
            return null;
        }

        if (caller is not { Kind: CallerKind.User, ForwardedBy: null })
        {
            return MeshRefusals.NotForwardable;
        }

        context.Request.Headers[CallerTokens.ForwardedHeader] = statements.Sign(caller);
        return null;
    }

    private async Task<Refusal?> SendAsync(HttpContext context, SiteEntry site, HttpMessageInvoker link, string path)
    {
        var limit = path.StartsWith("/mesh/feed/", StringComparison.Ordinal) ? options.FeedLimit : options.RequestLimit;
        using var timeout = new CancellationTokenSource(limit, clock);
        var authority = site.MeshUrl!.GetLeftPart(UriPartial.Authority);
        var target = new Uri(authority + path + context.Request.QueryString, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var config = new ForwarderRequestConfig { ActivityTimeout = limit, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var error = await forwarder.SendAsync(context, authority, link, config, new Passage(target), timeout.Token);
        if (error == ForwarderError.None || context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }

        var cause = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        LogFailed(site.Name, error, cause?.GetBaseException().Message);
        if (cause is HttpRequestException { InnerException: AuthenticationException })
        {
            return MeshRefusals.NotTrusted(site.Name);
        }

        if (timeout.IsCancellationRequested || error == ForwarderError.RequestTimedOut)
        {
            return MeshRefusals.Unreachable(site.Name, StatusCodes.Status504GatewayTimeout, "It did not answer in time.");
        }

        return cause is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
            ? MeshRefusals.Unreachable(site.Name, StatusCodes.Status503ServiceUnavailable, "The connection could not be made.")
            : MeshRefusals.BrokenOff(site.Name);
    }

    [LoggerMessage(LogLevel.Information, "A request to site {Site} failed: {Error}: {Reason}")]
    private partial void LogFailed(string site, ForwarderError error, string? reason);
}
