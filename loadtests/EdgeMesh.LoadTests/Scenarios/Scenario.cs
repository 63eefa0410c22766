using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.LoadTests.Engines;
using EdgeMesh.LoadTests.Http;
using Google.Protobuf;
using Grpc.Net.Client;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>One call of the Dapr API, and how a client makes it.</summary>
internal sealed record Scenario(string Name, Func<SidecarProcess, int, CancellationToken, Task<Func<CancellationToken, ValueTask<bool>>>> ConnectAsync)
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
        Grpc("invoke-grpc", (client, _, cancel) => Done(client.InvokeServiceAsync(
            new InvokeServiceRequest { Id = "target", Message = new() { Method = "echo", ContentType = "application/json", Data = new() { Value = ByteString.CopyFrom(Body) }, HttpExtension = new() { Verb = Dapr.Client.Autogen.Grpc.v1.HTTPExtension.Types.Verb.Post } } },
            cancellationToken: cancel))),
        Http("state-set-http", "POST", _ => "/v1.0/state/store", n => Encoding.UTF8.GetBytes($"[{{\"key\":\"k{n}\",\"value\":{Encoding.UTF8.GetString(Body)}}}]"), 204),
        Http("state-get-http", "GET", n => $"/v1.0/state/store/k{n}", _ => [], 200),
        Grpc("state-set-grpc", (client, n, cancel) => Done(client.SaveStateAsync(
            new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = $"k{n}", Value = ByteString.CopyFrom(Body) } } }, cancellationToken: cancel))),
        Grpc("state-get-grpc", (client, n, cancel) => Done(client.GetStateAsync(new GetStateRequest { StoreName = "store", Key = $"k{n}" }, cancellationToken: cancel))),
        Http("transaction-http", "POST", _ => "/v1.0/state/store/transaction", n => Encoding.UTF8.GetBytes(
            $"{{\"operations\":[{{\"operation\":\"upsert\",\"request\":{{\"key\":\"a{n}\",\"value\":1}}}},{{\"operation\":\"upsert\",\"request\":{{\"key\":\"b{n}\",\"value\":2}}}}]}}"), 204),
        Http("state-set-disk", "POST", _ => "/v1.0/state/disk", n => Encoding.UTF8.GetBytes($"[{{\"key\":\"k{n}\",\"value\":{Encoding.UTF8.GetString(Body)}}}]"), 204),
        Http("actor-call-http", "PUT", n => $"/v1.0/actors/bench/{n}/method/echo", _ => Body, 200),
        Http("publish-http", "POST", _ => "/v1.0/publish/events/orders", _ => Body, 204),
        Grpc("publish-grpc", (client, _, cancel) => Done(client.PublishEventAsync(
            new PublishEventRequest { PubsubName = "events", Topic = "orders", Data = ByteString.CopyFrom(Body), DataContentType = "application/json" }, cancellationToken: cancel))),
    ];

    private static Scenario Http(string name, string method, Func<int, string> path, Func<int, byte[]> body, int expected) =>
        new(name, async (sidecar, n, cancellation) =>
        {
            var client = await RawHttpClient.ConnectAsync(sidecar.Http, method, path(n), body(n), "application/json", expected, cancellation);
            return client.CallAsync;
        });

    /// <summary>Each client has a connection of its own, as over HTTP.</summary>
    private static Scenario Grpc(string name, Func<Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient, int, CancellationToken, Task> call) => new(name, (sidecar, n, _) =>
    {
        var client = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(GrpcChannel.ForAddress(sidecar.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler() }));
        return Task.FromResult<Func<CancellationToken, ValueTask<bool>>>(async cancellation =>
        {
            await call(client, n, cancellation);
            return true;
        });
    });

    private static Task Done<T>(Grpc.Core.AsyncUnaryCall<T> call) => call.ResponseAsync;
}
