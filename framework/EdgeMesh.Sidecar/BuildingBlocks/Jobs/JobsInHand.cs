namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>The jobs that one app has in hand, and which of those that the file calls due may be started.</summary>
internal sealed class JobsInHand
{
    /// <summary>At a time.</summary>
    public const int Limit = 32;

    private readonly Lock _gate = new();

    /// <summary>By the job's name.</summary>
    private readonly Dictionary<string, Task> _tasks = new(StringComparer.Ordinal);

    /// <summary>Names of jobs that were settled since the file was asked last: what it said of them may be of before, and they are still due
    /// there.</summary>
    private readonly HashSet<string> _settled = new(StringComparer.Ordinal);

    /// <summary>The file is asked from now on: what was settled before, it knows.</summary>
    public void Ask()
    {
        lock (_gate)
        {
            _settled.Clear();
        }
    }

    /// <param name="first">What the file said, the earliest first.</param>
    /// <param name="now">Those due by then are started.</param>
    /// <param name="start">Returns before the job does anything.</param>
    /// <returns>How long nothing else is due; null: until something changes.</returns>
    public TimeSpan? Start(IEnumerable<StoredJob> first, DateTimeOffset now, Func<StoredJob, Task> start)
    {
        lock (_gate)
        {
            foreach (var job in first.Where(j => !_tasks.ContainsKey(j.Job.Name) && !_settled.Contains(j.Job.Name)))
            {
                if (job.Due > now)
                {
                    return job.Due - now;
                }

                if (_tasks.Count >= Limit)
                {
                    return null;
                }

                _tasks[job.Job.Name] = start(job);
            }

            return null;
        }
    }

    /// <summary>What the app made of it is in the file.</summary>
    public void Settle(StoredJob job)
    {
        lock (_gate)
        {
            _tasks.Remove(job.Job.Name);
            _settled.Add(job.Job.Name);
        }
    }

    /// <summary>Returns when none is in hand any more. Nothing may be started after.</summary>
    public Task EndedAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll([.. _tasks.Values]);
        }
    }
}
