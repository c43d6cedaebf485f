using Suite.Bench;

if (Options.Parse(args) is not { } options)
    return 2;
return options.Filter == "system" ? new SystemBench(options).Execute() : new Run(options).Execute();
