using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Secrets;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Tracing;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>What daprd's <c>--config</c> files ask for, those that were given together. A later file goes before an earlier one, section by
/// section.</summary>
internal sealed record RuntimeConfiguration
{
    public static readonly RuntimeConfiguration None = new();

    /// <summary>Who may invoke what of the process's apps; null: everybody everything.</summary>
    public AccessControl? AccessControl { get; init; }

    /// <summary>Which APIs are there.</summary>
    public ApiAccess Api { get; init; } = ApiAccess.Everything;

    /// <summary>By secret store; one that is not here gives out everything.</summary>
    public IReadOnlyDictionary<string, SecretScope> SecretScopes { get; init; } = new Dictionary<string, SecretScope>();

    /// <summary>Middleware components before the HTTP API, in their order.</summary>
    public IReadOnlyList<PipelineHandler> HttpPipeline { get; init; } = [];

    /// <summary>Middleware components before the apps, in their order.</summary>
    public IReadOnlyList<PipelineHandler> AppHttpPipeline { get; init; } = [];

    /// <summary>Preview features that are switched on, for metadata.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Null: requests are not traced.</summary>
    public TracingSetting? Tracing { get; init; }

    /// <summary>What the metrics port tells, and how finely.</summary>
    public MetricsSetting Metrics { get; init; } = MetricsSetting.Default;

    /// <summary>Which calls of the API are logged, and how.</summary>
    public ApiLogging ApiLogging { get; init; } = ApiLogging.None;

    /// <summary>How other sidecars on the machine are found; null: none are.</summary>
    public NameResolutionSetting? NameResolution { get; init; }
}

/// <param name="Name">The component.</param>
/// <param name="Type">Its type.</param>
/// <param name="Source">File and line.</param>
internal sealed record PipelineHandler(string Name, string Type, string Source);

/// <param name="ConnectionString">The SQLite file that sidecars share.</param>
/// <param name="UpdateInterval">How often a sidecar says that it is there.</param>
internal sealed record NameResolutionSetting(string ConnectionString, TimeSpan UpdateInterval)
{
    /// <summary>The table of hosts.</summary>
    public string TableName { get; init; } = "hosts";

    /// <summary>The table of the schema's version.</summary>
    public string MetadataTableName { get; init; } = "metadata";

    /// <summary>File and line.</summary>
    public string Source { get; init; } = "";
}
