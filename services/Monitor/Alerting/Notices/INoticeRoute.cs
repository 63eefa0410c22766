namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>Brings notices to people.</summary>
internal interface INoticeRoute
{
    /// <summary>The route's name in the rules.</summary>
    string Name { get; }

    /// <summary>Null: it was taken; else why not, for people.</summary>
    Task<string?> SendAsync(Notice notice, CancellationToken cancellation);
}
