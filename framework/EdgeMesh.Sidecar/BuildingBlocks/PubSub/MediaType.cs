namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What daprd makes of a content type. It looks at the type alone, and knows no other <c>+json</c> than CloudEvents.</summary>
internal static class MediaType
{
    public const string CloudEvent = "application/cloudevents+json";

    public static bool IsCloudEvent(string contentType) => Is(contentType, CloudEvent);

    public static bool IsJson(string contentType) => Is(contentType, "application/json");

    public static bool IsBinary(string contentType) => Is(contentType, "application/octet-stream");

    public static bool IsText(string contentType) =>
        Type(contentType).StartsWith("text/", StringComparison.OrdinalIgnoreCase) || Is(contentType, "application/xml");

    private static bool Is(string contentType, string type) => Type(contentType).Equals(type, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Type(string contentType)
    {
        var semicolon = contentType.IndexOf(';', StringComparison.Ordinal);
        return (semicolon < 0 ? contentType : contentType.AsSpan(0, semicolon)).Trim();
    }
}
