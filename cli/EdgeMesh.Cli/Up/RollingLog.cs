using System.Text;

namespace EdgeMesh.Cli.Up;

/// <summary>The log of a detached <c>up</c>: a file and its predecessor, each of a bounded size.</summary>
internal sealed class RollingLog(string path, long limit = 16 << 20) : TextWriter
{
    private readonly Lock gate = new();
    private StreamWriter? writer;
    private long written;

    public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public override void Write(char value) => Append(value.ToString());

    public override void Write(string? value) => Append(value ?? string.Empty);

    public override void WriteLine(string? value) => Append((value ?? string.Empty) + Environment.NewLine);

    protected override void Dispose(bool disposing)
    {
        lock (gate)
        {
            writer?.Dispose();
            writer = null;
        }

        base.Dispose(disposing);
    }

    private void Append(string text)
    {
        lock (gate)
        {
            if (writer is null || written > limit)
            {
                Open();
            }

            writer!.Write(text);
            written += Encoding.GetByteCount(text);
        }
    }

    private void Open()
    {
        writer?.Dispose();
        if (File.Exists(path) && new FileInfo(path).Length > limit)
        {
            File.Move(path, path + ".1", overwrite: true);
        }

        writer = new(path, append: true, Encoding) { AutoFlush = true };
        written = new FileInfo(path).Length;
    }
}
