using System.Text;
using CsCheck;

namespace EdgeMesh.Keyring.Tests;

public sealed class KeyringTests
{
    private static readonly KeyScope Scope = new("Patient/clinic-a-1", "N");

    private readonly MemoryKeyStore _store = new();
    private readonly SiteKeys _keys = SiteKeys.Generate();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_WhatWasSealed_IsTheSameAlsoAfterARestart()
    {
        ReadOnlyMemory<byte> envelope;
        using (var keyring = new Keyring(_keys, _store))
        {
            envelope = await keyring.SealAsync(Scope, "secret"u8.ToArray(), "aad"u8.ToArray(), Cancellation);
        }

        using var reopened = new Keyring(_keys, _store);
        var opened = await reopened.OpenAsync(envelope, "aad"u8.ToArray(), Cancellation);
        Assert.Equal("secret", Encoding.UTF8.GetString(opened.Plaintext.Span));
    }

    [Fact]
    public void Open_AnyBitFlipped_NeverOpens()
    {
        using var keyring = new Keyring(_keys, _store);
        Gen.Select(Gen.Byte.Array[0, 64], Gen.Int[0, 10_000]).Sample(pair =>
        {
            var envelope = keyring.SealAsync(Scope, pair.Item1, default, default).AsTask().GetAwaiter().GetResult().ToArray();
            var bit = pair.Item2 % (envelope.Length * 8);
            envelope[bit / 8] ^= (byte)(1 << bit % 8);
            return keyring.OpenAsync(envelope, default, default).AsTask().GetAwaiter().GetResult().Failure is OpenFailure.Tampered or OpenFailure.UnknownKey;
        }, iter: 500);
    }

    [Fact]
    public async Task Open_OtherAssociatedData_IsTampered()
    {
        using var keyring = new Keyring(_keys, _store);
        var envelope = await keyring.SealAsync(Scope, new byte[10], "a"u8.ToArray(), Cancellation);
        Assert.Equal(OpenFailure.Tampered, (await keyring.OpenAsync(envelope, "b"u8.ToArray(), Cancellation)).Failure);
    }

    [Fact]
    public async Task Seal_FirstTwiceAtOnce_EndsWithOneKey()
    {
        using var keyring = new Keyring(_keys, _store);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => keyring.SealAsync(Scope, new byte[1], default, Cancellation).AsTask()));
        Assert.Single(_store.Keys, k => k.StartsWith("key/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Import_ByTheRecipient_Opens_AndByAnybodyElse_DoesNot()
    {
        using var owner = new Keyring(_keys, _store);
        var (recipientKeys, strangerKeys) = (SiteKeys.Generate(), SiteKeys.Generate());
        using var recipient = new Keyring(recipientKeys, new MemoryKeyStore());
        using var stranger = new Keyring(strangerKeys, new MemoryKeyStore());
        var envelope = await owner.SealAsync(Scope, "shared"u8.ToArray(), default, Cancellation);
        Assert.Equal(OpenFailure.UnknownKey, (await recipient.OpenAsync(envelope, default, Cancellation)).Failure);
        var wrapped = await owner.WrapForAsync(envelope, recipientKeys.ExchangePublicKey(), Cancellation);
        Assert.True(await recipient.ImportAsync(wrapped, Cancellation));
        Assert.False(await stranger.ImportAsync(wrapped, Cancellation));
        Assert.Equal("shared", Encoding.UTF8.GetString((await recipient.OpenAsync(envelope, default, Cancellation)).Plaintext.Span));
    }

    [Fact]
    public async Task Forget_AfterImport_ClosesTheCopyAgain()
    {
        using var owner = new Keyring(_keys, _store);
        var keys = SiteKeys.Generate();
        using var recipient = new Keyring(keys, new MemoryKeyStore());
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        await recipient.ImportAsync(await owner.WrapForAsync(envelope, keys.ExchangePublicKey(), Cancellation), Cancellation);
        await recipient.ForgetAsync(envelope, Cancellation);
        Assert.Equal(OpenFailure.Erased, (await recipient.OpenAsync(envelope, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Rotate_OldEnvelopesStillOpen_AndNewOnesNameAnotherKey()
    {
        using var keyring = new Keyring(_keys, _store);
        var before = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        await keyring.RotateAsync(Scope, Cancellation);
        var after = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.NotEqual(before[1..17].ToArray(), after[1..17].ToArray());
        Assert.Null((await keyring.OpenAsync(before, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Erase_Subject_DestroysAllItsClassesAndGenerations_AndNobodyElses()
    {
        using var keyring = new Keyring(_keys, _store);
        var first = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        await keyring.RotateAsync(Scope, Cancellation);
        var second = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        var psychiatric = await keyring.SealAsync(Scope with { Class = "PSY" }, new byte[1], default, Cancellation);
        var other = await keyring.SealAsync(new KeyScope("Patient/clinic-a-2", "N"), new byte[1], default, Cancellation);
        await keyring.EraseAsync(Scope.Subject, Cancellation);
        foreach (var envelope in new[] { first, second, psychiatric })
        {
            Assert.Equal(OpenFailure.Erased, (await keyring.OpenAsync(envelope, default, Cancellation)).Failure);
        }

        Assert.Null((await keyring.OpenAsync(other, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Store_RowNames_HoldNothingPersonal()
    {
        using var keyring = new Keyring(_keys, _store);
        await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.DoesNotContain(_store.Keys, k => k.Contains("clinic-a-1", StringComparison.Ordinal) || k.Contains("Patient", StringComparison.Ordinal));
    }
}
