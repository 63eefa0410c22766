using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.MeshTests.Functions;

/// <summary>What a site has on disk in its component <c>heads</c>: the same tables on either engine.</summary>
internal static class HeadsFile
{
    /// <summary>Rows whose keys are like a pattern of SQL.</summary>
    public static IReadOnlyList<(string Key, string Value)> Read(OneSite site, string pattern)
    {
        using var heads = new SqliteConnection($"Data Source={Path.Combine(site.Data, "heads.db")};Pooling=False;Default Timeout=30");
        heads.Open();
        using var command = heads.CreateCommand();
        command.CommandText = "SELECT key, value, is_binary FROM state WHERE key LIKE $pattern";
        command.Parameters.AddWithValue("$pattern", pattern);
        using var rows = command.ExecuteReader();
        var read = new List<(string, string)>();
        while (rows.Read())
        {
            read.Add((rows.GetString(0), rows.GetBoolean(2) ? Encoding.UTF8.GetString(Convert.FromBase64String(rows.GetString(1))) : rows.GetString(1)));
        }

        return read;
    }
}
