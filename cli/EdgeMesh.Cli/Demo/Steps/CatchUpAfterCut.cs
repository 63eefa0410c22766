using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class CatchUpAfterCut : DemoStep
{
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromSeconds(60);

    public override string Name => "cut-link";

    public override string? After => "consent";

    public override string Shows => "Clinic A loses its links, goes on writing, and when they return both sides are equal";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var isCut = await mesh.LinkAsync("cut", mesh.Core, mesh.ClinicA, cancellation) && await mesh.LinkAsync("cut", mesh.ClinicA, mesh.ClinicB, cancellation);
        var written = new List<string>();
        bool isApart;
        try
        {
            written.AddRange(await WriteAsync(mesh, cancellation));
            isApart = (await mesh.Practitioner(mesh.ClinicB).GetAsync($"fhir/Observation/{written.FirstOrDefault() ?? "none"}", cancellation)).Code != 200;
        }
        finally
        {
            await mesh.LinkAsync("restore", mesh.Core, mesh.ClinicA, cancellation);
            await mesh.LinkAsync("restore", mesh.ClinicA, mesh.ClinicB, cancellation);
        }

        var restored = mesh.Clock.GetTimestamp();
        var equal = await mesh.UntilAsync(() => EqualAsync(mesh, written, cancellation), count => count == written.Count + 1, CatchUpLimit, cancellation);
        var seconds = Math.Round(mesh.Clock.GetElapsedTime(restored).TotalSeconds, 1);
        return StepOutcome.Of(isCut && isApart && written.Count == Writes && equal == written.Count + 1,
            $"{written.Count} records written while cut off; {equal} of {written.Count + 1} are the same version at both sites {seconds} s after the links returned",
            ("written", written.Count), ("equal", equal), ("seconds", seconds), ("unseenWhileCut", isApart));
    }

    private const int Writes = 5;

    private static async Task<List<string>> WriteAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var clinic = mesh.Practitioner(mesh.ClinicA);
        var ids = new List<string>();
        for (var i = 0; i < Writes; i++)
        {
            var created = await clinic.CreateAsync(new JsonObject
            {
                ["resourceType"] = "Observation",
                ["status"] = "final",
                ["code"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://loinc.org", ["code"] = "8867-4" }) },
                ["subject"] = new JsonObject { ["reference"] = $"Patient/{mesh.PatientId}" },
                ["valueQuantity"] = new JsonObject { ["value"] = 60 + i, ["unit"] = "/min" },
            }, cancellation);
            if (created is { Code: 201, Id: { } id })
            {
                ids.Add(id);
            }
        }

        var read = await clinic.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation);
        if (read is { Body: { } patient, ETag: { } etag })
        {
            patient["telecom"] = new JsonArray(new JsonObject { ["system"] = "phone", ["value"] = "+49 30 123456" });
            await clinic.UpdateAsync(patient, etag, cancellation);
        }

        return ids;
    }

    /// <summary>How many of the records, the patient included, have the same version at both clinics.</summary>
    private static async Task<int> EqualAsync(DemoMesh mesh, List<string> observations, CancellationToken cancellation)
    {
        var count = 0;
        foreach (var path in observations.Select(id => $"fhir/Observation/{id}").Append($"fhir/Patient/{mesh.PatientId}"))
        {
            var (a, b) = (await mesh.Practitioner(mesh.ClinicA).GetAsync(path, cancellation), await mesh.Practitioner(mesh.ClinicB).GetAsync(path, cancellation));
            count += a.Code == 200 && b.Code == 200 && a.VersionId == b.VersionId ? 1 : 0;
        }

        return count;
    }
}
