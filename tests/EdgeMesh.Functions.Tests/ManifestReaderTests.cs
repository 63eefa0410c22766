namespace EdgeMesh.Functions.Tests;

public sealed class ManifestReaderTests
{
    private const string Small = """
        name: triage
        version: 1.0.0
        module: triage.wasm
        triggers:
          - http: { method: POST, path: /vitals }
        """;

    [Fact]
    public async Task Read_SmallestManifest_HasDefaults()
    {
        var manifest = await ManifestAsync(Small);

        Assert.Equal(("triage", "1.0.0", "triage.wasm"), (manifest.Name, manifest.Version, manifest.Module));
        Assert.Equal("/vitals", Assert.Single(manifest.Triggers).Http!.Path);
        Assert.Equal((new CallLimits(), new FunctionShare(), StateLimits.Usual), (manifest.Limits, manifest.Share, manifest.State));
        Assert.False(manifest.Permissions.State);
        Assert.True(manifest.Targets.Include("any", new Dictionary<string, string>()));
    }

    [Fact]
    public async Task Read_EveryKey_IsRead()
    {
        var manifest = await ManifestAsync("""
            name: triage
            version: 1.2.3
            description: Alerts on vital signs
            module: triage.wasm
            triggers:
              - http: { method: GET, path: "/patients/{id}/vitals", scope: system/Observation.r }
              - topic: { name: vitals, batch: 10, retries: 3, deadLetter: vitals-dead }
              - schedule: { cron: "0 30 2 * * *", timeZone: Europe/Berlin, missed: all }
              - changes: { collections: [Observation], labels: [N], retries: 2 }
            limits: { fuel: 5000000, time: 250ms, memory: 2MiB, input: 64KiB, output: 100B, log: 1KiB, hostCalls: 7, state: 3MiB, stateKeys: 20 }
            concurrency: 2
            queue: 50
            weight: 20
            permissions: { state: true, publish: [alerts], invoke: ["GET records/fhir/Patient/*"], preciseClock: true }
            settings: { threshold: "120" }
            secrets: { key: functions/triage-key }
            targets: { sites: [clinic-a, clinic-b], labels: { kind: clinic } }
            """);

        Assert.Equal(new HttpTrigger { Method = "GET", Path = "/patients/{id}/vitals", Scope = "system/Observation.r" }, manifest.Triggers[0].Http);
        Assert.Equal(new TopicTrigger { Name = "vitals", Batch = 10, Retries = 3, DeadLetter = "vitals-dead" }, manifest.Triggers[1].Topic);
        Assert.Equal(new ScheduleTrigger { Cron = "0 30 2 * * *", TimeZone = "Europe/Berlin", Missed = MissedTimes.All }, manifest.Triggers[2].Schedule);
        Assert.Equal(["Observation"], manifest.Triggers[3].Changes!.Collections);
        Assert.Equal(["N"], manifest.Triggers[3].Changes!.Labels);
        Assert.Equal(2, manifest.Triggers[3].Changes!.Retries);
        Assert.Equal(
            new CallLimits { Fuel = 5_000_000, WallClock = TimeSpan.FromMilliseconds(250), MemoryBytes = 2 << 20, InputBytes = 64 << 10, OutputBytes = 100, LogBytes = 1024, HostCalls = 7 }, manifest.Limits);
        Assert.Equal(new FunctionShare { Concurrency = 2, QueueLimit = 50, Weight = 20 }, manifest.Share);
        Assert.Equal(new StateLimits(20, 3 << 20), manifest.State);
        Assert.Equal((true, true), (manifest.Permissions.State, manifest.Permissions.PreciseClock));
        Assert.Equal(["alerts"], manifest.Permissions.Publish);
        Assert.Equal(["GET records/fhir/Patient/*"], manifest.Permissions.Invoke);
        Assert.Equal("120", manifest.Settings["threshold"]);
        Assert.Equal("functions/triage-key", manifest.Secrets["key"]);
        Assert.True(manifest.Targets.Include("clinic-a", new Dictionary<string, string> { ["kind"] = "clinic" }));
        Assert.False(manifest.Targets.Include("clinic-a", new Dictionary<string, string> { ["kind"] = "core" }));
        Assert.False(manifest.Targets.Include("core", new Dictionary<string, string> { ["kind"] = "clinic" }));
    }

    [Theory]
    [InlineData("name: Triage\n", 1, "name", "form")]
    [InlineData("version: 1.0\n", 2, "version", "form")]
    [InlineData("module: ../../etc/passwd.wasm\n", 3, "module", "form")]
    [InlineData("trigers: []\n", 6, "trigers", "known are")]
    [InlineData("limits:\n  memory: 1TiB\n", 7, "limits.memory", "form")]
    [InlineData("limits:\n  time: 2h\n", 7, "limits.time", "at most 15m")]
    [InlineData("limits:\n  fuel: lots\n", 7, "limits.fuel", "whole number")]
    [InlineData("limits:\n  stateKeys: 10001\n", 7, "limits.stateKeys", "from 1 to 10000")]
    [InlineData("weight: 1000\n", 6, "weight", "from 1 to 100")]
    [InlineData("settings:\n  a: 5\n", 7, "settings.a", "quotes")]
    [InlineData("secrets:\n  key: site-key\n", 7, "secrets.key", "form")]
    [InlineData("permissions:\n  invoke: [\"GET records/../ledger\"]\n", 7, "permissions.invoke[0]", "form")]
    [InlineData("triggers:\n  - http: { method: FETCH, path: /a }\n", 5, "triggers[0].http.method", "one of GET")]
    [InlineData("triggers:\n  - http: { method: GET, path: /a/../b }\n    topic: { name: x }\n", 5, "triggers[0]", "exactly one")]
    [InlineData("triggers:\n  - schedule: { cron: \"every day\" }\n", 5, "triggers[0].schedule.cron", "six fields")]
    [InlineData("triggers:\n  - schedule: { cron: \"0 0 * * * *\", timeZone: Mars/Base }\n", 5, "triggers[0].schedule.timeZone", "no time zone")]
    [InlineData("triggers:\n  - http: { method: GET, path: '/a/{info}' }\n", 5, "triggers[0].http.path", "PATH_INFO")]
    [InlineData("triggers:\n  - http: { method: GET, path: '/{Translated}' }\n", 5, "triggers[0].http.path", "PATH_TRANSLATED")]
    [InlineData("triggers:\n  - http: { method: GET, path: '/{id}/{ID}' }\n", 5, "triggers[0].http.path", "PATH_ID")]
    [InlineData("triggers:\n  - topic: { name: a }\n  - topic: { name: a }\n", 6, "triggers[1]", "twice")]
    [InlineData("triggers: []\n", 4, "triggers", "at least 1")]
    public async Task Read_BadKey_IsNamedWithItsLine(string replacement, int line, string key, string says)
    {
        var result = await ManifestReader.ReadAsync("function.yaml", Replace(replacement));

        Assert.Null(result.Manifest);
        Assert.Contains(result.Faults, f => f.Line == line && f.Key == key && f.Problem.Contains(says, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b\n")]
    [InlineData("name: [unclosed\n")]
    [InlineData("name: &a [*a]\n")]
    [InlineData("? {complex: key}\n: value\n")]
    public async Task Read_NoManifestAtAll_IsAFaultAndNoCrash(string text)
    {
        var result = await ManifestReader.ReadAsync("function.yaml", text);

        Assert.Null(result.Manifest);
        Assert.NotEmpty(result.Faults);
    }

    [Fact]
    public async Task Read_ManyFaults_AreAllListed()
    {
        var result = await ManifestReader.ReadAsync("function.yaml", "name: X\nversion: 1\n");
        Assert.Equal(["triggers", "module", "name", "version"], result.Faults.Select(f => f.Key).OrderBy(k => Array.IndexOf(["triggers", "module", "name", "version"], k)));
    }

    private static async Task<FunctionManifest> ManifestAsync(string yaml)
    {
        var result = await ManifestReader.ReadAsync("function.yaml", yaml);
        Assert.Empty(result.Faults);
        return result.Manifest!;
    }

    /// <summary>The small manifest with one key replaced in place, or added at its end.</summary>
    private static string Replace(string entry)
    {
        var key = entry[..(entry.IndexOf(':', StringComparison.Ordinal) + 1)];
        var lines = Small.Split('\n').ToList();
        var at = lines.FindIndex(l => l.StartsWith(key, StringComparison.Ordinal));
        if (at < 0)
        {
            return $"{Small}\n{entry}";
        }

        lines.RemoveRange(at, key == "triggers:" ? lines.Count - at : 1);
        lines.Insert(at, entry.TrimEnd('\n'));
        return string.Join('\n', lines);
    }
}
