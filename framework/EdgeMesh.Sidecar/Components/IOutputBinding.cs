namespace EdgeMesh.Sidecar.Components;

/// <summary>An output binding: a way out of the site's own world.</summary>
internal interface IOutputBinding
{
    /// <summary>What it can do, in the order in which daprd names it.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <exception cref="BindingFailureException">It did not do it; the message says why.</exception>
    Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation);
}

/// <param name="Operation">One of the binding's operations.</param>
/// <param name="Data">As the app sent it; JSON when it came by HTTP.</param>
/// <param name="Metadata">What the operation needs besides.</param>
internal sealed record BindingRequest(string Operation, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <param name="Data">Null: nothing to say.</param>
/// <param name="Metadata">What else there is.</param>
internal sealed record BindingAnswer(byte[]? Data, IReadOnlyDictionary<string, string> Metadata)
{
    public static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();
}

/// <summary>A binding could not do what it was asked to; what there is of an answer goes to the app.</summary>
internal sealed class BindingFailureException(string message, BindingAnswer? answer = null) : Exception(message)
{
    public BindingAnswer? Answer { get; } = answer;
}
