using System.Diagnostics.Metrics;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>How long this process has waited for the answers to its HTTP requests, as the runtime's own <c>http.client.request.duration</c> has it.</summary>
internal sealed class RequestTime : IDisposable
{
    private readonly MeterListener _listener = new();
    private double _seconds;

    public RequestTime()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "System.Net.Http", Name: "http.client.request.duration" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => Interlocked.Exchange(ref _seconds, _seconds + seconds));
        _listener.Start();
    }

    /// <summary>Of all requests that were answered, one after another.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    public void Dispose() => _listener.Dispose();
}
