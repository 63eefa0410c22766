namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>Classes that share one server: it takes long to start.</summary>
[CollectionDefinition(Name)]
public sealed class OpenSearchCollection : ICollectionFixture<OpenSearch>
{
    public const string Name = "OpenSearch";
}
