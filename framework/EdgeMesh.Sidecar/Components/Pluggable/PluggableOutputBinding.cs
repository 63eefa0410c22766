using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>An output binding in a process of its own.</summary>
internal sealed class PluggableOutputBinding : IOutputBinding, IServerDriver
{
    private readonly ComponentSpec _spec;
    private readonly GrpcChannel _channel;
    private readonly Metadata _headers;
    private readonly OutputBinding.OutputBindingClient _binding;

    public PluggableOutputBinding(ComponentSpec spec, string socket)
    {
        _spec = spec;
        (_channel, _headers) = PluggableSocket.Open(socket, spec.Name);
        _binding = new OutputBinding.OutputBindingClient(_channel);
    }

    /// <summary>As the component named them when it was opened.</summary>
    public IReadOnlyList<string> Operations { get; private set; } = [];

    public async Task ConnectAsync(CancellationToken cancellation)
    {
        await _binding.InitAsync(new OutputBindingInitRequest { Metadata = new MetadataRequest { Properties = { _spec.Metadata.ToDictionary() } } }, _headers, cancellationToken: cancellation);
        Operations = [.. (await _binding.ListOperationsAsync(new ListOperationsRequest(), _headers, cancellationToken: cancellation)).Operations];
    }

    public async Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation)
    {
        var answer = await _binding.InvokeAsync(
            new InvokeRequest { Data = ByteString.CopyFrom(request.Data.Span), Operation = request.Operation, Metadata = { request.Metadata.ToDictionary() } }, _headers, cancellationToken: cancellation);
        return new BindingAnswer(answer.Data.IsEmpty ? null : answer.Data.ToByteArray(), answer.Metadata);
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
