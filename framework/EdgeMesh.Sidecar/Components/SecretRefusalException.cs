namespace EdgeMesh.Sidecar.Components;

/// <summary>A secret store does not give a secret, and its message says why: it has none of that name, or it failed.</summary>
internal sealed class SecretRefusalException(string message, Exception inner) : Exception(message, inner);
