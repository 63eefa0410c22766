namespace EdgeMesh.Sidecar.Tracing;

/// <summary>What a Configuration's <c>tracing</c> asks for.</summary>
/// <param name="SamplingRate">Share of traces begun here that are recorded, 0 to 1. What a caller decided stands.</param>
internal sealed record TracingSetting(double SamplingRate)
{
    /// <summary>daprd's, where exporters are named and no rate.</summary>
    public const double DefaultRate = 0.0001;

    /// <summary>Whether each span is a line in the log.</summary>
    public bool ToLog { get; init; }

    /// <summary>Where Zipkin takes spans; null: nowhere.</summary>
    public Uri? Zipkin { get; init; }

    /// <summary>Where a collector takes them; null: nowhere.</summary>
    public OtlpSetting? Otlp { get; init; }

    public bool IsExported => ToLog || Zipkin is not null || Otlp is not null;
}

/// <param name="Endpoint">With its path, where the protocol has one.</param>
/// <param name="IsGrpc">Else protobuf by HTTP.</param>
/// <param name="Headers">Sent along: a token, for example.</param>
/// <param name="Timeout">How long one export may take.</param>
internal sealed record OtlpSetting(Uri Endpoint, bool IsGrpc, IReadOnlyList<(string Name, string Value)> Headers, TimeSpan Timeout);
