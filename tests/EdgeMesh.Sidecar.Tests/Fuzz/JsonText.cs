using System.Text.Json;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>What a fuzzer made, where it happens to be JSON.</summary>
internal static class JsonText
{
    public static void ReadIfAny(byte[] json, Action<JsonElement> read)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return;
        }

        using (document)
        {
            read(document.RootElement);
        }
    }
}
