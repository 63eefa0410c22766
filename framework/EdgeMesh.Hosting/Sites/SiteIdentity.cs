namespace EdgeMesh.Hosting;

/// <summary>Which site and service this host is.</summary>
/// <param name="Site">From the setting <c>EdgeMesh:Site</c>.</param>
/// <param name="Service">The Dapr app id, given to <c>AddEdgeMesh</c>.</param>
/// <param name="DataDirectory">The site's folder, from <c>EdgeMesh:DataDirectory</c>: rebuildable projections live here.</param>
public sealed record SiteIdentity(string Site, string Service, string DataDirectory);
