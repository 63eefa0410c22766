using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry;

/// <summary>Takes so many new traces a second, whole, and leaves out the rest: what tracing costs does not grow with the load.</summary>
internal sealed class RateSampler(int perSecond, TimeProvider clock) : Sampler
{
    private readonly Lock _gate = new();
    private double _room = perSecond;
    private long _at = clock.GetTimestamp();

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(HasRoom() ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);

    private bool HasRoom()
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            _room = Math.Min(perSecond, _room + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
            if (_room < 1)
            {
                return false;
            }

            _room--;
            return true;
        }
    }
}
