using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using EdgeMesh.Sidecar.Sidecars.Protos;
using EdgeMesh.Sidecar.Tests.Apps;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Peers of the sidecar that say nonsense: other sidecars, and apps that host actors by a stream. Every call ends, and none takes the
/// sidecar down.</summary>
public sealed class PeerTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    [Fact]
    public async Task OtherSidecar_AnyMessages_EndWithAStatus()
    {
        var folder = TestSidecar.TemporaryFolder();
        var file = Path.Combine(folder, "config.yaml");
        await File.WriteAllTextAsync(file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  nameResolution: {{ component: sqlite, version: v1, configuration: {{ connectionString: {Path.Combine(folder, "names.db")} }} }}\n", TestSidecar.Cancellation);
        await using var app = await TestApp.StartAsync();
        await using (var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["beta"] = app.Url }, change: o => o with { ConfigurationPaths = [file] }))
        {
            using var names = SqliteNames.Open(new NameResolutionSetting(Path.Combine(folder, "names.db"), TimeSpan.FromSeconds(5)), folder, TimeProvider.System);
            using var channel = GrpcChannel.ForAddress($"http://{names.Find("beta")}");
            var invoker = channel.CreateCallInvoker();
            var random = new Random(7);
            for (var times = 0; times < 400; times++)
            {
                await EndsAsync(times % 2 == 0 ? UnaryAsync(invoker, random) : StreamAsync(invoker, random));
            }

            Assert.Equal("beta", (await sidecar.Grpc("beta").GetMetadataAsync(new GetMetadataRequest(), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation)).Id);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task ActorHost_AnyMessagesInItsStream_LeavesTheSidecarAsItWas()
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["beta"] = app.Url }, change: o => o with { Apps = [.. o.Apps.Select(a => a with { AppProtocol = AppProtocol.Grpc })] });
        using var channel = GrpcChannel.ForAddress(sidecar.GrpcEndpoint("beta"));
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "dapr.proto.runtime.v1.Dapr", "SubscribeActorEventsAlpha1", Bytes, Bytes);
        var random = new Random(7);
        for (var times = 0; times < 100; times++)
        {
            await EndsAsync(StreamAsync(channel.CreateCallInvoker(), method, random, random.Next(4), SubscribeActorEventsRequestAlpha1.Descriptor, new SubscribeActorEventsRequestAlpha1 { InitialRequest = new() { Entities = { "cat" } } }));
        }

        Assert.Equal("beta", (await sidecar.Grpc("beta").GetMetadataAsync(new GetMetadataRequest(), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation)).Id);
    }

    private static async Task UnaryAsync(CallInvoker invoker, Random random)
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, InternalMessages.Service, InternalMessages.CallLocal.Name, Bytes, Bytes);
        using var call = invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: TestSidecar.Cancellation), Changed(Request(random), random));
        await call;
    }

    private static Task StreamAsync(CallInvoker invoker, Random random) => StreamAsync(
        invoker, new Method<byte[], byte[]>(MethodType.DuplexStreaming, InternalMessages.Service, InternalMessages.CallLocalStream.Name, Bytes, Bytes), random, random.Next(4), InternalInvokeRequestStream.Descriptor,
        new InternalInvokeRequestStream { Request = Request(random) });

    private static async Task StreamAsync(CallInvoker invoker, Method<byte[], byte[]> method, Random random, int more, Google.Protobuf.Reflection.MessageDescriptor type, IMessage first)
    {
        using var call = invoker.AsyncDuplexStreamingCall(method, null, new CallOptions(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation));
        await call.RequestStream.WriteAsync(random.Next(4) == 0 ? Changed(first, random) : first.ToByteArray(), TestSidecar.Cancellation);
        for (var i = 0; i < more; i++)
        {
            await call.RequestStream.WriteAsync(Changed(RandomMessage.Of(type, random), random), TestSidecar.Cancellation);
        }

        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(TestSidecar.Cancellation))
        {
            Assert.True(call.ResponseStream.Current.Length < 1 << 20);
        }
    }

    private static InternalInvokeRequest Request(Random random)
    {
        var request = (InternalInvokeRequest)RandomMessage.Of(InternalInvokeRequest.Descriptor, random);
        if (random.Next(4) > 0)
        {
            request.Message = RandomMessage.Of(InvokeRequest.Descriptor, random).ToByteString();
        }

        foreach (var name in (string[])["Content-Type", "content-length", "Transfer-Encoding", "a b", "\r\n", ":path", "host", "é"])
        {
            if (random.Next(4) == 0)
            {
                request.Metadata[name] = new ListStringValue { Values = { new[] { "", "-1", "x\r\ny", "99999999999999999999", "é" }[random.Next(5)] } };
            }
        }

        return request;
    }

    private static byte[] Changed(IMessage message, Random random)
    {
        var bytes = message.ToByteArray();
        for (var i = random.Next(3); i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>With a status, and in time.</summary>
    private static async Task EndsAsync(Task call)
    {
        try
        {
            await call.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
        }
        catch (RpcException)
        {
            // A status.
        }
        catch (InvalidOperationException)
        {
            // The call ended before all was written.
        }
    }
}
