using Newtonsoft.Json.Linq;

namespace EdgeMesh.Functions.Manifests;

/// <summary>From JSON that the schema has accepted to a manifest.</summary>
internal static class ManifestMapping
{
    private static readonly CallLimits DefaultLimits = new();
    private static readonly FunctionShare DefaultShare = new();

    public static FunctionManifest Manifest(JObject json) => new()
    {
        Name = Text(json["name"])!,
        Version = Text(json["version"])!,
        Description = Text(json["description"]),
        Module = Text(json["module"])!,
        Triggers = [.. json["triggers"]!.Cast<JObject>().Select(Trigger)],
        Limits = Limits(json["limits"]),
        Share = new FunctionShare
        {
            Concurrency = (int?)json["concurrency"] ?? DefaultShare.Concurrency,
            QueueLimit = (int?)json["queue"] ?? DefaultShare.QueueLimit,
            Weight = (int?)json["weight"] ?? DefaultShare.Weight,
        },
        State = new StateLimits((int?)json["limits"]?["stateKeys"] ?? StateLimits.Usual.Keys, Size(json["limits"], "state", (int)StateLimits.Usual.Bytes)),
        Permissions = new FunctionPermissions
        {
            State = (bool?)json["permissions"]?["state"] ?? false,
            Publish = Texts(json["permissions"]?["publish"]),
            Invoke = Texts(json["permissions"]?["invoke"]),
            PreciseClock = (bool?)json["permissions"]?["preciseClock"] ?? false,
        },
        Configuration = Map(json["configuration"]),
        Settings = Map(json["settings"]),
        Secrets = Map(json["secrets"]),
        Targets = new FunctionTargets { Sites = Texts(json["targets"]?["sites"]), Labels = Map(json["targets"]?["labels"]) },
    };

    private static FunctionTrigger Trigger(JObject json) => ((JProperty)json.First!) switch
    {
        { Name: "http", Value: var http } => new FunctionTrigger { Http = new HttpTrigger { Method = Text(http["method"])!, Path = Text(http["path"])!, Scope = Text(http["scope"]), Open = (bool?)http["open"] ?? false } },
        { Name: "topic", Value: var topic } => new FunctionTrigger
        {
            Topic = new TopicTrigger { Name = Text(topic["name"])!, Batch = (int?)topic["batch"] ?? 1, Retries = (int?)topic["retries"] ?? 5, DeadLetter = Text(topic["deadLetter"]) },
        },
        { Name: "schedule", Value: var schedule } => new FunctionTrigger
        {
            Schedule = new ScheduleTrigger { Cron = Text(schedule["cron"])!, TimeZone = Text(schedule["timeZone"]) ?? "UTC", Missed = Missed(Text(schedule["missed"])) },
        },
        { Value: var changes } => new FunctionTrigger
        {
            Changes = new ChangesTrigger { Collections = Texts(changes["collections"]), Labels = Texts(changes["labels"]), Retries = (int?)changes["retries"] ?? 5 },
        },
    };

    private static CallLimits Limits(JToken? json) => new()
    {
        Fuel = (long?)json?["fuel"] ?? DefaultLimits.Fuel,
        WallClock = Text(json?["time"]) is { } time ? Quantity.Duration(time) : DefaultLimits.WallClock,
        MemoryBytes = Size(json, "memory", DefaultLimits.MemoryBytes),
        InputBytes = Size(json, "input", DefaultLimits.InputBytes),
        OutputBytes = Size(json, "output", DefaultLimits.OutputBytes),
        LogBytes = Size(json, "log", DefaultLimits.LogBytes),
        HostCalls = (int?)json?["hostCalls"] ?? DefaultLimits.HostCalls,
    };

    private static int Size(JToken? json, string key, int otherwise) => Text(json?[key]) is { } text ? Quantity.Size(text) ?? int.MaxValue : otherwise;

    private static MissedTimes Missed(string? text) => text switch
    {
        "skip" => MissedTimes.Skip,
        "all" => MissedTimes.All,
        _ => MissedTimes.Once,
    };

    private static string? Text(JToken? token) => (string?)token;

    private static IReadOnlyList<string> Texts(JToken? token) => token is JArray list ? [.. list.Select(t => (string)t!)] : [];

    private static Dictionary<string, string> Map(JToken? token) =>
        token is JObject map ? map.Properties().ToDictionary(p => p.Name, p => (string)p.Value!, StringComparer.Ordinal) : [];
}
