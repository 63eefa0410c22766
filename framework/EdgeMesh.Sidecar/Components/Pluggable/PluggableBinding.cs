using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>A binding in a process of its own: one that takes, one that gives, or both.</summary>
internal sealed class PluggableBinding : IOutputBinding, IInputBinding, IServerDriver
{
    private readonly ComponentSpec _spec;
    private readonly GrpcChannel _channel;
    private readonly Metadata _headers;
    private readonly OutputBinding.OutputBindingClient _output;
    private readonly InputBinding.InputBindingClient _input;
    private readonly ILogger _logger;

    public PluggableBinding(ComponentSpec spec, string socket, ComponentContext context)
    {
        _spec = spec;
        (_channel, _headers) = PluggableSocket.Open(socket, spec.Name);
        (_output, _input) = (new OutputBinding.OutputBindingClient(_channel), new InputBinding.InputBindingClient(_channel));
        _logger = context.Loggers.CreateLogger("EdgeMesh.Sidecar.Pluggable");
    }

    /// <summary>As the component named them when it was opened; empty: it takes nothing.</summary>
    public IReadOnlyList<string> Operations { get; private set; } = [];

    public bool IsRead { get; private set; }

    public bool IsMissable => false;

    /// <exception cref="InvalidOperationException">It neither takes nor gives.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        var settings = new MetadataRequest { Properties = { _spec.Metadata.ToDictionary() } };
        if (await IsServedAsync(async () => await _output.InitAsync(new OutputBindingInitRequest { Metadata = settings }, _headers, cancellationToken: cancellation)))
        {
            Operations = [.. (await _output.ListOperationsAsync(new ListOperationsRequest(), _headers, cancellationToken: cancellation)).Operations];
        }

        IsRead = await IsServedAsync(async () => await _input.InitAsync(new InputBindingInitRequest { Metadata = settings }, _headers, cancellationToken: cancellation));
        if (!IsRead && Operations.Count == 0)
        {
            throw new InvalidOperationException("the process on its socket serves neither an input nor an output binding.");
        }
    }

    private static async Task<bool> IsServedAsync(Func<Task> open)
    {
        try
        {
            await open();
            return true;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return false;
        }
    }

    public async Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation)
    {
        var answer = await _output.InvokeAsync(
            new InvokeRequest { Data = ByteString.CopyFrom(request.Data.Span), Operation = request.Operation, Metadata = { request.Metadata.ToDictionary() } }, _headers, cancellationToken: cancellation);
        return new BindingAnswer(answer.Data.ToByteArray(), answer.Metadata);
    }

    public async Task ReadAsync(InputHandler handler, CancellationToken cancellation)
    {
        await using var stream = new PluggableStream<ReadRequest, ReadResponse>(_spec.Name, () => _input.Read(_headers), null, (given, _) => DeliverAsync(given, handler), _logger);
        // The stream reads by itself until then.
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<ReadRequest> DeliverAsync(ReadResponse given, InputHandler handler)
    {
        var answer = await handler(new InputEvent(given.Data.Memory, given.Metadata));
        return new ReadRequest
        {
            MessageId = given.MessageId,
            ResponseData = UnsafeByteOperations.UnsafeWrap(answer.Data),
            ResponseError = answer.Failure is { } failure ? new AckResponseError { Message = failure } : null,
        };
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
