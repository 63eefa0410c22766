namespace EdgeMesh.Services.Records.Consents;

/// <summary>A FHIR RESTful interaction.</summary>
internal enum Interaction
{
    Read,
    VersionRead,
    History,
    Search,
    Everything,
    Create,
    Update,
    Delete,
    Transaction,
    Batch,
    Capabilities,
}

/// <summary>Names of interactions.</summary>
internal static class Interactions
{
    /// <summary>Whether it changes nothing.</summary>
    public static bool IsRead(this Interaction interaction) => interaction
        is Interaction.Read or Interaction.VersionRead or Interaction.History or Interaction.Search or Interaction.Everything or Interaction.Capabilities;

    /// <summary>The code of FHIR's value set restful-interaction.</summary>
    public static string Code(this Interaction interaction) => interaction switch
    {
        Interaction.Read => "read",
        Interaction.VersionRead => "vread",
        Interaction.History => "history-instance",
        Interaction.Search => "search-type",
        Interaction.Everything => "operation",
        Interaction.Create => "create",
        Interaction.Update => "update",
        Interaction.Delete => "delete",
        Interaction.Transaction => "transaction",
        Interaction.Batch => "batch",
        _ => "capabilities",
    };
}
