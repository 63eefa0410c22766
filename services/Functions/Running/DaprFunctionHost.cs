using System.Text;
using Dapr;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using Grpc.Core;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What all functions' hosts share.</summary>
internal sealed record HostServices(DaprClient Dapr, AppClients Apps, SiteIdentity Identity, FunctionMetrics Metrics, FunctionStates States);

/// <summary>What one function may do beyond stdin and stdout: what its manifest grants, through Dapr. State lies below the function's own
/// prefix, which no key can leave: it is put before whatever the function says. It is bounded by the manifest. What it invokes, it invokes in the name of the user who called
/// it, so a service such as the records decides by that user's rights; called by a topic, a schedule or a change it has nobody's.</summary>
internal sealed class DaprFunctionHost(FunctionCall call, HostServices services) : IFunctionHost
{
    private const string Events = "events";
    private const string Secrets = "secrets";
    private const string Settings = "settings";
    private const int MaxKey = 256;

    /// <summary>What a function gets of an answer, as of any value.</summary>
    private const int MaxAnswer = 1024 * 1024;

    private static readonly HostAnswer Done = new(HostStatus.Done);
    private static readonly HostAnswer Denied = new(HostStatus.Denied);
    private static readonly HostAnswer Invalid = new(HostStatus.Invalid);
    private static readonly HostAnswer NotFound = new(HostStatus.NotFound);
    private static readonly HostAnswer TooMuch = new(HostStatus.TooMuch);
    private static readonly HostAnswer Unavailable = new(HostStatus.Unavailable);

    private readonly FunctionManifest _manifest = call.Manifest;
    private readonly FunctionState _state = services.States.Of(call.Manifest.Name);
    private readonly int _life = services.States.Of(call.Manifest.Name).Life;

    public ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation) => WithStateAsync(key, () => _state.GetAsync(_life, key, cancellation));

    public ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) =>
        WithStateAsync(key, async () => new HostAnswer(await _state.SetAsync(_life, key, value, _manifest.State, cancellation)));

    public ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation) =>
        WithStateAsync(key, async () => new HostAnswer(await _state.DeleteAsync(_life, key, cancellation)));

    public ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation) => _manifest.Permissions.Publish.Contains(topic)
        ? AskAsync(async () =>
        {
            await services.Dapr.PublishByteEventAsync(Events, topic, data, ContentType(data.Span), [], cancellation);
            return Done;
        })
        : new(Denied);

    public ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        InvokeTarget.Parse(target) is not { } parsed ? new(Invalid)
        : !_manifest.Permissions.Invoke.Any(parsed.IsGrantedBy) ? new(Denied)
        : AskAsync(() => InvokeAsync(parsed, body, cancellation));

    /// <summary>The site's own, where the manifest refers to one and the site has it; else the manifest's.</summary>
    public ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation) => _manifest.Configuration.TryGetValue(name, out var key)
        ? new(OfTheSiteAsync(name, key, cancellation))
        : new(Own(name));

    public ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation) => _manifest.Secrets.TryGetValue(name, out var secret)
        ? AskAsync(async () =>
        {
            var found = await services.Dapr.GetSecretAsync(Secrets, secret, cancellationToken: cancellation);
            return found.TryGetValue(secret, out var value) ? HostAnswer.Of(Encoding.UTF8.GetBytes(value)) : NotFound;
        })
        : new(NotFound);

    public HostStatus Count(string name, double value)
    {
        if (name.Length > MaxKey || value < 0)
        {
            return HostStatus.Invalid;
        }

        return services.Metrics.Count(_manifest.Name, name, value) ? HostStatus.Done : HostStatus.TooMuch;
    }

    private async Task<HostAnswer> OfTheSiteAsync(string setting, string key, CancellationToken cancellation)
    {
        try
        {
            var found = await services.Dapr.GetConfiguration(Settings, [key], cancellationToken: cancellation);
            return found.Items.TryGetValue(key, out var item) ? HostAnswer.Of(Encoding.UTF8.GetBytes(item.Value)) : Own(setting);
        }
        catch (DaprException)
        {
            // Also a site without the component: what it would say is not known, and the manifest's own may be the wrong one.
            return Unavailable;
        }
    }

    private HostAnswer Own(string setting) => _manifest.Settings.TryGetValue(setting, out var value) ? HostAnswer.Of(Encoding.UTF8.GetBytes(value)) : NotFound;

    private ValueTask<HostAnswer> WithStateAsync(string key, Func<Task<HostAnswer>> ask) =>
        !_manifest.Permissions.State ? new(Denied)
        // Dapr takes '||' for the end of a prefix.
        : key.Length > MaxKey || key.Contains("||", StringComparison.Ordinal) ? new(Invalid)
        : AskAsync(ask);

    private async Task<HostAnswer> InvokeAsync(InvokeTarget target, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(new HttpMethod(target.Method), target.Path);
        if (!body.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new(ContentType(body.Span)) } };
        }

        if (target.CarriesCaller && call.CallerToken is { } caller)
        {
            request.Headers.Add(CallerTokens.Header, caller);
        }

        // The call's own deadline bounds it.
        using var answer = await services.Apps.Get(target.App, Timeout.InfiniteTimeSpan).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return (int)answer.StatusCode switch
        {
            >= 200 and < 300 => await ReadAsync(answer.Content, cancellation),
            404 or 410 => NotFound,
            401 or 403 => Denied,
            >= 400 and < 500 => Invalid,
            _ => Unavailable,
        };
    }

    /// <summary>Of an answer that is too large no more is read than shows it.</summary>
    private static async Task<HostAnswer> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        try
        {
            await content.LoadIntoBufferAsync(MaxAnswer, cancellation);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return TooMuch;
        }

        return HostAnswer.Of(await content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>What is away or refuses is an answer for the function; only what nobody foresaw is a fault of the host.</summary>
    private static async ValueTask<HostAnswer> AskAsync(Func<Task<HostAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (DaprException error) when (error.InnerException is RpcException rpc)
        {
            return rpc.StatusCode switch
            {
                StatusCode.NotFound => NotFound,
                StatusCode.PermissionDenied => Denied,
                StatusCode.InvalidArgument => Invalid,
                _ => Unavailable,
            };
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException)
        {
            return Unavailable;
        }
        catch (OperationCanceledException error) when (error.InnerException is TimeoutException)
        {
            // Nobody took the connection.
            return Unavailable;
        }
    }

    private static string ContentType(ReadOnlySpan<byte> data) => data.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? "application/json" : "application/octet-stream";
}
