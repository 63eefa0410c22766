using System.Collections.Concurrent;
using Hl7.Fhir.Introspection;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Finds every reference of a resource, in extensions too, with the types its place allows.</summary>
internal sealed class ReferenceWalker(ModelInspector inspector)
{
    private readonly ConcurrentDictionary<(Type Parent, string Element), string[]> _targets = new();

    public List<FoundReference> Find(R4.Resource resource)
    {
        var found = new List<FoundReference>();
        Visit(resource, resource.TypeName, found);
        return found;
    }

    private void Visit(R4.Base parent, string path, List<FoundReference> found)
    {
        foreach (var (name, value) in parent.EnumerateElements())
        {
            switch (value)
            {
                case R4.ResourceReference reference:
                    found.Add(new FoundReference(reference, $"{path}.{name}", Targets(parent, name)));
                    break;
                case R4.PrimitiveType primitive:
                    VisitExtensions(primitive, path, name, found);
                    break;
                case R4.Base child:
                    Visit(child, $"{path}.{name}", found);
                    break;
                case IReadOnlyList<R4.Base> children:
                    VisitAll(children, parent, path, name, found);
                    break;
            }
        }
    }

    private void VisitAll(IReadOnlyList<R4.Base> children, R4.Base parent, string path, string name, List<FoundReference> found)
    {
        for (var i = 0; i < children.Count; i++)
        {
            switch (children[i])
            {
                case R4.ResourceReference reference:
                    found.Add(new FoundReference(reference, $"{path}.{name}[{i}]", Targets(parent, name)));
                    break;
                case R4.PrimitiveType primitive:
                    VisitExtensions(primitive, path, name, found);
                    break;
                case { } child:
                    Visit(child, $"{path}.{name}[{i}]", found);
                    break;
            }
        }
    }

    private void VisitExtensions(R4.PrimitiveType primitive, string path, string name, List<FoundReference> found)
    {
        // Not by the property, which makes a list for every primitive that is asked.
        if (primitive.TryGetValue("extension", out var value) && value is IReadOnlyList<R4.Base> extensions)
        {
            VisitAll(extensions, primitive, $"{path}.{name}", "extension", found);
        }
    }

    /// <summary>Empty: any type.</summary>
    private string[] Targets(R4.Base parent, string element) => _targets.GetOrAdd((parent.GetType(), element), key =>
    {
        var property = inspector.FindClassMapping(key.Parent)?.FindMappedElementByName(key.Element);
        var named = property?.NativeProperty?.GetCustomAttributes(typeof(ReferencesAttribute), inherit: true).OfType<ReferencesAttribute>()
            .SelectMany(a => a.Resources ?? []).Distinct().ToArray() ?? [];
        return named.Contains("Resource") ? [] : named;
    });
}

/// <summary>A reference and where it stands.</summary>
/// <param name="Reference">May be changed in place.</param>
/// <param name="Path">As FHIRPath.</param>
/// <param name="Targets">The types that this place allows; empty: any.</param>
internal readonly record struct FoundReference(R4.ResourceReference Reference, string Path, string[] Targets);
