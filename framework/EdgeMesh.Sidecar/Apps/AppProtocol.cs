namespace EdgeMesh.Sidecar;

/// <summary>How an app listens, as daprd's <c>--app-protocol</c> names it.</summary>
public enum AppProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>HTTP/1.1 over TLS; as with daprd, the app's certificate is not checked.</summary>
    Https,

    /// <summary>HTTP/2 without TLS.</summary>
    H2c,

    /// <summary>gRPC: the app serves <c>AppCallback</c>, or only its own services.</summary>
    Grpc,

    /// <summary>gRPC over TLS; as with daprd, the app's certificate is not checked.</summary>
    Grpcs,
}
