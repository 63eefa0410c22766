namespace EdgeMesh.Hosting;

/// <summary>Writes files that take another's place as a whole: a reader, or a crash, sees the old one or the new one.</summary>
public static class FileReplacement
{
    /// <summary>Returns when the new file is on the disk and in its place. A crash before leaves at most a file <c>*.next</c>, which the next
    /// write replaces.</summary>
    /// <param name="path">In a folder that is there.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="mode">Who may read it, from its first byte on; null: as the process has it. Windows has no such modes.</param>
    public static void Write(string path, Action<Stream> write, UnixFileMode? mode = null)
    {
        var next = path + ".next";
        File.Delete(next);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var file = new FileStream(next, options))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }
}
