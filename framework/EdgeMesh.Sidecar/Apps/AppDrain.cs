namespace EdgeMesh.Sidecar.Apps;

/// <summary>Lets what an app has in hand end in its own time when its sidecar stops, and cuts it off when that is over. For any other end (a
/// component is replaced, the app is not healthy) work ends with the token that it was begun under.</summary>
internal sealed class AppDrain : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private volatile bool _hasBegun;

    public void Begin() => _hasBegun = true;

    /// <summary>The time is over.</summary>
    public void End() => _over.Cancel();

    /// <summary>The token for a message, an event or a job on its way to the app.</summary>
    public Work Start(CancellationToken cancellation) => new(this, cancellation);

    public void Dispose() => _over.Dispose();

    public sealed class Work : IDisposable
    {
        private readonly AppDrain _drain;
        private readonly CancellationTokenSource _source;
        private readonly CancellationTokenRegistration _registration;

        public Work(AppDrain drain, CancellationToken cancellation)
        {
            (_drain, _source) = (drain, CancellationTokenSource.CreateLinkedTokenSource(drain._over.Token));
            _registration = cancellation.UnsafeRegister(static work => ((Work)work!).Cancel(), this);
        }

        public CancellationToken Token => _source.Token;

        private void Cancel()
        {
            if (!_drain._hasBegun)
            {
                _source.Cancel();
            }
        }

        public void Dispose()
        {
            _registration.Dispose();
            _source.Dispose();
        }
    }
}
