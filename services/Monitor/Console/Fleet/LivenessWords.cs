using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Console.Fleet;

/// <summary>States in words, and the shapes that stand beside them: nobody must tell colours apart.</summary>
internal static class LivenessWords
{
    public static string Word(this Liveness liveness) => liveness.ToString();

    /// <summary>The name of the shape and of the class.</summary>
    public static string Sign(this Liveness liveness) => liveness switch
    {
        Liveness.Live => "live",
        Liveness.Stale => "stale",
        Liveness.Offline => "offline",
        _ => "unseen",
    };
}
