namespace EdgeMesh.RepoTests;

/// <summary>One library per heavy dependency. Tests may use what they need to look at things from outside.</summary>
internal static class PackageRule
{
    private static readonly (string Prefix, string[] Owners, string Why)[] Homes =
    [
        ("Wasmtime", ["EdgeMesh.Functions"], "WebAssembly runs in Functions alone"),
        ("Hl7.Fhir", ["EdgeMesh.Services.Records"], "FHIR is Records' matter alone"),
        ("MudBlazor", ["EdgeMesh.Services.Monitor"], "the console is Monitor's"),
        ("Microsoft.AspNetCore.Components", ["EdgeMesh.Services.Monitor"], "the console is Monitor's"),
        ("Yarp", ["EdgeMesh.Services.Gateway"], "the gateway is the only proxy"),
        ("Dapr.Protos", ["EdgeMesh.Sidecar", "EdgeMesh.LoadTests"], "only the embedded sidecar serves Dapr's API, and load tests measure it"),
        ("Grpc.AspNetCore", ["EdgeMesh.Sidecar", "EdgeMesh.Services.Monitor"], "only the embedded sidecar serves Dapr's API, and the monitor OTLP"),
        ("OpenTelemetry", ["EdgeMesh.Telemetry", "EdgeMesh.Sidecar"], "everybody else measures with the base library; the sidecar exports where a Configuration says"),
        ("Serilog", ["EdgeMesh.Telemetry"], "everybody else logs with the base library"),
        ("Spectre.Console", ["EdgeMesh.Cli", "EdgeMesh.LoadTests"], "terminals are the command line's"),
        ("System.CommandLine", ["EdgeMesh.Cli", "EdgeMesh.LoadTests"], "terminals are the command line's"),
        ("Microsoft.Data.Sqlite", ["EdgeMesh.Sidecar", "EdgeMesh.Services.Records", "EdgeMesh.Services.Monitor"], "SQLite is for the sidecar, and for projections that can be rebuilt"),
        ("SQLitePCLRaw", ["EdgeMesh.Sidecar", "EdgeMesh.Services.Records", "EdgeMesh.Services.Monitor"], "SQLite is for the sidecar, and for projections that can be rebuilt"),
        .. Drivers("Npgsql", "RabbitMQ", "Confluent", "StackExchange", "CassandraCSharpDriver", "MongoDB", "MySql", "Microsoft.Data.SqlClient", "Azure.Messaging", "AWSSDK", "NATS", "MQTTnet", "Elastic.Clients"),
    ];

    public static IEnumerable<string> Violations(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where !project.IsTest
        from package in project.Packages
        from home in Homes
        where package.StartsWith(home.Prefix, StringComparison.Ordinal) && !home.Owners.Contains(project.Name)
        select $"{project.Path} references {package}: {home.Why}";

    private static IEnumerable<(string, string[], string)> Drivers(params string[] prefixes) =>
        prefixes.Select(p => (p, (string[])["EdgeMesh.Sidecar"], "brokers and databases are reached through Dapr"));
}
