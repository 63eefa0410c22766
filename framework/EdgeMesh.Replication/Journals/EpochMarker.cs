using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>Remembers outside the stores how far a journal went. A head behind it was restored from a backup: going on there would use
/// numbers twice. The file may lag by what a power loss took; it never runs ahead.</summary>
internal sealed class EpochMarker(string? path)
{
    public (uint Epoch, long Batch) Read()
    {
        if (path is null || !File.Exists(path))
        {
            return default;
        }

        var parts = File.ReadAllText(path).Split('.');
        return parts.Length == 2 && uint.TryParse(parts[0], CultureInfo.InvariantCulture, out var epoch) && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var batch)
            ? (epoch, batch)
            : default;
    }

    public void Write(uint epoch, long batch)
    {
        if (path is not null)
        {
            File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{epoch}.{batch}"));
        }
    }
}
