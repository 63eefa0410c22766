using System.Threading.Channels;

namespace EdgeMesh.Testing.Tests;

/// <summary>What an app has in hand, for as long as the test wants.</summary>
internal sealed class Work
{
    /// <summary>Longer than anything here takes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Channel<Piece> _begun = Channel.CreateUnbounded<Piece>();

    /// <summary>The next piece that the app begins.</summary>
    public Task<Piece> NextAsync(CancellationToken cancellation) => _begun.Reader.ReadAsync(cancellation).AsTask().WaitAsync(Limit, cancellation);

    public Piece Begin()
    {
        var piece = new Piece();
        _begun.Writer.TryWrite(piece);
        return piece;
    }

    /// <summary>Returns when the test finishes it, whatever becomes of the caller.</summary>
    public async Task DoAsync(CancellationToken aborted)
    {
        var piece = Begin();
        await using var watch = aborted.Register(piece.Abort);
        await piece.FinishedAsync();
    }

    public sealed class Piece
    {
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Abort() => _aborted.TrySetResult();

        public void Finish() => _finished.TrySetResult();

        public Task FinishedAsync() => _finished.Task;

        /// <summary>Returns when whoever asked for it is gone.</summary>
        public Task AbortedAsync(CancellationToken cancellation) => _aborted.Task.WaitAsync(Limit, cancellation);
    }
}
