using Suite.Bench;

if (Options.Parse(args) is not { } options)
    return 2;
return options.Filter switch
{
    "system" => new SystemBench(options).Execute(),
    "kvm" => new KvmBench(options).Execute(),
    _ => new Run(options).Execute(),
};
