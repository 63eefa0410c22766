namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>SIGHUP: as with daprd the sidecar stops, reads everything anew and serves again. It may come at any time: what is read while it
/// comes is read once more.</summary>
internal sealed class HangUps
{
    private readonly Lock _gate = new();
    private SidecarHost? _serving;
    private bool _isAsked;

    /// <summary>Whether one came since all was read.</summary>
    public bool IsAsked
    {
        get
        {
            lock (_gate)
            {
                return _isAsked;
            }
        }
    }

    /// <summary>Whoever serves now, or next, begins anew.</summary>
    public void Ask()
    {
        lock (_gate)
        {
            _isAsked = true;
            _serving?.Stop();
        }
    }

    /// <summary>All is about to be read.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _isAsked = false;
        }
    }

    /// <summary>Stops the host when one comes, and at once if one came while it started.</summary>
    /// <returns>To be disposed before the host is.</returns>
    public IDisposable Watch(SidecarHost host)
    {
        lock (_gate)
        {
            _serving = host;
            if (_isAsked)
            {
                host.Stop();
            }
        }

        return new Watching(this);
    }

    private sealed class Watching(HangUps all) : IDisposable
    {
        public void Dispose()
        {
            lock (all._gate)
            {
                all._serving = null;
            }
        }
    }
}
