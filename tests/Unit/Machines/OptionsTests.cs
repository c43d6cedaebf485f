using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Tests.Machines;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("-machin pc", "option '-machin' is not known", "did you mean '-machine'?")]
    [InlineData("-m 12x", "-m: '12x' is not a size", "512M")]
    [InlineData("-m 100k", "so much or so little memory", "from 1M")]
    [InlineData("-smp 0", "'0' is not a value of cpus", "from 1 to 255")]
    [InlineData("-accel kvmm", "accelerator 'kvmm' is not known", "did you mean 'kvm'?")]
    [InlineData("-kernel", "-kernel lacks its value", "-kernel file")]
    [InlineData("-incoming tcp:0:1", "cannot be taken over", "savevm")]
    [InlineData("-uuid 12", "'12' is not a UUID", "550e8400")]
    [InlineData("-smp 3,sockets=2,cores=2", "does not make 3 processors", "leave one of them out")]
    [InlineData("-smp 4,sockets=1,cores=2,threads=1", "sockets * cores * threads is 2", "leave one of them out")]
    [InlineData("-append quiet", "-append: there is no kernel", "-kernel FILE")]
    [InlineData("-initrd x disk.img", "-initrd: there is no kernel", "-kernel FILE")]
    [InlineData("-smp cpu=2", "property 'cpu' is not known", "did you mean 'cpus'?")]
    public void Mistakes_name_cause_and_remedy(string line, string cause, string fix)
    {
        OptionException e = Assert.Throws<OptionException>(() => Parse(line));
        Assert.Contains(cause, e.Message, StringComparison.Ordinal);
        Assert.Contains(fix, e.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_usual_command_line_is_understood()
    {
        MachineOptions o = Parse("-M pc,accel=kvm:tcg -m 1.5G -smp 2,cores=2 -kernel k -append a,b -drive file=x,,y.img,if=virtio -nic user,model=e1000,hostfwd=tcp::1-:2 -boot order=dc,menu=on -nographic --no-reboot disk.img");
        Assert.Equal(1536UL << 20, o.Memory);
        Assert.Equal(2, o.Cpus);
        Assert.Equal(["kvm", "tcg"], o.Accelerators.Select(a => a.Get("accel")!));
        Assert.Equal(("k", "a,b"), (o.Kernel, o.Append));
        Assert.Equal("x,y.img", o.Drives[0].Get("file"));
        Assert.Equal("disk.img", o.Drives[1].Get("file"));
        Assert.Equal("tcp::1-:2", o.Nics[0].Get("hostfwd"));
        Assert.Equal(("dc", true), (o.Boot.Get("order"), o.Boot.GetBool("menu", false)));
        Assert.True(o.NoGraphic && o.NoReboot);
    }

    [Theory]
    [InlineData("-enable-kvm", "kvm")]
    [InlineData("-no-kvm", "translation")]
    [InlineData("-enable-kvm -no-kvm", "translation")] // took KVM: -no-kvm was one more to try
    [InlineData("-M pc,accel=kvm:tcg -no-kvm", "translation")]
    [InlineData("-no-kvm -enable-kvm", "kvm translation")]
    [InlineData("-accel tcg -enable-kvm", "kvm tcg")]
    [InlineData("-accel kvm -accel translation", "kvm translation")]
    public void Accelerators_are_tried_in_order_and_no_kvm_means_it(string line, string tried) => Assert.Equal(tried, string.Join(' ', Parse(line).Accelerators.Select(a => a.Get("accel"))));

    [Theory]
    [InlineData("-M help", "boards\n")]
    [InlineData("-cpu help", "cpus\n")]
    [InlineData("-accel help", "accelerators\n")]
    [InlineData("-device help", "devices\n")]
    [InlineData("-nic user,model=help", "cards\n")]
    [InlineData("-net nic,model=?", "cards\n")]
    [InlineData("-netdev help", "Available netdev backend types:\n  user\n  tap\n  socket\n")]
    [InlineData("-device e1000,help", "properties of e1000\n")]
    [InlineData("-chardev help", "Available chardev backend types:\n  stdio\n  null\n  file\n  pipe\n  pty\n  socket\n  serial\n  parallel\n  ringbuf\n  vc\n  msmouse\n")]
    public void Lists_are_shown(string line, string text) => Assert.Equal(text, Parse(line).Text);

    [Theory]
    [InlineData("-object help", "rng-random ")]
    [InlineData("-object ?", "iothread ")]
    [InlineData("-d help", "guest_errors ")]
    public void Lists_name_what_there_is(string line, string line1) => Assert.Contains("\n" + line1, "\n" + Parse(line).Text, StringComparison.Ordinal);

    [Fact]
    public void Every_option_has_its_line_in_help_manual_and_completions()
    {
        string help = MachineHelp.Text("t"), manual = MachineHelp.Manual("t").Replace("\\-", "-", StringComparison.Ordinal);
        foreach (string name in MachineOptionTable.All.SelectMany(o => o.Names))
        {
            Assert.Contains(name, help, StringComparison.Ordinal);
            Assert.Contains(name, manual, StringComparison.Ordinal);
            foreach (string shell in new[] { "bash", "zsh", "fish" })
                Assert.Contains(name[1..], MachineHelp.Completion("t", shell), StringComparison.Ordinal);
        }

        string[] all = [.. MachineOptionTable.All.SelectMany(o => o.Names)];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Both_forms_of_a_blockdev_mean_the_same()
    {
        KeyValues json = KeyValues.Parse("-blockdev", """{"driver": "qcow2", "node-name": "d", "read-only": true, "file": {"driver": "file", "filename": "x"}}""");
        KeyValues text = KeyValues.Parse("-blockdev", "driver=qcow2,node-name=d,read-only=on,file.driver=file,file.filename=x");
        Assert.Equal(text.Items.Order(), json.Items.Order());
    }

    [Theory]
    [InlineData("tcp:localhost:4444,server,nowait", "backend=socket host=localhost port=4444 server=on wait=off")]
    [InlineData("unix:/tmp/x,server=on", "path=/tmp/x server=on backend=socket")]
    [InlineData("mon:stdio", "backend=stdio mux=on monitor=on")]
    [InlineData("file:log", "path=log backend=file")]
    [InlineData("chardev:c0", "backend=chardev id=c0")]
    [InlineData("/dev/ttyS0", "backend=serial path=/dev/ttyS0")]
    public void Short_forms_of_back_ends_are_the_long_ones(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', CharSpec.Expand("-serial", text)!.Items.Select(i => $"{i.Key}={i.Value}")));

    [Theory]
    [InlineData("-smp 4", 4, 4, 1)] // one package
    [InlineData("-smp 4,sockets=2", 4, 2, 1)]
    [InlineData("-smp 4,cores=2", 4, 2, 1)] // two packages
    [InlineData("-smp 4,threads=2", 4, 2, 2)]
    [InlineData("-smp 4,sockets=1,cores=2,threads=2", 4, 2, 2)]
    [InlineData("-smp 8,sockets=2,cores=2", 8, 2, 2)]
    [InlineData("-smp 2,maxcpus=4", 2, 4, 1)]
    [InlineData("-smp cores=2,threads=2", 4, 2, 2)]
    public void Parts_of_processors_multiply(string line, int processors, int cores, int threads) => Assert.Equal((processors, (cores, threads)), (Parse(line).Cpus, Parse(line).CpuParts));

    [Fact]
    public void A_file_of_options_is_as_if_they_had_been_given()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# a machine\n[machine]\n  type = \"pc\"\n  kernel = \"k,1\"\n\n[drive \"d0\"]\n file = \"a,b.img\"\n if = \"none\"\n[device]\ndriver=\"virtio-blk-pci\"\n drive = \"d0\"\n[memory]\nsize = \"64\"\n[smp-opts]\ncpus = \"2\"\n[global]\ndriver=\"e1000\"\nproperty=\"mac\"\nvalue=\"x\"\n");
            MachineOptions options = Parse($"-readconfig {file} -S");
            Assert.Equal(("pc", "k,1", 64UL << 20, 2), (options.Machine.Get("type"), options.Kernel, options.Memory, options.Cpus));
            Assert.Equal(("d0", "a,b.img"), (options.Drives[0].Get("id"), options.Drives[0].Get("file")));
            Assert.Equal("d0", options.Devices[0].Get("drive"));
            Assert.Equal(("e1000", "mac", "x"), options.Globals[0]);
            File.WriteAllText(file, "[drive \"d\"]\nfile = x\n");
            Assert.Contains("line 2", Assert.Throws<OptionException>(() => Parse($"-readconfig {file}")).Message, StringComparison.Ordinal);
            File.WriteAllText(file, "[nix]\n");
            Assert.Contains("line 1", Assert.Throws<OptionException>(() => Parse($"-readconfig {file}")).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void An_unknown_back_end_names_the_nearest() =>
        Assert.Contains("stdio", Assert.Throws<OptionException>(() => CharSpec.Expand("-serial", "stdoi")).Fix, StringComparison.Ordinal);

    private static MachineOptions Parse(string line) => MachineOptionsParser.Parse(line.Split(' '), new TinyPc.NoLists());
}
