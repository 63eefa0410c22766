namespace EdgeMesh.Services.Records.Http;

/// <summary>Where callers find this FHIR service: at the gateway, whose address is configured, since headers about it can be forged.
/// Without that setting (tests, a service run alone) it is the address that was asked.</summary>
internal sealed class PublicAddress(IConfiguration configuration)
{
    private readonly string? _configured = configuration["EdgeMesh:Gateway:PublicUrl"]?.TrimEnd('/');

    public string Base(HttpContext context) => (_configured ?? $"{context.Request.Scheme}://{context.Request.Host}") + "/fhir";
}
