namespace EdgeMesh.Hosting;

/// <summary>What was opened on the way to a whole, so that nothing is left open when a later part fails. Not for concurrent use.</summary>
public sealed class OwnedParts : IAsyncDisposable
{
    private readonly Stack<object> _parts = [];

    /// <summary>Takes a part over and gives it back.</summary>
    /// <param name="part">An <see cref="IDisposable"/> or <see cref="IAsyncDisposable"/>.</param>
    public T Own<T>(T part)
        where T : class
    {
        _parts.Push(part is IDisposable or IAsyncDisposable ? part : throw new ArgumentException($"A {typeof(T).Name} has nothing to close.", nameof(part)));
        return part;
    }

    /// <summary>Closes the parts, the last one first: what was opened later stands on what was opened before. One that fails to close keeps none
    /// of the others open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_parts.TryPop(out var part))
        {
            return;
        }

        try
        {
            if (part is IAsyncDisposable slow)
            {
                await slow.DisposeAsync();
            }
            else
            {
                ((IDisposable)part).Dispose();
            }
        }
        finally
        {
            await DisposeAsync();
        }
    }
}
