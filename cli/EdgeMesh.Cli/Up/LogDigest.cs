using System.Text.Json;

namespace EdgeMesh.Cli.Up;

/// <summary>Why a mesh did not come up, from its log: what daprd gave up for, each reason once; else what the sites said outside their
/// structured lines; else the log's end.</summary>
internal static class LogDigest
{
    private const int Reasons = 5;
    private const int Lines = 12;
    private const int Width = 400;

    public static IReadOnlyList<string> Of(IEnumerable<string> log)
    {
        var lines = log.ToList();
        var fatal = lines.Select(Fatal).OfType<string>().Distinct().Take(Reasons).ToList();
        if (fatal.Count > 0)
        {
            return fatal;
        }

        var last = lines.TakeLast(200).ToList();
        var plain = last.Where(l => !l.StartsWith('{')).TakeLast(Lines).ToList();
        return plain.Count > 0 ? plain : [.. last.TakeLast(4)];
    }

    /// <summary>daprd's <c>{"level":"fatal","msg":…}</c>; null for any other line.</summary>
    private static string? Fatal(string line)
    {
        if (!line.StartsWith('{') || !line.Contains("\"fatal\"", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("level", out var level) && level.ValueEquals("fatal") && json.RootElement.TryGetProperty("msg", out var message)
                && message.GetString() is { } text
                ? $"daprd: {(text.Length > Width ? text[..Width] + " …" : text)}"
                : null;
        }
        catch (JsonException)
        {
            // Cut off by a kill.
            return null;
        }
    }
}
