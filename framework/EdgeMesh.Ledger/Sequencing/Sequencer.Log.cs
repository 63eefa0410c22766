using Microsoft.Extensions.Logging;

namespace EdgeMesh.Ledger;

public sealed partial class Sequencer
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The ledger is loaded: {Size} entries, epoch {Epoch}.")]
    private partial void LogLoaded(long size, long epoch);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The ledger halts and signs nothing more: {Reason}")]
    private partial void LogHalted(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not write and loads anew: {Reason}")]
    private partial void LogDoubt(Exception error, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger takes no entries: {Reason}")]
    private partial void LogClock(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The ledger left superfluous rows: {Reason}")]
    private partial void LogUnclean(Exception error, string reason);
}
