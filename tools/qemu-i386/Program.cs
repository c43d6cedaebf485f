using Suite.Machines.X86.Command;

return X86ToolKind.Called(X86ToolKind.I386) is { } system
    ? X86SystemTool.Start(args, system)
    : Suite.UserMode.UserModeTool.Start(args, new Suite.Tools.I386.I386Target());
