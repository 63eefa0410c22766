using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.LoadTests.Engines;
using EdgeMesh.LoadTests.Http;
using Google.Protobuf;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>One call of the Dapr API, and how a client makes it.</summary>
internal sealed record Scenario(string Name, Func<SidecarProcess, int, RawClient> Connect)
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes($"{{\"order\":\"{new string('x', 1000)}\"}}");

    /// <summary>How many are measured. What syncs to the disk is measured with one: the disk decides.</summary>
    public IReadOnlyList<int> Clients => HasBar ? [1, 32] : [1];

    /// <summary>Whether there are figures that it must reach.</summary>
    public bool HasBar => !Name.EndsWith("-disk", StringComparison.Ordinal);

    public bool Delivers => Name.StartsWith("publish", StringComparison.Ordinal);

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Http("invoke-http", "POST", _ => "/v1.0/invoke/target/method/echo", _ => Body, 200),
        Grpc("invoke-grpc", "InvokeService", _ => new InvokeServiceRequest
        {
            Id = "target",
            Message = new() { Method = "echo", ContentType = "application/json", Data = new() { Value = ByteString.CopyFrom(Body) }, HttpExtension = new() { Verb = Dapr.Client.Autogen.Grpc.v1.HTTPExtension.Types.Verb.Post } },
        }),
        Http("state-set-http", "POST", _ => "/v1.0/state/store", Items, 204),
        Http("state-get-http", "GET", n => $"/v1.0/state/store/k{n}", _ => [], 200).After("/v1.0/state/store"),
        Grpc("state-set-grpc", "SaveState", n => new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = $"k{n}", Value = ByteString.CopyFrom(Body) } } }),
        Grpc("state-get-grpc", "GetState", n => new GetStateRequest { StoreName = "store", Key = $"k{n}" }).After("/v1.0/state/store"),
        Http("transaction-http", "POST", _ => "/v1.0/state/store/transaction", n => Encoding.UTF8.GetBytes(
            $"{{\"operations\":[{{\"operation\":\"upsert\",\"request\":{{\"key\":\"a{n}\",\"value\":1}}}},{{\"operation\":\"upsert\",\"request\":{{\"key\":\"b{n}\",\"value\":2}}}}]}}"), 204),
        Http("state-set-disk", "POST", _ => "/v1.0/state/disk", Items, 204),
        Http("actor-call-http", "PUT", n => $"/v1.0/actors/bench/{n}/method/echo", _ => Body, 200),
        Http("publish-http", "POST", _ => "/v1.0/publish/events/orders", _ => Body, 204),
        Grpc("publish-grpc", "PublishEvent", _ => new PublishEventRequest { PubsubName = "events", Topic = "orders", Data = ByteString.CopyFrom(Body), DataContentType = "application/json" }),
    ];

    private static byte[] Items(int client) => Encoding.UTF8.GetBytes($"[{{\"key\":\"k{client}\",\"value\":{Encoding.UTF8.GetString(Body)}}}]");

    private static Scenario Http(string name, string method, Func<int, string> path, Func<int, byte[]> body, int expected) =>
        new(name, (sidecar, n) => RawHttpClient.Connect(sidecar.Http, method, path(n), body(n), "application/json", expected));

    /// <summary>Each client has a connection of its own, as over HTTP.</summary>
    private static Scenario Grpc(string name, string method, Func<int, IMessage> message) =>
        new(name, (sidecar, n) => RawGrpcClient.Connect(sidecar.Grpc, "/dapr.proto.runtime.v1.Dapr/" + method, message(n)));

    /// <summary>What it reads is written first.</summary>
    private Scenario After(string store) => this with
    {
        Connect = (sidecar, n) =>
        {
            using var writer = RawHttpClient.Connect(sidecar.Http, "POST", store, Items(n), "application/json", 204);
            return writer.Call() ? Connect(sidecar, n) : throw new InvalidOperationException($"{sidecar.Engine} did not take what {Name} reads.");
        },
    };
}
