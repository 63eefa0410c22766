namespace EdgeMesh.Telemetry;

/// <summary>What came back, if anything did.</summary>
/// <param name="Status">Of HTTP; 0: no answer.</param>
/// <param name="Body">What it said, up to a bound.</param>
/// <param name="Fault">Why there is no answer.</param>
/// <param name="MayHaveArrived">Whether a request without an answer may have been carried out.</param>
internal readonly record struct ElasticAnswer(int Status, byte[] Body, string? Fault = null, bool MayHaveArrived = false)
{
    private const int ReasonLength = 300;

    public bool IsSuccess => Status is >= 200 and < 300;

    public bool IsRefusal => Status is 401 or 403;

    /// <summary>For an operator.</summary>
    public string Reason => Fault ?? $"it answered {Status}: {System.Text.Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, ReasonLength)))}";
}
