using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>A SQLite file that can be made anew from a journal or the ledger. Only what it says of itself is a reason to: a disk that refuses now, or a
/// reader that holds it, is none, and passes.</summary>
internal static class RebuildableFile
{
    private const int SqliteNoTable = 1;
    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    public static bool IsDamaged(SqliteException error) => error.SqliteErrorCode is SqliteNoTable or SqliteCorrupt or SqliteNotADatabase;

    public static void Delete(string path)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(path + suffix);
        }
    }
}
