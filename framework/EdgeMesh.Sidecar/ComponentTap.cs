namespace EdgeMesh.Sidecar;

/// <summary>Stands between the sidecar and its components, for tests: sees each call, and passes it on, late, twice, or not at all. Without
/// one the sidecar calls its components directly.</summary>
/// <param name="call">What is about to happen.</param>
/// <param name="next">Does it. May be called later than the tap returns, more than once, or never: what was not done looks done to the app,
/// and reads find nothing.</param>
/// <param name="cancellation">The caller does not wait any longer.</param>
public delegate Task ComponentTap(ComponentCall call, Func<Task> next, CancellationToken cancellation);

/// <summary>A call of a component.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="App">The app for which it is done.</param>
/// <param name="Component">The component's name; <c>scheduler</c> for jobs, which no component keeps; the name or address of a server outside.</param>
/// <param name="Name">A topic, a key or a lock with its prefix (<c>app||key</c>), an operation of a binding, the name of a secret, a job or a
/// key that encrypts, <c>POST /path</c> of an invocation. Empty: all secrets, keys or jobs at once.</param>
/// <param name="Data">The message or the value; what a binding gets, the owner of a lock, the data of a job; empty where nothing is handed over.</param>
public sealed record ComponentCall(ComponentCallKind Kind, string App, string Component, string Name, ReadOnlyMemory<byte> Data)
{
    internal const string Scheduler = "scheduler";

    /// <summary>What the app said besides: of a message, of a binding.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a call of a component does.</summary>
public enum ComponentCallKind
{
    /// <summary>Reads a key.</summary>
    StateRead,

    /// <summary>Writes a key, alone or in a transaction.</summary>
    StateWrite,

    /// <summary>Deletes a key, alone or in a transaction.</summary>
    StateDelete,

    /// <summary>Hands a message to a broker.</summary>
    Publish,

    /// <summary>Brings a message to an app by a stream that the app holds open. What else comes to an app passes its <see cref="SidecarAppOptions.AppHandler"/>.</summary>
    StreamedDelivery,

    /// <summary>Calls an actor by a stream that its app holds open; the component is the app that calls, empty for timers and reminders.</summary>
    StreamedActorCall,

    /// <summary>Has an output binding do something.</summary>
    BindingInvocation,

    /// <summary>Reads a secret, or all.</summary>
    SecretRead,

    /// <summary>Reads a key of a configuration, or all.</summary>
    ConfigurationRead,

    /// <summary>Tries to take a lock.</summary>
    Lock,

    /// <summary>Gives a lock back.</summary>
    Unlock,

    /// <summary>Has a key wrap what encrypts a document.</summary>
    Encrypt,

    /// <summary>Has a key unwrap what decrypts a document.</summary>
    Decrypt,

    /// <summary>Invokes a server outside: an HTTPEndpoint by its name, or an address.</summary>
    Invocation,

    /// <summary>Keeps a job.</summary>
    JobSchedule,

    /// <summary>Reads a job, or all.</summary>
    JobRead,

    /// <summary>Deletes a job, or all whose names begin so.</summary>
    JobDelete,
}

internal static class ComponentTapExtensions
{
    /// <summary>Does it through a tap.</summary>
    /// <param name="tap">The tap.</param>
    /// <param name="call">What is about to happen.</param>
    /// <param name="undone">What it comes to when the tap does not let it happen, or only later.</param>
    /// <param name="run">Does it. When its caller has gone, it does so all the same.</param>
    /// <param name="cancellation">The caller does not wait any longer.</param>
    public static async Task<T> RunAsync<T>(this ComponentTap tap, ComponentCall call, T undone, Func<CancellationToken, Task<T>> run, CancellationToken cancellation)
    {
        var (result, isLate) = (undone, false);
        try
        {
            await tap(call, async () => result = await run(Volatile.Read(ref isLate) ? CancellationToken.None : cancellation), cancellation);
            return result;
        }
        finally
        {
            Volatile.Write(ref isLate, true);
        }
    }
}
