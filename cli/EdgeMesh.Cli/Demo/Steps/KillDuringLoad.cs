using System.Diagnostics;
using EdgeMesh.Cli.Demo.Patients;
using EdgeMesh.Cli.Loading;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class KillDuringLoad : DemoStep
{
    private const int Seed = 7;
    private const int Patients = 40;
    private const int ResourcesEach = 8;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    public override string Name => "kill";

    public override string Shows => "Clinic A is killed (kill -9) in the middle of a load and comes back: nothing acknowledged is missing, nothing is there twice";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var folder = Path.Combine(mesh.Place.Data.Path, "second-load");
        PatientGenerator.WriteFolder(folder, Seed, Patients);
        var before = await mesh.StatusAsync(mesh.ClinicA, cancellation);
        using var gateway = mesh.Loader(mesh.ClinicA);
        var isKilled = 0;
        var loading = new BundleLoader(gateway, mesh.ClinicA, mesh.Clock).LoadAsync(folder, parallelism: 4, (done, all) =>
        {
            mesh.OnProgress(done, all, "bundles");
            if (done == Patients / 4 && before?.Pid is { } pid && Interlocked.Exchange(ref isKilled, 1) == 0)
            {
                // .NET's Kill is SIGKILL: no handler runs, nothing is flushed.
                using var process = Process.GetProcessById(pid);
                process.Kill();
            }
        }, cancellation);
        var outcome = await loading;
        var after = await mesh.UntilAsync(() => mesh.StatusAsync(mesh.ClinicA, cancellation), s => s?.State == "ready", ReadyLimit, cancellation);
        var wrong = await WrongPatientsAsync(mesh, cancellation);
        return StepOutcome.Of(isKilled == 1 && outcome.Failed.Count == 0 && wrong.Count == 0 && after?.Pid != before?.Pid,
            $"process {before?.Pid} was killed and {after?.Pid} took over; {outcome.Bundles} of {Patients} bundles acknowledged with {outcome.Retries} retries; {wrong.Count} patients are incomplete or double"
            + (outcome.Failed.Count > 0 ? $"; failed: {outcome.Failed[0]}" : "") + (wrong.Count > 0 ? $" ({wrong[0]})" : ""),
            ("killed", before?.Pid), ("restartedAs", after?.Pid), ("acknowledged", outcome.Bundles), ("retries", outcome.Retries), ("wrong", wrong), ("failed", outcome.Failed));
    }

    private static async Task<List<string>> WrongPatientsAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var clinic = mesh.Practitioner(mesh.ClinicA);
        var wrong = new List<string>();
        for (var number = 0; number < Patients; number++)
        {
            var identifier = $"{Seed}-{number:0000}";
            var found = await clinic.SearchAllAsync($"Patient?identifier={PatientGenerator.IdentifierSystem}|{identifier}", cancellation);
            if (found is not [var patient])
            {
                wrong.Add($"{identifier} is there {found.Count} times");
                continue;
            }

            var resources = 0;
            foreach (var type in (string[])["Observation", "Condition", "AllergyIntolerance"])
            {
                resources += (await clinic.SearchAllAsync($"{type}?patient={patient["id"]}&_count=100", cancellation)).Count;
            }

            if (resources != ResourcesEach)
            {
                wrong.Add($"{identifier} has {resources} records instead of {ResourcesEach}");
            }
        }

        return wrong;
    }
}
