namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Where an invocation goes: an app of this process, a server outside, an app behind another sidecar.</summary>
internal interface IInvocationTarget
{
    /// <summary>An address there; <paramref name="pathAndQuery"/> begins with a slash and is sent as it is.</summary>
    Uri Address(string pathAndQuery);

    /// <summary>The request's address and headers are set. The answer's body is read by the caller as it comes.</summary>
    /// <exception cref="HttpRequestException">The target is not there, or broke off.</exception>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation);
}
