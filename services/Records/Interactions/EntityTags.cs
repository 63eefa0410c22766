namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Reads <c>If-Match</c> and <c>If-None-Match</c>: <c>W/"a", W/"b"</c>. Strong tags and bare ids are taken too: many clients send them.</summary>
internal static class EntityTags
{
    public static IReadOnlyList<string> Read(string? header) =>
        header is null ? [] : [.. header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(One)];

    private static string One(string tag)
    {
        var plain = tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
        return plain.Trim('"');
    }
}
