namespace EdgeMesh.Replication;

/// <summary>Names a document: <c>collection/id</c>, unique in the mesh because the site that makes it assigns <c>{site}-{random}</c>.</summary>
/// <param name="Collection">What kind of thing, such as <c>Patient</c>.</param>
/// <param name="Id">The identity inside the collection.</param>
public readonly record struct DocumentKey(string Collection, string Id)
{
    /// <summary><c>collection/id</c>.</summary>
    public override string ToString() => $"{Collection}/{Id}";
}
