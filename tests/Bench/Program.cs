using Suite.Bench;

return Options.Parse(args) is { } options ? new Run(options).Execute() : 2;
