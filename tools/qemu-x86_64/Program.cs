return Suite.Tools.X64.X64UserMode.Start(args);
