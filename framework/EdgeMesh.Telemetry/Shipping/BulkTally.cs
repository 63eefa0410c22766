namespace EdgeMesh.Telemetry;

/// <summary>What an answer says of each record, sorted by what is to be done.</summary>
internal sealed record BulkTally
{
    public List<SpooledRecord> Again { get; } = [];

    public List<(SpooledRecord Record, int Status, string? Error)> Dead { get; } = [];

    public int Created { get; private set; }

    public int AlreadyThere { get; private set; }

    public int Quarantined { get; private set; }

    /// <summary>Whether records that failed inside the index may have arrived all the same.</summary>
    public bool InDoubt { get; private set; }

    /// <summary>Why only an operator can help; null: nothing of that kind.</summary>
    public string? Held { get; private set; }

    public static BulkTally Of(ReadOnlySpan<SpooledRecord> records, BulkItem[] items)
    {
        var tally = new BulkTally();
        for (var n = 0; n < items.Length; n++)
        {
            tally.Add(records[n], items[n]);
        }

        return tally;
    }

    private void Add(SpooledRecord record, BulkItem item)
    {
        switch (item.Status)
        {
            case >= 200 and < 300:
                Created += item.InFailureStore ? 0 : 1;
                Quarantined += item.InFailureStore ? 1 : 0;
                break;
            case 409:
                AlreadyThere++;
                break;
            case 401 or 403 or 404:
                Again.Add(record);
                Held = $"the index refuses to take records ({item.Status}): {item.Error}";
                break;
            case 429:
                Again.Add(record);
                break;
            case >= 500:
                Again.Add(record);
                InDoubt = true;
                break;
            default:
                Dead.Add((record, item.Status, item.Error));
                break;
        }
    }
}
