using CsCheck;

namespace EdgeMesh.Services.Monitor.Tests.Console.Logs;

/// <summary>What may be looked for in logs: of characters that have a meaning where they are typed or in an address, and of some that have none.</summary>
internal static class Searches
{
    public static readonly Gen<string?> Text = Gen.OneOf(Gen.Const((string?)null), Characters(1));

    public static readonly Gen<Dictionary<string, string>> Fields = Gen.Dictionary(Characters(0), Characters(0))[0, 4];

    private static Gen<string> Characters(int least) => Gen.Char["aB0 =\"\\\t\n\u00a0é%&+#?._"].Array[least, 8].Select(c => new string(c));
}
