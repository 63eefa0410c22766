namespace EdgeMesh.Testing;

/// <summary>The way to an app that some other host runs in this process: not there until it is attached.</summary>
internal sealed class AttachedHandler : HttpMessageHandler
{
    private volatile HttpMessageInvoker? _app;

    public void Attach(HttpMessageHandler app) => _app = new HttpMessageInvoker(app, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The sidecar's addresses are as it was given them; test servers take canonical ones alone.
        request.RequestUri = new Uri(request.RequestUri!.OriginalString);
        return _app is { } app ? app.SendAsync(request, cancellationToken) : throw Unreachable.Because("the app was not attached yet: call DaprTestHost.AttachAsync");
    }
}
