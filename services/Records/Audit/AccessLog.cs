namespace EdgeMesh.Services.Records.Audit;

/// <summary>Tells operators of accesses under pseudonyms, where logs are searched across sites. It proves nothing: the ledger does. The console
/// is spared it; see <c>EdgeMesh.Telemetry</c>.</summary>
internal sealed partial class AccessLog(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger("EdgeMesh.Access");

    /// <param name="access">What happened. Nothing of it is told but kinds and pseudonyms.</param>
    /// <param name="outcome">How it ended for that patient.</param>
    /// <param name="patient">A pseudonym; null: no patient.</param>
    /// <param name="user">A pseudonym.</param>
    public void Tell(AccessEvent access, AccessOutcome outcome, string? patient, string user) =>
        RecordAccess(access.Interaction, outcome, patient, user, access.Caller.Site, access.Caller.Purpose);

    [LoggerMessage(LogLevel.Information, "{Interaction}: {Decision}, of {Patient} by {User} of {UserSite} for {Purpose}")]
    private partial void RecordAccess(string interaction, AccessOutcome decision, string? patient, string user, string userSite, string purpose);
}
