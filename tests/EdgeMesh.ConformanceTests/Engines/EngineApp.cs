using EdgeMesh.ConformanceTests.Apps;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An app that an engine gives a sidecar.</summary>
/// <param name="AppId">Its Dapr id.</param>
/// <param name="Protocol">As <c>--app-protocol</c> names it.</param>
/// <param name="Url">Where it listens.</param>
internal sealed record EngineApp(string AppId, string Protocol, Uri Url)
{
    /// <summary>As <c>--app-max-concurrency</c>; null: as many as come.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Asked every second; null: the app's health is not asked for.</summary>
    public string? HealthPath { get; init; }

    public static implicit operator EngineApp(TestApp app) => new(app.AppId, "http", app.Url);
}
