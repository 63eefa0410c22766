using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>One actor.</summary>
internal readonly record struct ActorAddress(string Type, string Id)
{
    /// <summary>Names become segments of a path, and may hold nothing that would end one.</summary>
    public static ActorAddress Of(string type, string id) => new(Checked(type, "invalid actorType: name"), Checked(id, "invalid actorId: name"));

    /// <param name="name">What becomes a segment of the path to the app.</param>
    /// <param name="what">How a fault names it.</param>
    /// <param name="forbidden">What it may not hold, beside control characters.</param>
    public static string Checked(string name, string what, string forbidden = "/?#\\") =>
        !name.AsSpan().ContainsAny(forbidden) && !name.Any(char.IsControl)
            ? name
            : throw new DaprFault("ERR_BAD_REQUEST", $"invalid request: {what} contains forbidden character: \"{name}\"", 400, StatusCode.InvalidArgument);

    public static string Method(string name) => Checked(name, "method", "/?#");

    public string Path => $"/actors/{Uri.EscapeDataString(Type)}/{Uri.EscapeDataString(Id)}";

    public override string ToString() => $"{Type}||{Id}";
}
