namespace EdgeMesh.Testing.Tests;

/// <summary>What an app was told, in the order of telling.</summary>
internal sealed class Heard
{
    private readonly List<string?> _all = [];

    public IReadOnlyList<string?> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public void Clear()
    {
        lock (_all)
        {
            _all.Clear();
        }
    }

    public void Add(string? said)
    {
        lock (_all)
        {
            _all.Add(said);
        }
    }
}
