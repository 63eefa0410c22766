using System.Text.Json.Serialization;

namespace EdgeMesh.Sidecar;

/// <summary>Texts, lists and maps of texts as JSON, without reflection: for whatever has no form of its own.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, int>))]
internal sealed partial class PlainJson : JsonSerializerContext;
