namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>The actor types that the apps of the conformance suite host.</summary>
internal static class ActorTypes
{
    /// <summary>As daprd's defaults.</summary>
    public const string Plain = "plain";

    /// <summary>Deactivated after a second.</summary>
    public const string Idle = "idle";

    /// <summary>Takes three calls of one chain.</summary>
    public const string Reentrant = "reentrant";

    /// <summary>Hosted by both apps.</summary>
    public const string Shared = "shared";

    /// <summary>Hosted by <see cref="ForeignApp"/> alone.</summary>
    public const string Foreign = "foreign";

    /// <summary>An app beside those of a fixture.</summary>
    public const string ForeignApp = "foreigner";

    public static string ConfigOf(string appId) => appId switch
    {
        "alpha" or "coarse" => """
            {
              "entities": ["plain", "idle", "reentrant", "shared"],
              "actorIdleTimeout": "1h",
              "actorScanInterval": "30s",
              "drainOngoingCallTimeout": "10s",
              "drainRebalancedActors": true,
              "reentrancy": { "enabled": false },
              "entitiesConfig": [
                { "entities": ["idle"], "actorIdleTimeout": "1s" },
                { "entities": ["reentrant"], "reentrancy": { "enabled": true, "maxStackDepth": 3 } }
              ]
            }
            """,
        ForeignApp => """{ "entities": ["foreign"] }""",
        "beta" => """{ "entities": ["shared"] }""",
        _ => "{}",
    };
}
