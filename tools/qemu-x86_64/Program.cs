return Suite.UserMode.UserModeTool.Start(args, new Suite.Tools.X64.X64Target());
