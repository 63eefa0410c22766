using EdgeMesh.ConformanceTests.Apps;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>What both engines start from: the same resources, the same apps.</summary>
internal sealed record EngineSetup(string Folder, IReadOnlyList<TestApp> Apps)
{
    public const string ApiToken = "conformance-api-token";

    public string Resources => Path.Combine(Folder, "resources");
}
