namespace EdgeMesh.Keyring;

/// <summary>What a data key is for: one subject (a patient, or the site itself) and one class of sensitivity (a label that a consent
/// can except, or <c>N</c>). A withdrawal or relabel starts a new generation; erasure destroys all of a subject's.</summary>
/// <param name="Subject">Such as <c>Patient/clinic-a-x1</c>; never stored in the clear.</param>
/// <param name="Class">Such as <c>N</c> or <c>PSY</c>.</param>
public readonly record struct KeyScope(string Subject, string Class);
