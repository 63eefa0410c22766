using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Channels;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components.PubSubInMemory;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>Pub/sub between sites without a broker: a message goes to the subscribers of this site, and through the site's gateway to
/// every peer. For announcements, which may be lost: each peer has a bounded queue, a few attempts, and the oldest goes first when it is
/// full. A peer that is cut off never slows a publish.</summary>
internal sealed class LinkBroker : IPubSubBroker
{
    /// <summary>Says which site a message came from: such a message is delivered here and goes no further.</summary>
    public const string FromMetadata = "edgemesh-link-from";

    private const int DefaultQueueLimit = 256;
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly Meter Meter = new("EdgeMesh.Sidecar");
    private static readonly Counter<long> Lost = Meter.CreateCounter<long>("edgemesh.link.lost", "{message}", "Announcements that a peer did not take.");

    private readonly MemoryBroker _local;
    private readonly TimeProvider _clock;
    private readonly Func<string, AppChannel?> _findApp;
    private readonly string _gateway;
    private readonly string[]? _configured;
    private readonly int _queueLimit;
    private readonly ConcurrentDictionary<string, Channel<BrokerMessage>> _peers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private string[]? _asked;

    public LinkBroker(ComponentSpec spec, ComponentContext context)
    {
        _local = new MemoryBroker(context.Clock);
        _clock = context.Clock;
        _findApp = context.FindApp;
        _gateway = spec["gateway"] ?? "gateway";
        _configured = spec["peers"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        _queueLimit = spec["queueLimit"] is { } limit ? int.Parse(limit, CultureInfo.InvariantCulture) : DefaultQueueLimit;
    }

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        await _local.PublishAsync(message, cancellation);
        if (message.Metadata.ContainsKey(FromMetadata))
        {
            return;
        }

        foreach (var peer in _configured ?? await AskPeersAsync(cancellation))
        {
            _peers.GetOrAdd(peer, StartPeer).Writer.TryWrite(message);
        }
    }

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation) =>
        _local.SubscribeAsync(subscription, handler, cancellation);

    private Channel<BrokerMessage> StartPeer(string peer)
    {
        var queue = Channel.CreateBounded<BrokerMessage>(
            new BoundedChannelOptions(_queueLimit) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
            _ => Lost.Add(1, new KeyValuePair<string, object?>("peer", peer)));
        _ = SendAllAsync(peer, queue.Reader);
        return queue;
    }

    private async Task SendAllAsync(string peer, ChannelReader<BrokerMessage> queue)
    {
        try
        {
            await foreach (var message in queue.ReadAllAsync(_stop.Token))
            {
                if (!await SendAsync(peer, message))
                {
                    Lost.Add(1, new KeyValuePair<string, object?>("peer", peer));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The site stops. Who missed an announcement asks the feed.
        }
    }

    private async Task<bool> SendAsync(string peer, BrokerMessage message)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await TrySendAsync(peer, message))
            {
                return true;
            }

            await Task.Delay(Pause * attempt * (0.5 + Random.Shared.NextDouble()), _clock, _stop.Token);
        }

        return false;
    }

    private async Task<bool> TrySendAsync(string peer, BrokerMessage message)
    {
        if (_findApp(_gateway) is not { } gateway)
        {
            return false;
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(TimeSpan.FromSeconds(5));
            using var content = new ReadOnlyMemoryContent(message.Data);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
            using var request = new HttpRequestMessage(HttpMethod.Post, gateway.Address($"/mesh/{peer}/mesh/wan/{Uri.EscapeDataString(message.Topic)}")) { Content = content };
            using var answer = await gateway.SendAsync(request, limit.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<string[]> AskPeersAsync(CancellationToken cancellation)
    {
        if (_asked is { } known)
        {
            return known;
        }

        if (_findApp(_gateway) is not { } gateway)
        {
            return [];
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.Address("/mesh/peers"));
            using var answer = await gateway.SendAsync(request, cancellation);
            return answer.IsSuccessStatusCode
                ? _asked = JsonSerializer.Deserialize<string[]>(await answer.Content.ReadAsByteArrayAsync(cancellation)) ?? []
                : [];
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _local.DisposeAsync();
    }
}
