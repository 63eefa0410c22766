using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Records.Search;

/// <summary>Where a caller is in a list of pages.</summary>
/// <param name="Path">What is paged, such as <c>Observation</c>; a cursor works nowhere else.</param>
/// <param name="Query">The search parameters as they came.</param>
/// <param name="Count">How many to a page.</param>
/// <param name="After">The last row that was given.</param>
/// <param name="UpTo">The highest row there was at the first page: later ones are not part of this list.</param>
/// <param name="Total">As on the first page; null when it was too many to count.</param>
internal sealed record Cursor(string Path, string Query, int Count, long After, long UpTo, int? Total)
{
    /// <summary>For <c>$everything</c>: whether the patient's own resources are through and those they refer to follow.</summary>
    public bool Supporting { get; init; }
}

/// <summary>Generated serialisation of cursors.</summary>
[JsonSerializable(typeof(Cursor))]
internal sealed partial class CursorJson : JsonSerializerContext;
