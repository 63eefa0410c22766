namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class RefuseStaleUpdate : DemoStep
{
    public override string Name => "stale-update";

    public override string? After => "load";

    public override string Shows => "Two clinicians edit the same record: the second, whose copy is stale, is refused instead of overwriting";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var clinic = mesh.Practitioner(mesh.ClinicA);
        var read = await clinic.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation);
        if (read.Body is not { } patient || read.ETag is not { } etag)
        {
            return StepOutcome.Of(false, $"Patient/{mesh.PatientId} could not be read: {read.Code}", ("status", read.Code));
        }

        patient["active"] = true;
        patient["language"] = "en";
        var first = await clinic.UpdateAsync(patient, etag, cancellation);
        patient["language"] = "de";
        var second = await clinic.UpdateAsync(patient, etag, cancellation);
        var now = await clinic.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation);
        return StepOutcome.Of(first.Code == 200 && second.Code == 412 && now.Body?["language"]?.ToString() == "en",
            $"the first edit answered {first.Code}, the stale one {second.Code}", ("first", first.Code), ("stale", second.Code));
    }
}
