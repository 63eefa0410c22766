using System.Collections.Concurrent;
using System.Threading.Channels;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Functions at which somebody must look: each once, however often it was named meanwhile.</summary>
internal sealed class DueFunctions
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public bool IsEmpty => _names.IsEmpty;

    public void Add(string function)
    {
        AddForLater(function);
        Wake();
    }

    /// <summary>Taken with the next that is added, or when somebody wakes.</summary>
    public void AddForLater(string function) => _names[function] = true;

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Waits until there is something to look at, and takes all of it.</summary>
    public async Task<IReadOnlyList<string>> TakeAsync(CancellationToken cancellation)
    {
        await _wake.Reader.ReadAsync(cancellation);
        return [.. _names.Keys.Where(f => _names.TryRemove(f, out _))];
    }
}
