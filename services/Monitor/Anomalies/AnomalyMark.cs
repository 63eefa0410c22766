namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>A point of a series that was an anomaly.</summary>
/// <param name="Site">Where.</param>
/// <param name="Service">The service that measured it.</param>
/// <param name="Series">The series' name and kind, such as <c>http.server.request.duration p95</c>: the same at every site.</param>
/// <param name="Labels">Its labels, for people.</param>
/// <param name="SeriesId">The series in that site's own store.</param>
/// <param name="Time">When.</param>
/// <param name="Observed">What came, in the series' unit.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Low">From here on it would have been possible.</param>
/// <param name="High">Up to here.</param>
/// <param name="Score">From the detector's threshold to below 1.</param>
internal sealed record AnomalyMark(
    string Site, string Service, string Series, string Labels, long SeriesId, DateTimeOffset Time, double Observed, double Expected, double Low, double High, double Score);
