using System.Text.Json;

namespace EdgeMesh.Hosting;

/// <summary>Reads and writes <c>mesh.json</c>. Writing replaces the file as a whole, so a reader never sees half of it.</summary>
public static class MeshDirectoryFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Reads the directory.</summary>
    /// <exception cref="InvalidDataException">The file is missing or not a mesh directory; the message names it and says what to do.</exception>
    public static MeshDirectory Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var directory = JsonSerializer.Deserialize<MeshDirectory>(file, Json);
            if (directory is null || directory.Sites.IsDefaultOrEmpty || directory.Find(directory.Self) is null)
            {
                throw new InvalidDataException($"{path}: 'sites' is empty or lacks 'self'. `edgemesh up` writes this file; delete it and start again.");
            }

            return directory;
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path}: {error.Message} The setting EdgeMesh:Directory must name a mesh.json; `edgemesh up` writes one for each site.", error);
        }
    }

    /// <summary>Writes the directory.</summary>
    public static void Save(MeshDirectory directory, string path)
    {
        var next = path + ".next";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(directory, Json));
        File.Move(next, path, overwrite: true);
    }
}
