using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>A disk that is full: SQLite itself refuses to let the store's file grow, as it does where the file system has no room.</summary>
internal static class FullDisk
{
    private const long MostPages = 4_294_967_294;

    /// <summary>The file grows no further.</summary>
    public static Task FillDiskAsync(this TelemetryStore store) => PagesAsync(store, 1);

    /// <summary>There is room again.</summary>
    public static Task MakeRoomAsync(this TelemetryStore store) => PagesAsync(store, MostPages);

    /// <summary>More than fits on pages that have room left.</summary>
    public static TelemetryBatch Heavy(Func<int, LogLine> line) => new() { Logs = [.. Enumerable.Range(0, 500).Select(line)] };

    // Fewer pages than there are is no fewer than there are.
    private static Task PagesAsync(TelemetryStore store, long most) => store.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = System.FormattableString.Invariant($"PRAGMA max_page_count = {most}");
        command.ExecuteNonQuery();
    });
}
