namespace EdgeMesh.Services.Functions.Running;

/// <summary>A function's counts. Many calls count at once.</summary>
internal sealed class UsageTotal(string function)
{
    private readonly Lock _gate = new();
    private FunctionUsage _now = FunctionUsage.None(function);

    /// <summary>What is in the store; null: not read yet.</summary>
    private FunctionUsage? _written;

    public string Function => function;

    /// <summary>What is missing, and why; the store's row is not written over. Null: nothing.</summary>
    public string? Fault { get; set; }

    /// <summary>When it was last tried to be written, of all turns. The saver's own.</summary>
    public long Turn { get; set; }

    /// <summary>Whether what the store had is in it.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate)
            {
                return _written is not null;
            }
        }
    }

    public FunctionUsage Now
    {
        get
        {
            lock (_gate)
            {
                return _now;
            }
        }
    }

    /// <summary>Whether there is something that the store has not.</summary>
    public bool IsDue
    {
        get
        {
            lock (_gate)
            {
                return _written is null ? _now.Calls > 0 : _now != _written;
            }
        }
    }

    public void Add(FunctionUsage one)
    {
        lock (_gate)
        {
            _now = _now.With(one);
        }
    }

    public void Read(FunctionUsage written)
    {
        lock (_gate)
        {
            (_written, _now, Fault) = (written, written.With(_now), null);
        }
    }

    public void Wrote(FunctionUsage written)
    {
        lock (_gate)
        {
            _written = written;
        }
    }
}
