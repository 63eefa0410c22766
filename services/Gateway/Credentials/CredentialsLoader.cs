using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Gateway.Credentials;

/// <summary>Reads the credentials once the sidecar answers, and keeps trying until it has them. New ones are taken at the next start.</summary>
internal sealed partial class CredentialsLoader(SiteSecrets secrets, GatewayOptions options, ILogger<CredentialsLoader> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<SiteCredentials> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is waited for; null once the credentials are there.</summary>
    public string? Waiting { get; private set; } = "the secret store has not been read yet";

    /// <summary>The credentials; whoever has a TLS connection or a verified caller knows that they are there.</summary>
    public SiteCredentials Current => _loaded.Task.IsCompletedSuccessfully
        ? _loaded.Task.Result
        : throw new InvalidOperationException("The gateway's credentials are asked for before they are loaded.");

    public Task<SiteCredentials> LoadedAsync(CancellationToken cancellation) => _loaded.Task.WaitAsync(cancellation);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryLoadAsync(stoppingToken))
        {
            // The secret store belongs to another process, which comes up in its own time, whatever clock a test gave to this one.
            await Task.Delay(Pause, TimeProvider.System, stoppingToken);
        }
    }

    private async Task<bool> TryLoadAsync(CancellationToken cancellation)
    {
        try
        {
            _loaded.SetResult(await SiteCredentials.ReadAsync(secrets, options.Issuer, cancellation));
            Waiting = null;
            return true;
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidDataException)
        {
            Waiting = error.Message;
            LogUnusable(error.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The gateway's credentials can't be used, trying again: {Reason}")]
    private partial void LogUnusable(string reason);
}
