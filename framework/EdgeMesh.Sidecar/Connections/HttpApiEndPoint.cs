using System.Net;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>A port of the HTTP API: tells Kestrel that <see cref="HttpApiListeners"/> opens it.</summary>
internal sealed class HttpApiEndPoint(IPAddress address, int port) : IPEndPoint(address, port);
