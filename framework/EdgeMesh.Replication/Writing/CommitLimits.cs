namespace EdgeMesh.Replication.Writing;

/// <summary>What a commit may hold; a broken limit is an answer, before anything waits or is written.</summary>
internal static class CommitLimits
{
    private const int NameLimit = 128;
    private const int LabelsLimit = 64;

    public static CommitResult.Refused? Check(Commit commit, JournalOptions options)
    {
        if (commit.Changes.Length > options.ChangeLimit)
        {
            return new("commit-too-large", $"A commit has at most {options.ChangeLimit} changes; this one has {commit.Changes.Length}. Split it.");
        }

        var keys = new HashSet<DocumentKey>();
        foreach (var change in commit.Changes)
        {
            if (!keys.Add(change.Key))
            {
                return new("key-twice", $"The commit changes '{change.Key}' twice. A commit changes each document at most once.");
            }

            if (Check(change, options) is { } refused)
            {
                return refused;
            }
        }

        if (commit.Events.FirstOrDefault(e => e.Length > options.BodyLimit) is { IsEmpty: false } large)
        {
            return new("event-too-large", $"An event has at most {options.BodyLimit} bytes; this one has {large.Length}.");
        }

        var bytes = commit.Changes.Sum(c => (long)c.Body.Length) + commit.Events.Sum(e => (long)e.Length);
        return bytes > options.CommitBytesLimit
            ? new("commit-too-large", $"A commit has at most {options.CommitBytesLimit} bytes; this one has {bytes}. Split it.")
            : null;
    }

    private static CommitResult.Refused? Check(Change change, JournalOptions options)
    {
        if (!IsName(change.Key.Collection) || !IsName(change.Key.Id))
        {
            return new("key-invalid", $"'{change.Key}' is no document key: collection and id have 1 to {NameLimit} letters, digits, '-', '_' and '.', and are not dots alone.");
        }

        if (change.Body.Length > options.BodyLimit)
        {
            return new("body-too-large", $"A document has at most {options.BodyLimit} bytes; '{change.Key}' has {change.Body.Length}. Keep large content elsewhere and refer to it.");
        }

        return change.Labels.Length > LabelsLimit || change.Labels.Any(l => l.Length > NameLimit)
            ? new("labels-too-many", $"A document has at most {LabelsLimit} labels of {NameLimit} characters; '{change.Key}' has more.")
            : null;
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= NameLimit } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && name.Any(c => c != '.');
}
