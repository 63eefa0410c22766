using System.Text.Json;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Up;

/// <summary>What a running <c>up</c> says of itself in its data folder. Stale after a kill; <see cref="DataFolder.UpLock"/> tells.</summary>
internal sealed record UpState(int Pid, string Control, int PortShift, string Engine)
{
    public static UpState? Read(DataFolder data)
    {
        if (!FolderLock.IsHeld(data.UpLock) || !File.Exists(data.UpState))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<UpState>(File.ReadAllBytes(data.UpState), JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(DataFolder data) =>
        PrivateFiles.Write(data.UpState, JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web));
}
