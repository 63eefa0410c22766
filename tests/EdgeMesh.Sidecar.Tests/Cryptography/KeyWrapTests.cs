using System.Security.Cryptography;
using EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

namespace EdgeMesh.Sidecar.Tests.Cryptography;

/// <summary>The vectors of RFC 3394, section 4.</summary>
public sealed class KeyWrapTests
{
    [Theory]
    [InlineData("000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")]
    public void Wrap_PublishedVector_IsTheSameAndOpensAgain(string key, string plain, string wrapped)
    {
        Assert.Equal(wrapped, Convert.ToHexString(KeyWrap.WrapAes(Convert.FromHexString(key), Convert.FromHexString(plain))));
        Assert.Equal(plain, Convert.ToHexString(KeyWrap.UnwrapAes(Convert.FromHexString(key), Convert.FromHexString(wrapped))));
    }

    [Fact]
    public void Unwrap_OneBitChanged_IsRefused()
    {
        var key = new byte[32];
        var wrapped = KeyWrap.WrapAes(key, new byte[32]);
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            var changed = wrapped.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CryptographicException>(() => KeyWrap.UnwrapAes(key, changed));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(25)]
    public void Unwrap_NoPossibleLength_IsRefused(int length) => Assert.Throws<CryptographicException>(() => KeyWrap.UnwrapAes(new byte[32], new byte[length]));
}
