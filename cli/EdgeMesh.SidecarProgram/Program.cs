using EdgeMesh.Sidecar;

return await SidecarCommandLine.RunAsync(args);
