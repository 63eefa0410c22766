using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>What <c>bindings.memo</c> gives, and what it is answered, by the component's name.</summary>
internal sealed class MemoEvents
{
    private readonly ConcurrentDictionary<string, Channel<ReadResponse>> _given = new();
    private readonly ConcurrentDictionary<string, Channel<ReadRequest>> _answers = new();

    public Channel<ReadResponse> Given(ServerCallContext context) => _given.GetOrAdd(Name(context), _ => Channel.CreateUnbounded<ReadResponse>());

    public Channel<ReadRequest> Answers(ServerCallContext context) => _answers.GetOrAdd(Name(context), _ => Channel.CreateUnbounded<ReadRequest>());

    private static string Name(ServerCallContext context) => context.RequestHeaders.GetValue("x-component-instance") ?? "";
}

/// <summary>Says what it is told; gives to whoever reads what it is told to; and says what that was answered.</summary>
internal sealed class MemoOutput(MemoEvents events) : OutputBinding.OutputBindingBase
{
    private static int _last;

    public override Task<OutputBindingInitResponse> Init(OutputBindingInitRequest request, ServerCallContext context) => Task.FromResult(new OutputBindingInitResponse());

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListOperationsResponse { Operations = { "echo", "give", "answer" } });

    public override async Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
    {
        switch (request.Operation)
        {
            case "give":
                var id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
                await events.Given(context).Writer.WriteAsync(new ReadResponse { MessageId = id, Data = request.Data, Metadata = { request.Metadata } });
                return new InvokeResponse();
            case "answer":
                var answer = await events.Answers(context).Reader.ReadAsync(context.CancellationToken);
                return new InvokeResponse { Data = answer.ResponseData, Metadata = { ["failed"] = answer.ResponseError is null ? "no" : "yes" } };
            default:
                return new InvokeResponse { Data = request.Data, Metadata = { request.Metadata } };
        }
    }
}

/// <inheritdoc cref="MemoEvents"/>
internal sealed class MemoInput(MemoEvents events) : InputBinding.InputBindingBase
{
    public override Task<InputBindingInitResponse> Init(InputBindingInitRequest request, ServerCallContext context) => Task.FromResult(new InputBindingInitResponse());

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override async Task Read(IAsyncStreamReader<ReadRequest> requests, IServerStreamWriter<ReadResponse> responses, ServerCallContext context)
    {
        var answering = AnswerAsync(requests, context);
        try
        {
            await foreach (var given in events.Given(context).Reader.ReadAllAsync(context.CancellationToken))
            {
                await responses.WriteAsync(given, context.CancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }

        await answering;
    }

    private async Task AnswerAsync(IAsyncStreamReader<ReadRequest> requests, ServerCallContext context)
    {
        try
        {
            while (await requests.MoveNext(context.CancellationToken))
            {
                await events.Answers(context).Writer.WriteAsync(requests.Current);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The reader went.
        }
    }
}

/// <summary>One secret of two values, and one of one.</summary>
internal sealed class MemoSecrets : SecretStore.SecretStoreBase
{
    private static readonly Dictionary<string, SecretResponse> All = new()
    {
        ["one"] = new SecretResponse { Secrets = { ["one"] = "first" } },
        ["two"] = new SecretResponse { Secrets = { ["user"] = "u", ["password"] = "p" } },
    };

    public override Task<SecretStoreInitResponse> Init(SecretStoreInitRequest request, ServerCallContext context) => Task.FromResult(new SecretStoreInitResponse());

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) => Task.FromResult(new FeaturesResponse());

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override Task<GetSecretResponse> Get(GetSecretRequest request, ServerCallContext context) => All.TryGetValue(request.Key, out var secret)
        ? Task.FromResult(new GetSecretResponse { Data = { secret.Secrets } })
        : throw new RpcException(new Status(StatusCode.NotFound, $"there is no {request.Key}"));

    public override Task<BulkGetSecretResponse> BulkGet(BulkGetSecretRequest request, ServerCallContext context) => Task.FromResult(new BulkGetSecretResponse { Data = { All } });
}
