return Suite.UserMode.UserModeTool.Start(args, new Suite.Tools.Ppc.PpcTarget());
