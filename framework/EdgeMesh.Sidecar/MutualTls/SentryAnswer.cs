namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>What sentry says to an app that asks for a certificate.</summary>
/// <param name="Certificate">Null: there is none.</param>
/// <param name="Failure">Why not.</param>
/// <param name="IsAway">Whether it may come, when sentry does.</param>
internal sealed record SentryAnswer(WorkloadCertificate? Certificate, string Failure, bool IsAway);
