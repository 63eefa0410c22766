using System.Data.Common;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>How reading or writing what is on disk fails for a time: whoever asked goes on with what it has, and asks again later.</summary>
internal static class StoreFaults
{
    public static bool Is(Exception error) => error is DbException or IOException or UnauthorizedAccessException or TimeoutException;
}
