using EdgeMesh.Services.Records.Projection;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>How long the index is looked through for one answer. Rows that the caller may not see count for nothing else, so only time bounds
/// them.</summary>
internal sealed class ScanLimit(TimeProvider clock, int seconds)
{
    private readonly long _start = clock.GetTimestamp();

    /// <summary>Whether rows were left out.</summary>
    public bool IsReached { get; private set; }

    public IEnumerable<IndexedResource> Within(IEnumerable<IndexedResource> rows)
    {
        foreach (var row in rows)
        {
            if (clock.GetElapsedTime(_start) >= TimeSpan.FromSeconds(seconds))
            {
                IsReached = true;
                yield break;
            }

            yield return row;
        }
    }

    public FhirAnswer Fault() => FhirAnswer.Fault(
        503, "too-costly", "scan-too-long", $"Looking for matches took longer than {seconds} s, so the answer would not be whole. Narrow the search, or ask again when the site is less busy.");
}
