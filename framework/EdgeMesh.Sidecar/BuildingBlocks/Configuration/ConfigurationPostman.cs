using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Configuration;

/// <summary>Brings changes to an app that subscribed by HTTP: one <c>POST /configuration/{store}/{key}</c> for each key, in their order.</summary>
internal sealed partial class ConfigurationPostman(AppRuntime app, ComponentSpec spec, ConfigurationSubscription subscription, ILogger logger)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);

    /// <summary>Until the subscription ends.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var changed in subscription.ChangesAsync(cancellation))
            {
                foreach (var (key, value) in changed)
                {
                    await TellAsync(key, value, cancellation);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    /// <summary>As often as the store's inbound policy asks. As with daprd, a change that the app did not take is not told again; the next one is.</summary>
    private async Task TellAsync(string key, ConfigurationValue value, CancellationToken cancellation)
    {
        string? reason;
        try
        {
            var refusal = app.Resilience.Inbound(spec) is { } policy
                ? await policy.RunAsync(token => PostAsync(key, value, token), static r => r?.Failure, cancellation)
                : await PostAsync(key, value, cancellation);
            reason = refusal?.Reason;
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            reason = error.Message;
        }

        if (reason is not null)
        {
            LogGone(app.AppId, key, subscription.Store, reason);
        }
    }

    private async Task<(string Reason, CallFailure Failure)?> PostAsync(string key, ConfigurationValue value, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, app.Channel!.Address($"/configuration/{Uri.EscapeDataString(subscription.Store)}/{Uri.EscapeDataString(key)}"));
            request.Content = new ReadOnlyMemoryContent(Body(key, value));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await app.Channel.SendAsync(request, limit.Token);
            return answer.IsSuccessStatusCode ? null : ($"it answered {(int)answer.StatusCode}", new CallFailure((int)answer.StatusCode, null));
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return (error.Message, default);
        }
    }

    private ReadOnlyMemory<byte> Body(string key, ConfigurationValue value)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(body, Http.Answers.Readable);
        json.WriteStartObject();
        json.WriteString("id", subscription.Id);
        json.WriteStartObject("items");
        json.WritePropertyName(key);
        ConfigurationJson.Write(json, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    [LoggerMessage(LogLevel.Warning, "{App} did not take a change of {Key} in configuration store {Store}: {Reason}")]
    private partial void LogGone(string app, string key, string store, string reason);
}

/// <summary>An item in JSON, as daprd writes it: what is empty is left out.</summary>
internal static class ConfigurationJson
{
    public static void Write(Utf8JsonWriter json, ConfigurationValue value)
    {
        json.WriteStartObject();
        if (value.Value.Length > 0)
        {
            json.WriteString("value", value.Value);
        }

        if (value.Version.Length > 0)
        {
            json.WriteString("version", value.Version);
        }

        if (value.Metadata.Count > 0)
        {
            json.WriteStartObject("metadata");
            foreach (var (name, text) in value.Metadata)
            {
                json.WriteString(name, text);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
