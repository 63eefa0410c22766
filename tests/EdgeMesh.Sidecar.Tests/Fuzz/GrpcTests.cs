using CsCheck;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Messages of nonsense and bytes that are no messages at every method of the API: each call ends with a status, none takes the
/// sidecar down.</summary>
public sealed class GrpcTests
{
    private const int LongestAnswer = 8 << 20;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    /// <summary>All but the one that ends the sidecar.</summary>
    private static readonly MethodDescriptor[] Methods = [.. DaprReflection.Descriptor.Services.Single(s => s.FullName == MethodTable.Service).Methods.Where(m => m.Name != "Shutdown")];

    /// <summary>A method, a seed of its message, and what is changed of its bytes.</summary>
    private static readonly Gen<(int Method, int Seed, (int At, byte Value)[] Changes)> Calls =
        Gen.Select(Gen.Int[0, Methods.Length - 1], Gen.Int, Gen.Select(Gen.Int[0, 500], Gen.Byte).Array[0, 4]);

    [Fact]
    public async Task Unary_AnyMessage_EndsWithAStatus()
    {
        await using var sidecar = await StartAsync();
        using var channel = GrpcChannel.ForAddress(sidecar.GrpcEndpoint("alpha"), new GrpcChannelOptions { MaxReceiveMessageSize = LongestAnswer });
        var invoker = channel.CreateCallInvoker();
        Calls.Where(c => !IsStream(Methods[c.Method])).Sample(
            call => Status(() => invoker.BlockingUnaryCall(Method(call.Method, MethodType.Unary), null, Options(TimeSpan.FromSeconds(30)), Message(call))), iter: 2000, threads: 4);
        await AssertLivesAsync(sidecar);
    }

    [Fact]
    public async Task Stream_AnyMessages_EndWithAStatus()
    {
        await using var sidecar = await StartAsync();
        using var channel = GrpcChannel.ForAddress(sidecar.GrpcEndpoint("alpha"), new GrpcChannelOptions { MaxReceiveMessageSize = LongestAnswer });
        var invoker = channel.CreateCallInvoker();
        var random = new Random(1);
        var streams = Enumerable.Range(0, Methods.Length).Where(m => IsStream(Methods[m])).ToArray();
        for (var times = 0; times < 150; times++)
        {
            // Open-ended ones are ended by their deadline.
            using var call = invoker.AsyncDuplexStreamingCall(Method(streams[times % streams.Length], MethodType.DuplexStreaming), null, Options(TimeSpan.FromMilliseconds(300)));
            try
            {
                for (var messages = random.Next(4); messages >= 0; messages--)
                {
                    await call.RequestStream.WriteAsync(Message((streams[times % streams.Length], random.Next(), random.Next(2) == 0 ? [] : [(random.Next(500), (byte)random.Next(256))])), TestSidecar.Cancellation);
                }

                await call.RequestStream.CompleteAsync();
                while (await call.ResponseStream.MoveNext(TestSidecar.Cancellation))
                {
                    Assert.True(call.ResponseStream.Current.Length < LongestAnswer);
                }
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

        await AssertLivesAsync(sidecar);
    }

    private static void Status(Action call)
    {
        try
        {
            call();
        }
        catch (RpcException error)
        {
            // A call that hangs ends so.
            Assert.NotEqual(StatusCode.DeadlineExceeded, error.StatusCode);
        }
    }

    private static Task<TestSidecar> StartAsync() => TestSidecar.StartAsync(
        Yaml.StandardStores + Yaml.Component("pubsub", "pubsub.in-memory") + Yaml.Component("locks", "lock.edgemesh.sqlite", ("connectionString", "locks.db"))
        + Yaml.Component("settings", "configuration.edgemesh.sqlite", ("connectionString", "settings.db")) + Yaml.Component("files", "bindings.localstorage", ("rootPath", "files")));

    private static async Task AssertLivesAsync(TestSidecar sidecar)
    {
        Assert.Equal("alpha", (await sidecar.Grpc().GetMetadataAsync(new GetMetadataRequest(), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation)).Id);
        Assert.False(sidecar.Stopping.IsCancellationRequested);
        Assert.False(File.Exists(Path.Combine(sidecar.Folder, "..", "x")));
    }

    private static bool IsStream(MethodDescriptor method) => method.IsClientStreaming || method.IsServerStreaming;

    private static Method<byte[], byte[]> Method(int method, MethodType type) => new(type, MethodTable.Service, Methods[method].Name, Bytes, Bytes);

    private static CallOptions Options(TimeSpan limit) => new(TestSidecar.GrpcToken, TimeProvider.System.GetUtcNow().UtcDateTime + limit);

    private static byte[] Message((int Method, int Seed, (int At, byte Value)[] Changes) call)
    {
        var bytes = RandomMessage.Of(Methods[call.Method].InputType, new Random(call.Seed)).ToByteArray();
        foreach (var (at, value) in call.Changes.Where(_ => bytes.Length > 0))
        {
            bytes[at % bytes.Length] = value;
        }

        return bytes;
    }
}
