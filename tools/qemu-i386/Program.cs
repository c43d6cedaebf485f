return Suite.UserMode.UserModeTool.Start(args, new Suite.Tools.I386.I386Target());
