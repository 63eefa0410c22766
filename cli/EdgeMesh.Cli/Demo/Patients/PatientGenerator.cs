using System.Globalization;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Demo.Patients;

/// <summary>Makes small, plausible FHIR R4 transaction bundles. The same seed gives the same bytes: no clock, no other randomness.</summary>
internal sealed class PatientGenerator(int seed)
{
    public const string IdentifierSystem = "https://edgemesh.invalid/patients";
    public const string PractitionerSystem = "https://edgemesh.invalid/practitioners";
    public const string OrganizationSystem = "https://edgemesh.invalid/organizations";

    private static readonly string[] Given = ["Ada", "Ben", "Chioma", "Dmitri", "Elif", "Farid", "Grete", "Hana", "Ines", "Jonas", "Kavya", "Liam", "Mei", "Noor", "Olu", "Priya"];
    private static readonly string[] Family = ["Abel", "Brandt", "Castro", "Diallo", "Eriksen", "Farkas", "Gupta", "Haddad", "Ito", "Jansen", "Kowalski", "Lindqvist", "Moreau", "Novak"];
    private static readonly (string Code, string Display, string Unit, double Low, double High)[] Vitals =
    [
        ("8867-4", "Heart rate", "/min", 52, 104), ("8310-5", "Body temperature", "Cel", 36.1, 38.9), ("9279-1", "Respiratory rate", "/min", 11, 22),
        ("29463-7", "Body weight", "kg", 44, 121), ("8302-2", "Body height", "cm", 149, 198), ("2339-0", "Glucose", "mg/dL", 68, 172),
    ];

    private static readonly (string Code, string Display)[] Conditions =
        [("38341003", "Hypertensive disorder"), ("44054006", "Diabetes mellitus type 2"), ("195967001", "Asthma"), ("73211009", "Diabetes mellitus"), ("396275006", "Osteoarthritis")];

    private static readonly (string Code, string Display)[] Allergies =
        [("91936005", "Allergy to penicillin"), ("91935009", "Allergy to peanut"), ("300916003", "Latex allergy"), ("232347008", "Dander allergy")];

    private readonly Random random = new(seed);

    /// <summary>Bundle number <paramref name="number"/>; call in order.</summary>
    public JsonObject Next(int number)
    {
        var patient = Urn(number, 0);
        var practitioner = Urn(number, 1);
        var organization = Urn(number, 2);
        var encounter = Urn(number, 3);
        var doctor = random.Next(4);
        var visit = new DateOnly(2024, 1, 1).AddDays(random.Next(600));
        var entries = new JsonArray
        {
            Entry(patient, Patient(number)),
            Entry(organization, Organization(doctor % 2)),
            Entry(practitioner, Practitioner(doctor)),
            Entry(encounter, Encounter(patient, practitioner, organization, visit)),
        };
        var next = 4;
        foreach (var vital in Vitals)
        {
            entries.Add(Entry(Urn(number, next++), Observation(patient, encounter, vital, visit)));
        }

        entries.Add(Entry(Urn(number, next++), Condition(patient, encounter, Pick(Conditions), visit)));
        entries.Add(Entry(Urn(number, next), Allergy(patient, Pick(Allergies))));
        return new() { ["resourceType"] = "Bundle", ["type"] = "transaction", ["entry"] = entries };
    }

    /// <summary>Writes that many bundles into the folder.</summary>
    public static void WriteFolder(string folder, int seed, int count)
    {
        Directory.CreateDirectory(folder);
        var generator = new PatientGenerator(seed);
        for (var number = 0; number < count; number++)
        {
            File.WriteAllText(Path.Combine(folder, $"patient-{seed}-{number:0000}.json"), generator.Next(number).ToJsonString());
        }
    }

    private static JsonObject Entry(string urn, JsonObject resource) => new()
    {
        ["fullUrl"] = urn,
        ["request"] = new JsonObject { ["method"] = "POST", ["url"] = resource["resourceType"]!.DeepClone() },
        ["resource"] = resource,
    };

    private static JsonObject Coded(string system, string code, string display) =>
        new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = system, ["code"] = code, ["display"] = display }), ["text"] = display };

    private static JsonArray Identified(string system, string value) => [new JsonObject { ["system"] = system, ["value"] = value }];

    private static JsonObject Reference(string urn) => new() { ["reference"] = urn };

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private JsonObject Patient(int number) => new()
    {
        ["resourceType"] = "Patient",
        ["identifier"] = Identified(IdentifierSystem, $"{seed}-{number:0000}"),
        ["active"] = true,
        ["name"] = new JsonArray(new JsonObject { ["family"] = Pick(Family), ["given"] = new JsonArray(Pick(Given)) }),
        ["gender"] = random.Next(2) == 0 ? "female" : "male",
        ["birthDate"] = Text(new DateOnly(1935, 1, 1).AddDays(random.Next(30_000))),
    };

    private static JsonObject Organization(int number) => new()
    {
        ["resourceType"] = "Organization", ["identifier"] = Identified(OrganizationSystem, $"ward-{number}"), ["name"] = $"Ward {number + 1}",
    };

    private static JsonObject Practitioner(int number) => new()
    {
        ["resourceType"] = "Practitioner",
        ["identifier"] = Identified(PractitionerSystem, $"doctor-{number}"),
        ["name"] = new JsonArray(new JsonObject { ["family"] = Family[number], ["prefix"] = new JsonArray("Dr.") }),
    };

    private static JsonObject Encounter(string patient, string practitioner, string organization, DateOnly visit) => new()
    {
        ["resourceType"] = "Encounter",
        ["status"] = "finished",
        ["class"] = new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ActCode", ["code"] = "AMB" },
        ["subject"] = Reference(patient),
        ["participant"] = new JsonArray(new JsonObject { ["individual"] = Reference(practitioner) }),
        ["serviceProvider"] = Reference(organization),
        ["period"] = new JsonObject { ["start"] = Text(visit), ["end"] = Text(visit) },
    };

    private static JsonObject Condition(string patient, string encounter, (string Code, string Display) condition, DateOnly visit) => new()
    {
        ["resourceType"] = "Condition",
        ["clinicalStatus"] = Coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        ["code"] = Coded("http://snomed.info/sct", condition.Code, condition.Display),
        ["subject"] = Reference(patient),
        ["encounter"] = Reference(encounter),
        ["onsetDateTime"] = Text(visit),
    };

    private static JsonObject Allergy(string patient, (string Code, string Display) allergy) => new()
    {
        ["resourceType"] = "AllergyIntolerance",
        ["clinicalStatus"] = Coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active", "Active"),
        ["code"] = Coded("http://snomed.info/sct", allergy.Code, allergy.Display),
        ["patient"] = Reference(patient),
    };

    private JsonObject Observation(string patient, string encounter, (string Code, string Display, string Unit, double Low, double High) vital, DateOnly visit) => new()
    {
        ["resourceType"] = "Observation",
        ["status"] = "final",
        ["category"] = new JsonArray(Coded("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "Vital signs")),
        ["code"] = Coded("http://loinc.org", vital.Code, vital.Display),
        ["subject"] = Reference(patient),
        ["encounter"] = Reference(encounter),
        ["effectiveDateTime"] = Text(visit),
        ["valueQuantity"] = new JsonObject
        {
            ["value"] = Math.Round(vital.Low + (random.NextDouble() * (vital.High - vital.Low)), 1),
            ["unit"] = vital.Unit, ["system"] = "http://unitsofmeasure.org", ["code"] = vital.Unit,
        },
    };

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];

    private string Urn(int number, int part) => $"urn:uuid:{seed:x8}-{number:x4}-4{part:x3}-8000-000000000000";
}
