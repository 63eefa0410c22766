namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The ids of traces as people and addresses give them.</summary>
internal static class TraceIds
{
    private const int Digits = 32;

    /// <summary>In lower case; null: it is none, as it is not 32 hexadecimal digits.</summary>
    public static string? Read(string? text) => text?.Trim() is { Length: Digits } id && id.All(char.IsAsciiHexDigit) ? id.ToLowerInvariant() : null;
}
