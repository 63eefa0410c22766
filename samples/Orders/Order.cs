namespace EdgeMesh.Samples.Orders;

/// <summary>What somebody ordered, and the numbers of its shipments.</summary>
public sealed record Order(string Id, string Item)
{
    /// <summary>Numbers of shipments, each once.</summary>
    public string[] Shipments { get; init; } = [];
}

/// <summary>Goods left for an order.</summary>
public sealed record Shipment(string OrderId, string Number);

