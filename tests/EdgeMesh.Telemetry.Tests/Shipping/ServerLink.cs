using System.Diagnostics;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A bulk request on its way: when it left, and its length as it was sent.</summary>
internal readonly record struct SentBulk(TimeSpan At, long Length);

/// <summary>The way to a real server: it can be cut, its answers get lost on demand, and it remembers what was sent. The test and the
/// shipper both have it in hand.</summary>
internal sealed class ServerLink() : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
{
    private readonly int _nobody = FreePorts.Take();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly List<SentBulk> _bulks = [];
    private volatile bool _isCut;

    /// <summary>Requests go to a port where nobody listens: the machine refuses them.</summary>
    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    /// <summary>Asked of each bulk request that arrived, by its number from 1: its answer is lost.</summary>
    public Func<int, bool> LosesAnswer { get; init; } = _ => false;

    /// <summary>Runs while the answer is lost and the shipper does not know yet.</summary>
    public Func<Task> OnLoss { get; init; } = () => Task.CompletedTask;

    public IReadOnlyList<SentBulk> Bulks
    {
        get
        {
            lock (_gate)
            {
                return [.. _bulks];
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_isCut)
        {
            request.RequestUri = new UriBuilder(request.RequestUri!) { Port = _nobody }.Uri;
        }

        var number = request.RequestUri!.AbsolutePath.EndsWith("_bulk", StringComparison.Ordinal) ? await RememberAsync(request, cancellationToken) : 0;
        var response = await base.SendAsync(request, cancellationToken);
        if (number > 0 && LosesAnswer(number))
        {
            response.Dispose();
            await OnLoss();
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely");
        }

        return response;
    }

    private async Task<int> RememberAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var length = (await request.Content!.ReadAsByteArrayAsync(cancellation)).LongLength;
        lock (_gate)
        {
            _bulks.Add(new(Stopwatch.GetElapsedTime(_began), length));
            return _bulks.Count;
        }
    }
}
