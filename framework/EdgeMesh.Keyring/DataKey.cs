using System.Security.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>An unwrapped data key.</summary>
internal sealed class DataKey
{
    public const int IdLength = 16;
    public const int SecretLength = 32;
    public const int CommitmentLength = 32;

    public DataKey(byte[] id, byte[] secret, KeyScope scope)
    {
        (Id, Secret, Scope) = (Convert.ToHexStringLower(id), secret, scope);
        IdBytes = id;
        Commitment = HMACSHA256.HashData(secret, (byte[])[.. "edgemesh data key v1"u8, .. id]);
    }

    /// <summary>Lower-case hex.</summary>
    public string Id { get; }

    public byte[] IdBytes { get; }

    public byte[] Secret { get; }

    /// <summary>What it seals. An imported key keeps its owner's scope, so that erasing the subject here finds it.</summary>
    public KeyScope Scope { get; }

    /// <summary>Only this key with this id has it. As long as a hash must be for nobody to find two keys with one commitment.</summary>
    public byte[] Commitment { get; }

    public static DataKey Create(KeyScope scope) =>
        new(RandomNumberGenerator.GetBytes(IdLength), RandomNumberGenerator.GetBytes(SecretLength), scope);
}
