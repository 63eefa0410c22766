using NJsonSchema.Validation;

namespace EdgeMesh.Functions.Manifests;

/// <summary>The schema's complaints in words for people.</summary>
internal static class ManifestWords
{
    public static string Say(ValidationError error)
    {
        var schema = error.Schema;
        return error.Kind switch
        {
            ValidationErrorKind.PropertyRequired => "is missing",
            ValidationErrorKind.NoAdditionalPropertiesAllowed => $"is no key that is known here; known are {string.Join(", ", schema.Properties.Keys)}",
            ValidationErrorKind.PatternMismatch or ValidationErrorKind.StringTooLong => $"is not of the form {schema.Pattern ?? $"of at most {schema.MaxLength} characters"}{Hint(schema)}",
            ValidationErrorKind.NotInEnumeration => $"must be one of {string.Join(", ", schema.Enumeration)}",
            ValidationErrorKind.IntegerExpected or ValidationErrorKind.NumberExpected => $"must be a whole number{Range(schema)}",
            ValidationErrorKind.NumberTooBig or ValidationErrorKind.NumberTooSmall or ValidationErrorKind.IntegerTooBig => $"must be a whole number{Range(schema)}",
            ValidationErrorKind.StringExpected => "must be a text; put it in quotes if it looks like a number",
            ValidationErrorKind.BooleanExpected => "must be true or false",
            ValidationErrorKind.ArrayExpected => "must be a list",
            ValidationErrorKind.ObjectExpected => "must be a mapping of keys",
            ValidationErrorKind.TooFewItems => $"must have at least {schema.MinItems} item",
            ValidationErrorKind.TooManyItems => $"must have at most {schema.MaxItems} items",
            ValidationErrorKind.TooManyProperties or ValidationErrorKind.TooFewProperties => $"must have exactly one of {string.Join(", ", schema.Properties.Keys)}",
            _ => $"is not allowed here ({error.Kind}){Hint(schema)}",
        };
    }

    private static string Range(NJsonSchema.JsonSchema schema) => schema is { Minimum: { } low, Maximum: { } high } ? $" from {low:F0} to {high:F0}" : "";

    private static string Hint(NJsonSchema.JsonSchema schema) => string.IsNullOrEmpty(schema.Description) ? "" : $" ({schema.Description})";
}
