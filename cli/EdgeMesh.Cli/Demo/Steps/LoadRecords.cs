using System.Text.Json.Nodes;
using EdgeMesh.Cli.Loading;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class LoadRecords : DemoStep
{
    public override string Name => "load";

    public override string Shows => "Clinic A takes a folder of FHIR bundles; practitioners that every bundle repeats exist once";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        using var gateway = mesh.Loader(mesh.ClinicA);
        var outcome = await new BundleLoader(gateway, mesh.ClinicA, mesh.Clock)
            .LoadAsync(mesh.Records, parallelism: 2, (done, all) => mesh.OnProgress(done, all, "bundles"), cancellation);
        var clinic = mesh.Practitioner(mesh.ClinicA);
        var practitioners = await clinic.SearchAllAsync("Practitioner?_count=100", cancellation);
        var distinct = practitioners.Select(IdentifierOf).Distinct().Count();
        var patients = await clinic.SearchAllAsync("Patient?_count=100", cancellation);
        mesh.PatientId = patients.FirstOrDefault()?["id"]?.ToString() ?? string.Empty;
        var held = outcome.Failed.Count == 0 && practitioners.Count > 0 && practitioners.Count == distinct && patients.Count > 0;
        return StepOutcome.Of(held,
            $"{outcome.Resources} resources in {outcome.Seconds:0.0} s ({outcome.ResourcesPerSecond:0}/s); {patients.Count} patients, {practitioners.Count} practitioners, {practitioners.Count - distinct} of them twice"
            + (outcome.Failed.Count > 0 ? $"; failed: {outcome.Failed[0]}" : ""),
            ("bundles", outcome.Bundles), ("resources", outcome.Resources), ("resourcesPerSecond", outcome.ResourcesPerSecond), ("patients", patients.Count),
            ("practitioners", practitioners.Count), ("duplicates", practitioners.Count - distinct), ("failed", outcome.Failed));
    }

    private static string IdentifierOf(JsonNode resource) =>
        resource["identifier"]?[0] is { } identifier ? $"{identifier["system"]}|{identifier["value"]}" : resource["id"]!.ToString();
}
