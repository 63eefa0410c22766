using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry;

/// <summary>Says in the host's log when shipping begins to wait, is held, and goes on again. Of hosts that share a spool the one that started
/// last speaks.</summary>
internal sealed partial class ShippingLog(LogShipping shipping, ILogger<ShippingLog> logger) : IHostedService
{
    private LogShippingState? _trouble;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        shipping.Shipper.Changed = Say;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (shipping.Shipper.Changed == Say)
        {
            shipping.Shipper.Changed = null;
        }

        return Task.CompletedTask;
    }

    private void Say(LogShippingStatus status)
    {
        // Each try of an outage has a reason of its own; one line tells of all.
        switch (status.State)
        {
            case LogShippingState.Held when _trouble != LogShippingState.Held:
                _trouble = LogShippingState.Held;
                LogHeld(logger, status.Reason);
                break;
            case LogShippingState.Waiting when _trouble is null:
                _trouble = LogShippingState.Waiting;
                LogWaiting(logger, status.Reason);
                break;
            case LogShippingState.Idle when _trouble is not null:
                _trouble = null;
                LogCaughtUp(logger, status.Delivered);
                break;
        }
    }

    [LoggerMessage(LogLevel.Error, "Logs are kept and not shipped until somebody helps: {Reason}")]
    private static partial void LogHeld(ILogger logger, string? reason);

    [LoggerMessage(LogLevel.Warning, "Logs are kept until they can be shipped: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string? reason);

    [LoggerMessage(LogLevel.Information, "Logs are shipped again, {Delivered} since the start")]
    private static partial void LogCaughtUp(ILogger logger, long delivered);
}
