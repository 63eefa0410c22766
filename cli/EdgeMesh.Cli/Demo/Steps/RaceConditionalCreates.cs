using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class RaceConditionalCreates : DemoStep
{
    private const int Racers = 8;
    private const string System = "https://edgemesh.invalid/race";

    public override string Name => "conditional-create";

    public override string Shows => "Eight clients register the same person at the same moment: exactly one creates";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var person = new JsonObject
        {
            ["resourceType"] = "Patient",
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = "one" }),
            ["name"] = new JsonArray(new JsonObject { ["family"] = "Race" }),
        };
        var clinic = mesh.Practitioner(mesh.ClinicA);
        var answers = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => clinic.CreateAsync(person, cancellation, $"identifier={System}|one")));
        var codes = answers.Select(a => a.Code).Order().ToArray();
        var stored = (await clinic.SearchAllAsync($"Patient?identifier={System}|one", cancellation)).Count;
        var created = codes.Count(c => c == 201);
        return StepOutcome.Of(created == 1 && codes.Count(c => c == 200) == Racers - 1 && stored == 1,
            $"{created} of {Racers} answered 201, {codes.Count(c => c == 200)} answered 200; {stored} stored", ("statuses", codes), ("stored", stored));
    }
}
