using Suite.Machines.X86.Command;

return X86ToolKind.Called(X86ToolKind.X64) is { } system
    ? X86SystemTool.Start(args, system)
    : Suite.UserMode.UserModeTool.Start(args, new Suite.Tools.X64.X64Target());
