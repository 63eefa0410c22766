using EdgeMesh.Replication.Feeds;
using Google.Protobuf;

namespace EdgeMesh.Replication.Tests;

public sealed class FeedFormatTests
{
    [Fact]
    public void FeedCursor_EverySpelling_IsReadOnlyInItsOneForm()
    {
        foreach (var text in new[] { "0.0.0", "1.2.3", "1.2.3~4" })
        {
            Assert.True(FeedCursor.TryParse(text, out var cursor));
            Assert.Equal(text, cursor.ToString());
        }

        foreach (var text in new[] { null, "", "1.2", "1.2.3~", "1.2.3~0", "1.2.3~04", "1.2.3~-1", "1.2.3~4~5", "~4" })
        {
            Assert.False(FeedCursor.TryParse(text, out _));
        }
    }

    [Fact]
    public void FeedPage_UnknownFields_AreKept()
    {
        byte[] unknown = [.. new Wire.FeedPage { Journal = "a.b.c" }.ToByteArray(), 0xF8, 0x7F, 0x05];
        Assert.Equal(unknown, Wire.FeedPage.Parser.ParseFrom(unknown).ToByteArray());
    }
}
