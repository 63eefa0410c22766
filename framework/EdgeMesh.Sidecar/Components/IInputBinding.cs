namespace EdgeMesh.Sidecar.Components;

/// <summary>An input binding: events from outside the site's own world.</summary>
internal interface IInputBinding
{
    /// <summary>Whether there is anything to read: a component of its own process may only take.</summary>
    bool IsRead { get; }

    /// <summary>Whether an event for which the app has no room is missed, rather than waited with.</summary>
    bool IsMissable { get; }

    /// <summary>Until it is cancelled, hands out what comes, several at a time; it returns when none is in hand any more.</summary>
    Task ReadAsync(InputHandler handler, CancellationToken cancellation);
}

/// <summary>Brings an event to the app. Never throws.</summary>
internal delegate Task<InputAnswer> InputHandler(InputEvent happened);

/// <param name="Data">For the app.</param>
/// <param name="Metadata">What else there is to know.</param>
internal sealed record InputEvent(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <param name="Data">What the app answered.</param>
/// <param name="Failure">Why it did not take the event; null: it did.</param>
internal sealed record InputAnswer(ReadOnlyMemory<byte> Data, string? Failure);
