using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>Spreads messages over the peers. Who they are is asked of the gateway beside the publishing, and asked again from time to
/// time, so a site that joins is found; until it first answers, messages wait here, the oldest going first.</summary>
internal sealed class LinkPeers : IAsyncDisposable
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskSoon = TimeSpan.FromSeconds(1);

    private readonly LinkOptions _options;
    private readonly LinkGateway _gateway;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<BrokerMessage> _out;
    private readonly Dictionary<string, LinkPeer> _peers = new(StringComparer.Ordinal);
    private readonly Task _loop;

    public LinkPeers(LinkOptions options, LinkGateway gateway, TimeProvider clock)
    {
        (_options, _gateway, _clock) = (options, gateway, clock);
        _out = LinkPeer.Queue(options.QueueLimit, "not yet known");
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Never waits.</summary>
    public void Send(BrokerMessage message) => _out.Writer.TryWrite(message);

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var asked = DateTimeOffset.MinValue;
            Keep(_options.Peers ?? []);
            await foreach (var message in _out.Reader.ReadAllAsync(cancellation))
            {
                if (_options.Peers is null && _clock.GetUtcNow() - asked >= AskAgain)
                {
                    await AskAsync(cancellation);
                    asked = _clock.GetUtcNow();
                }

                foreach (var peer in _peers.Values)
                {
                    peer.Send(message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The site stops.
        }
    }

    /// <summary>Until there is a first answer, nobody could get a message; later the old answer serves.</summary>
    private async Task AskAsync(CancellationToken cancellation)
    {
        var answer = await _gateway.PeersAsync(cancellation);
        while (answer is null && _peers.Count == 0)
        {
            await Task.Delay(AskSoon, _clock, cancellation);
            answer = await _gateway.PeersAsync(cancellation);
        }

        Keep(answer ?? [.. _peers.Keys]);
    }

    private void Keep(IReadOnlyList<string> names)
    {
        foreach (var gone in _peers.Keys.Except(names, StringComparer.Ordinal).ToArray())
        {
            _peers.Remove(gone, out var peer);
            peer!.End();
        }

        foreach (var name in names.Where(n => !_peers.ContainsKey(n)).Distinct(StringComparer.Ordinal))
        {
            _peers[name] = new LinkPeer(name, _options.QueueLimit, _gateway, _clock, _stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Task.WhenAll(_peers.Values.Select(p => p.Completion));
        _stop.Dispose();
    }
}
