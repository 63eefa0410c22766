using System.Text.RegularExpressions;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>Reads <c>Type/id</c> and <c>Type/id/_history/version</c>.</summary>
internal static partial class LocalReference
{
    public static bool TryParse(string? text, out DocumentKey key)
    {
        key = default;
        if (text is null || Shape().Match(text) is not { Success: true } match)
        {
            return false;
        }

        key = new DocumentKey(match.Groups["type"].Value, match.Groups["id"].Value);
        return true;
    }

    public static bool IsId(string text) => Id().IsMatch(text) && text is not ("." or "..");

    [GeneratedRegex(@"^(?<type>[A-Z][A-Za-z]+)/(?<id>[A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();

    [GeneratedRegex(@"^[A-Za-z0-9\-.]{1,64}$")]
    private static partial Regex Id();
}
