return Suite.Machines.X86.Command.X86SystemTool.Start(args, Suite.Machines.X86.Command.X86ToolKind.Kvm);
