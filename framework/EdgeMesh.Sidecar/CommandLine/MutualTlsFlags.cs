namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>What belongs to <c>--enable-mtls</c>.</summary>
internal static class MutualTlsFlags
{
    private const string Anchors = "DAPR_TRUST_ANCHORS";
    private const string AnchorsFile = "DAPR_TRUST_ANCHORS_FILE";

    /// <summary>Null when there are faults; they are the reader's.</summary>
    public static MutualTlsOptions? Read(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        var before = flags.Faults.Count;
        string? pem = Given(environment, Anchors), file = Given(environment, AnchorsFile);
        if (flags["sentry-address"] is not { Length: > 0 })
        {
            flags.Faults.Add("--enable-mtls needs sentry: --sentry-address HOST:PORT.");
        }

        if (pem is null == file is null)
        {
            flags.Faults.Add(pem is null
                ? $"--enable-mtls needs the trust anchors: {Anchors} in the environment (the certificates in PEM), or {AnchorsFile} (a file of them)."
                : $"{Anchors} and {AnchorsFile} are both there. Give one.");
        }

        if (Given(environment, "DAPR_SENTRY_TOKEN_FILE") is not null)
        {
            flags.Faults.Add("DAPR_SENTRY_TOKEN_FILE: the embedded engine shows sentry no token. Leave it out, with a sentry that asks for none, or run daprd.");
        }

        return flags.Faults.Count > before ? null : new MutualTlsOptions
        {
            SentryAddress = flags["sentry-address"]!,
            TrustAnchors = pem,
            TrustAnchorsFile = file,
            ControlPlaneTrustDomain = Of(flags, "control-plane-trust-domain") ?? Given(environment, "DAPR_CONTROLPLANE_TRUST_DOMAIN") ?? "localhost",
            ControlPlaneNamespace = Of(flags, "control-plane-namespace") ?? Given(environment, "DAPR_CONTROLPLANE_NAMESPACE") ?? "default",
        };
    }

    private static string? Of(FlagReader flags, string name) => flags[name] is { Length: > 0 } text ? text : null;

    private static string? Given(IReadOnlyDictionary<string, string> environment, string name) => environment.GetValueOrDefault(name) is { Length: > 0 } text ? text : null;
}
