namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>The rules that a site runs by.</summary>
/// <param name="Rules">As they were read.</param>
/// <param name="Text">The file, whose hash shows where sites differ.</param>
internal sealed record LoadedRules(AlertRules Rules, string Text)
{
    private const string OwnFile = "alerts.yaml";

    /// <summary>Reads the file, or the one that comes with the service.</summary>
    /// <exception cref="InvalidOperationException">Rules are wrong; the message lists all faults, each with file, line and key.</exception>
    public static LoadedRules Read(string? path)
    {
        if (path is null)
        {
            return Parse(OwnFile, Own());
        }

        try
        {
            return new FileInfo(path).Length <= RulesReader.LargestFile
                ? Parse(Path.GetFileName(path), File.ReadAllText(path))
                : throw Refusal([$"{path}: the file is larger than {RulesReader.LargestFile / 1024} KiB."]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Refusal([$"EdgeMesh:Monitor:Alerts:Rules: {error.Message}"]);
        }
    }

    /// <summary>The rules that come with the service.</summary>
    public static string Own()
    {
        using var stream = typeof(LoadedRules).Assembly.GetManifestResourceStream(OwnFile)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static LoadedRules Parse(string name, string text)
    {
        var result = RulesReader.Read(name, text);
        return result.Rules is { } rules ? new(rules, text) : throw Refusal(result.Faults);
    }

    private static InvalidOperationException Refusal(IEnumerable<string> faults) =>
        new("The alert rules can't be used:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));
}
