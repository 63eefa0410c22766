namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>A durable call of an actor.</summary>
/// <param name="Actor">Whom it calls; it need not be active.</param>
/// <param name="Name">Unique for the actor.</param>
/// <param name="When">When it fires next, and how it goes on.</param>
internal sealed record Reminder(ActorAddress Actor, string Name, Recurrence When)
{
    /// <summary>The client's JSON, or null.</summary>
    public byte[]? Data { get; init; }

    /// <summary>As the client said it.</summary>
    public string DueTime { get; init; } = "";

    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>Reads what a client says, and tells faults as daprd's scheduler does.</summary>
    public static Reminder Read(ActorAddress actor, string name, byte[]? data, (string Due, string Period, string Ttl) when, RetryPolicy? retry, DateTimeOffset now)
    {
        if (when.Due.Length == 0 && when.Period.Length == 0)
        {
            throw ActorFaults.Reminder("job failed validation: job must have either a due time or a schedule");
        }

        if (when.Ttl.Length > 0 && when.Period.Length == 0)
        {
            throw ActorFaults.Reminder("job failed validation: job must have a schedule to have a ttl");
        }

        if (!Recurrence.TryPeriod(when.Period, out var every, out _, out _) || HasDays(when.Period))
        {
            throw ActorFaults.Reminder($"unsupported period format: {when.Period}");
        }

        // Without a due time the schedule begins now, and so fires first after one period.
        var due = when.Due.Length == 0 && every is { } first ? Period.ToGo(first.Time) : when.Due;
        var recurrence = Recurrence.Read(due, when.Period, when.Ttl, now, out var fault)
            ?? throw ActorFaults.Reminder($"job failed validation: {fault}");
        return new Reminder(actor, name, recurrence) { Data = data, DueTime = when.Due, Retry = retry ?? RetryPolicy.Default };
    }

    /// <summary>daprd's scheduler knows hours, minutes and seconds; a timer's period may have more.</summary>
    private static bool HasDays(string period) => period.IndexOf('P', StringComparison.Ordinal) is >= 0 and var start && start + 1 < period.Length && period[start + 1] != 'T';
}

/// <summary>What becomes of a reminder's call that the app refused.</summary>
/// <param name="Interval">The pause before it is made again.</param>
/// <param name="MaxRetries">How often it is made again; null: until it succeeds.</param>
internal sealed record RetryPolicy(TimeSpan Interval, int? MaxRetries)
{
    public static readonly RetryPolicy Default = new(TimeSpan.FromSeconds(1), 3);

    public static readonly RetryPolicy Drop = new(TimeSpan.Zero, 0);
}
