using EdgeMesh.Sidecar.Apps;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Where one app's reminders are kept: a file, made by the first of them.</summary>
/// <param name="app">The app.</param>
/// <param name="logger">For what can't be kept.</param>
/// <param name="found">Takes up what earlier runs left, when the file is opened.</param>
internal sealed class ReminderShelf(AppRuntime app, ILogger logger, Action<ReminderShelf, Reminder, string> found)
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abort = new();
    private ReminderFile? _file;

    public AppRuntime App => app;

    public ILogger Logger => logger;

    /// <summary>Calls under way end.</summary>
    public CancellationToken Aborted => _abort.Token;

    private string FilePath => Path.Combine(app.Process.WorkingDirectory ?? Directory.GetCurrentDirectory(), $"reminders-{Uri.EscapeDataString(app.AppId)}.db");

    /// <summary>Opens the file if there is one.</summary>
    /// <exception cref="InvalidOperationException">It can't be opened; the message says why.</exception>
    public void Load()
    {
        if (File.Exists(FilePath))
        {
            NeedFile();
        }
    }

    /// <exception cref="InvalidOperationException">The file can't be opened; the message says why.</exception>
    public ReminderFile NeedFile()
    {
        IReadOnlyList<(Reminder Reminder, string Registration)> content;
        lock (_gate)
        {
            if (_file is not null)
            {
                return _file;
            }

            try
            {
                (_file, content) = ReminderFile.Open(FilePath);
            }
            catch (Exception error) when (error is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw new InvalidOperationException($"{FilePath} can't be opened: {error.Message}", error);
            }
        }

        foreach (var (reminder, registration) in content)
        {
            found(this, reminder, registration);
        }

        return _file;
    }

    /// <param name="running">What fires; it has been told to end, and ends with its calls under way.</param>
    public async Task CloseAsync(IEnumerable<Task> running)
    {
        await _abort.CancelAsync();
        await Task.WhenAll(running);
        if (_file is not null)
        {
            await _file.DisposeAsync();
        }
    }
}
