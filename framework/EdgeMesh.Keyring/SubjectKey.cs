namespace EdgeMesh.Keyring;

/// <summary>One of a subject's keys, as its row lists it.</summary>
/// <param name="Id">Lower-case hex.</param>
/// <param name="Class">The class it seals.</param>
/// <param name="Generation">From 1; the highest of a class seals. 0: another site's, which opens and never seals.</param>
internal sealed record SubjectKey(string Id, string Class, int Generation);
