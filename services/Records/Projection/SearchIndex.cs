namespace EdgeMesh.Services.Records.Projection;

/// <summary>The search index: its file, the one who writes it, and those who read it.</summary>
internal sealed class SearchIndex : IDisposable
{
    private readonly ProjectionFile _file;
    private readonly FactsSeal _seal;

    /// <param name="path">Where its file is.</param>
    /// <param name="fingerprint">Of the keys the rows are made with.</param>
    /// <param name="key">Seals the facts of the rows.</param>
    public SearchIndex(string path, string fingerprint, byte[] key)
    {
        (_file, _seal) = (new ProjectionFile(path, fingerprint), new FactsSeal(key));
        (Writer, Rows) = (new ProjectionWriter(_file, _seal), new ProjectionReader(_file, _seal));
    }

    public ProjectionWriter Writer { get; }

    public ProjectionReader Rows { get; }

    public void Dispose()
    {
        Writer.Dispose();
        _file.Release();
        _seal.Dispose();
    }
}
