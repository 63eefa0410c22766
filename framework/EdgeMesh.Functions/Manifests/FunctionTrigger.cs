namespace EdgeMesh.Functions;

/// <summary>What calls a function: exactly one of the four is set.</summary>
public sealed record FunctionTrigger
{
    /// <summary>A request at the site's gateway.</summary>
    public HttpTrigger? Http { get; init; }

    /// <summary>A message of a topic.</summary>
    public TopicTrigger? Topic { get; init; }

    /// <summary>A time.</summary>
    public ScheduleTrigger? Schedule { get; init; }

    /// <summary>A change of a document.</summary>
    public ChangesTrigger? Changes { get; init; }
}

/// <summary>Requests below <c>/functions/NAME</c> at the site's gateway.</summary>
public sealed record HttpTrigger
{
    /// <summary>The method, in capitals.</summary>
    public required string Method { get; init; }

    /// <summary>The path; <c>{name}</c> stands for one segment and comes in the environment as <c>PATH_NAME</c>.</summary>
    public required string Path { get; init; }

    /// <summary>What the caller's token must hold; null: <c>functions/NAME</c>.</summary>
    public string? Scope { get; init; }

    /// <summary>Whether anybody may call it, without a token; for webhooks whose sender the function itself checks.</summary>
    public bool Open { get; init; }
}

/// <summary>Messages of a topic of component <c>events</c>.</summary>
public sealed record TopicTrigger
{
    /// <summary>The topic.</summary>
    public required string Name { get; init; }

    /// <summary>Messages in one call.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>How often a message that failed is tried again.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Where a message goes that failed for good; null: it is counted and dropped.</summary>
    public string? DeadLetter { get; init; }
}

/// <summary>Times by a cron expression.</summary>
public sealed record ScheduleTrigger
{
    /// <summary>Six fields, seconds first.</summary>
    public required string Cron { get; init; }

    /// <summary>A name of the time zone database.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What becomes of times that passed while the site was down.</summary>
    public MissedTimes Missed { get; init; } = MissedTimes.Once;
}

/// <summary>What becomes of times that passed while nobody was there to keep them.</summary>
public enum MissedTimes
{
    /// <summary>They are forgotten.</summary>
    Skip,

    /// <summary>One call stands for all of them.</summary>
    Once,

    /// <summary>Each is kept, the oldest first, at most a thousand.</summary>
    All,
}

/// <summary>Changes of documents that this site holds.</summary>
public sealed record ChangesTrigger
{
    /// <summary>The collections, such as <c>Observation</c>.</summary>
    public required IReadOnlyList<string> Collections { get; init; }

    /// <summary>Labels, one of which the document must have; empty: any.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>How often a change that failed is tried again before it is set aside.</summary>
    public int Retries { get; init; } = 5;

    /// <inheritdoc/>
    public bool Equals(ChangesTrigger? other) =>
        other is not null && Retries == other.Retries && Collections.SequenceEqual(other.Collections) && Labels.SequenceEqual(other.Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Retries, Collections.Count, Labels.Count);
}
