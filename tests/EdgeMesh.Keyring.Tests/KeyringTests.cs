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
    public async Task Seal_FirstByTwoInstances_EndsWithOneKey()
    {
        using var one = new Keyring(_keys, _store);
        using var two = new Keyring(_keys, _store);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => (i % 2 == 0 ? one : two).SealAsync(Scope, new byte[1], default, Cancellation).AsTask())));
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
        Assert.Equal(OpenFailure.UnknownKey, (await recipient.OpenAsync(envelope, default, Cancellation)).Failure);
        await recipient.ImportAsync(await owner.WrapForAsync(envelope, keys.ExchangePublicKey(), Cancellation), Cancellation);
        Assert.Null((await recipient.OpenAsync(envelope, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Erase_AtTheRecipient_ReachesImportedKeys_AndTheyStayErased()
    {
        using var owner = new Keyring(_keys, _store);
        var keys = SiteKeys.Generate();
        using var recipient = new Keyring(keys, new MemoryKeyStore());
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        var wrapped = await owner.WrapForAsync(envelope, keys.ExchangePublicKey(), Cancellation);
        await recipient.ImportAsync(wrapped, Cancellation);
        await recipient.EraseAsync(Scope.Subject, Cancellation);
        Assert.True(await recipient.ImportAsync(wrapped, Cancellation));
        Assert.Equal(OpenFailure.Erased, (await recipient.OpenAsync(envelope, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Import_AnyBitFlipped_IsRefused()
    {
        using var owner = new Keyring(_keys, _store);
        var keys = SiteKeys.Generate();
        using var recipient = new Keyring(keys, new MemoryKeyStore());
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        var wrapped = (await owner.WrapForAsync(envelope, keys.ExchangePublicKey(), Cancellation)).ToArray();
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
            // X25519 ignores the top bit of a public key; the derivation binds the key's bytes, so it is refused all the same.
            Assert.False(await recipient.ImportAsync(wrapped, Cancellation));
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(await recipient.ImportAsync(wrapped.AsMemory(0, 20), Cancellation));
        Assert.True(await recipient.ImportAsync(wrapped, Cancellation));
    }

    [Fact]
    public async Task Import_AKeyWithoutItsSealer_NeverSeals()
    {
        using var owner = new Keyring(_keys, _store);
        var keys = SiteKeys.Generate();
        using var recipient = new Keyring(keys, new MemoryKeyStore());
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        await recipient.ImportAsync(await owner.WrapForAsync(envelope, keys.ExchangePublicKey(), Cancellation), Cancellation);
        var own = await recipient.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.NotEqual(envelope[1..17].ToArray(), own[1..17].ToArray());
    }

    [Fact]
    public async Task WrapFor_AKeyThatIsNotHere_IsEmpty()
    {
        using var owner = new Keyring(_keys, _store);
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        await owner.EraseAsync(Scope.Subject, Cancellation);
        Assert.True((await owner.WrapForAsync(envelope, _keys.ExchangePublicKey(), Cancellation)).IsEmpty);
        Assert.True((await owner.WrapForAsync(new byte[3], _keys.ExchangePublicKey(), Cancellation)).IsEmpty);
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await owner.WrapForAsync(await owner.SealAsync(Scope, new byte[1], default, Cancellation), new byte[5], Cancellation));
    }

    [Fact]
    public async Task Forget_TheOwnCurrentKey_SealsUnderANewOne()
    {
        using var owner = new Keyring(_keys, _store);
        var envelope = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        await owner.ForgetAsync(envelope, Cancellation);
        var next = await owner.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.Equal(OpenFailure.UnknownKey, (await owner.OpenAsync(envelope, default, Cancellation)).Failure);
        Assert.Null((await owner.OpenAsync(next, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task SealAndOpen_WithTheKeyInMemory_CompleteWithoutWaiting()
    {
        using var keyring = new Keyring(_keys, _store);
        var envelope = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.True(keyring.SealAsync(Scope, new byte[1], default, Cancellation).IsCompletedSuccessfully);
        Assert.True(keyring.OpenAsync(envelope, default, Cancellation).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Seal_MoreScopesThanTheCacheHolds_StillOpensAll()
    {
        using var keyring = new Keyring(_keys, _store, cachedKeys: 4);
        var envelopes = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < 20; i++)
        {
            envelopes.Add(await keyring.SealAsync(new KeyScope("Patient/" + i, "N"), new byte[1], default, Cancellation));
        }

        foreach (var envelope in envelopes)
        {
            Assert.Null((await keyring.OpenAsync(envelope, default, Cancellation)).Failure);
        }
    }

    [Fact]
    public async Task Erase_ASubjectWithMoreKeysThanATransactionHolds_DestroysAll()
    {
        using var keyring = new Keyring(_keys, _store);
        var envelopes = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < 130; i++)
        {
            await keyring.RotateAsync(Scope, Cancellation);
            envelopes.Add(await keyring.SealAsync(Scope, new byte[1], default, Cancellation));
        }

        await keyring.EraseAsync(Scope.Subject, Cancellation);
        foreach (var envelope in envelopes)
        {
            Assert.Equal(OpenFailure.Erased, (await keyring.OpenAsync(envelope, default, Cancellation)).Failure);
        }

        var after = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.Null((await keyring.OpenAsync(after, default, Cancellation)).Failure);
    }

    [Fact]
    public async Task Store_RowsSwapped_AreNoticed()
    {
        ReadOnlyMemory<byte> first, second;
        using (var keyring = new Keyring(_keys, _store))
        {
            first = await keyring.SealAsync(Scope, new byte[1], default, Cancellation);
            second = await keyring.SealAsync(Scope with { Class = "PSY" }, new byte[1], default, Cancellation);
        }

        var (from, to) = ("key/" + Convert.ToHexStringLower(second.Span[1..17]), "key/" + Convert.ToHexStringLower(first.Span[1..17]));
        var stolen = (await _store.GetAsync(from, Cancellation))!.Value.Value.ToArray();
        await _store.CommitAsync([new KeyWrite(to, stolen)], (await _store.GetAsync(to, Cancellation))!.Value.ETag, Cancellation);
        using var reopened = new Keyring(_keys, _store);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await reopened.OpenAsync(first, default, Cancellation));
    }

    [Fact]
    public void FromBase64_AKeyOfTheWrongLength_IsNamedAndNotShown()
    {
        var good = Convert.ToBase64String(new byte[32]);
        var error = Assert.Throws<FormatException>(() => SiteKeys.FromBase64(good, "c2VjcmV0", good));
        Assert.Contains("pseudonym-key", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pseudonym_OfAnotherDomainOrKey_Differs()
    {
        using var keyring = new Keyring(_keys, _store);
        using var other = new Keyring(SiteKeys.Generate(), _store);
        var pseudonym = keyring.Pseudonym("patient", "x1");
        Assert.Matches("^[0-9a-f]{32}$", pseudonym);
        Assert.Equal(pseudonym, keyring.Pseudonym("patient", "x1"));
        Assert.NotEqual(pseudonym, keyring.Pseudonym("patientx", "1"));
        Assert.NotEqual(pseudonym, other.Pseudonym("patient", "x1"));
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
