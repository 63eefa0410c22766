namespace EdgeMesh.Telemetry;

/// <summary>Whether records may be sent yet.</summary>
/// <param name="Ready">They may.</param>
/// <param name="Reason">Why not, and what to do.</param>
/// <param name="ByItself">Whether waiting may help; else an operator must.</param>
internal readonly record struct SetupOutcome(bool Ready, string? Reason = null, bool ByItself = true);

/// <summary>Makes sure that the data stream will be one, with its mappings: without the template the index would guess them from the first
/// record. With a key that may not look at templates it trusts the operator to have installed those of <c>infra/</c>.</summary>
internal sealed class StreamSetup(ElasticClient client, bool create)
{
    private const string Name = "edgemesh-logs";
    private const string Template = $"_index_template/{Name}";

    public async Task<SetupOutcome> RunAsync(CancellationToken cancellation)
    {
        var root = await client.SendAsync(HttpMethod.Get, "", cancellation);
        if (!root.IsSuccess && root.Status != 403)
        {
            return Fault("answers at its root", root);
        }

        if (!create)
        {
            return new SetupOutcome(true);
        }

        var found = await client.SendAsync(HttpMethod.Get, $"{Template}?filter_path=index_templates.index_template.version", cancellation);
        var version = found.IsSuccess ? Version(found.Body) : 0;
        if (found.Status == 403 || version >= InfraFiles.Version(InfraFiles.IndexTemplate))
        {
            return new SetupOutcome(true);
        }

        return found.IsSuccess || found.Status == 404 ? await CreateAsync(IsOpenSearch(root.Body), hasOlder: version > 0, cancellation) : Fault("tells its templates", found);
    }

    private async Task<SetupOutcome> CreateAsync(bool openSearch, bool hasOlder, CancellationToken cancellation)
    {
        // Without a policy the stream works, and grows: old records are then the operator's matter.
        var (policy, kind) = openSearch ? ($"_plugins/_ism/policies/{Name}", "opensearch/ism") : ($"_ilm/policy/{Name}", "elasticsearch/ilm");
        if ((await client.SendAsync(HttpMethod.Get, policy, cancellation)).Status == 404)
        {
            await PutAsync(policy, InfraFiles.Read($"{kind}/{Name}.json"), cancellation);
        }

        (string Path, string File)[] parts =
        [
            ($"_component_template/{Name}-mappings", $"elasticsearch/component-templates/{Name}-mappings.json"),
            ($"_component_template/{Name}-settings", $"{(openSearch ? "opensearch" : "elasticsearch")}/component-templates/{Name}-settings.json"),
            (Template, InfraFiles.IndexTemplate),
        ];
        foreach (var (path, file) in parts)
        {
            if (await PutAsync(path, InfraFiles.Read(file), cancellation) is { IsSuccess: false } refused)
            {
                // What an operator installed for the version before serves: what it does not name is mapped as a text.
                return hasOlder && refused.Status == 403 ? new SetupOutcome(true) : Fault($"takes {path}", refused);
            }
        }

        return new SetupOutcome(true);
    }

    private Task<ElasticAnswer> PutAsync(string path, byte[] body, CancellationToken cancellation) =>
        client.SendAsync(HttpMethod.Put, path, body, isBulk: false, cancellation);

    private static SetupOutcome Fault(string expected, ElasticAnswer answer) => answer.Status switch
    {
        401 => new(false, $"The index refuses the key ({answer.Reason}). Give a valid one.", false),
        403 => new(false, $"The key may not make templates, and they are missing ({answer.Reason}). Install those of infra/, or give a key with manage_index_templates.", false),
        400 => new(false, $"A template is in the way ({answer.Reason}). Remove it, or give one of the two another priority.", false),
        _ => new(false, $"No index that {expected}: {answer.Reason}"),
    };

    private static long Version(byte[] body) => JsonQuestion.Ask(body, found =>
        found.TryGetProperty("index_templates", out var templates) && templates[0].GetProperty("index_template").TryGetProperty("version", out var version)
            ? version.GetInt64() : 0);

    private static bool IsOpenSearch(byte[] body) => JsonQuestion.Ask(body, root =>
        root.TryGetProperty("version", out var version) && version.TryGetProperty("distribution", out var distribution) && distribution.ValueEquals("opensearch"));
}
