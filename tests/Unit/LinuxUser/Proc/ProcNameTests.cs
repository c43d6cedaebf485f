using System.Text;
using Suite.LinuxUser.Proc;

namespace Suite.Tests.LinuxUser.Proc;

public sealed class ProcNameTests
{
    private const int Pid = 100, Tid = 102;

    [Theory]
    [InlineData("/proc/self/exe", ProcFile.Exe, Pid, 0)]
    [InlineData("/proc//self/./exe", ProcFile.Exe, Pid, 0)]
    [InlineData("/proc/77/exe", ProcFile.Exe, 77, 0)]
    [InlineData("/proc/thread-self/maps", ProcFile.Maps, Pid, Tid)]
    [InlineData("/proc/self/task/101/stat", ProcFile.Stat, Pid, 101)]
    [InlineData("/proc/self/task", ProcFile.TaskDirectory, Pid, 0)]
    [InlineData("/proc/self/task/", ProcFile.TaskDirectory, Pid, 0)]
    [InlineData("/proc/self/task/101", ProcFile.Other, Pid, 101)]
    [InlineData("/proc/self/task/101/comm", ProcFile.Other, Pid, 101)]
    [InlineData("/proc/self/fd", ProcFile.DescriptorDirectory, Pid, 0)]
    [InlineData("/proc/self/cwd/exe", ProcFile.Other, Pid, 0)]
    [InlineData("/proc/self/exe/", ProcFile.Other, Pid, 0)]
    [InlineData("/proc/self/comm", ProcFile.Other, Pid, 0)]
    [InlineData("/proc/77/statm", ProcFile.Statm, 77, 0)]
    [InlineData("/proc/77/limits", ProcFile.Limits, 77, 0)]
    [InlineData("/proc/77/smaps_rollup", ProcFile.SmapsRollup, 77, 0)]
    [InlineData("/proc/cpuinfo", ProcFile.CpuInfo, 0, 0)]
    [InlineData("/proc/sys/kernel/osrelease", ProcFile.KernelRelease, 0, 0)]
    [InlineData("/proc/version", ProcFile.Version, 0, 0)]
    [InlineData("/proc/stat", ProcFile.None, 0, 0)]
    [InlineData("/proc/sys/kernel/ostype", ProcFile.None, 0, 0)]
    [InlineData("/proc/077/exe", ProcFile.None, 0, 0)]
    [InlineData("/proc/99999999999/exe", ProcFile.None, 0, 0)]
    [InlineData("/proc/self/task/../exe", ProcFile.None, 0, 0)]
    [InlineData("/proc/", ProcFile.None, 0, 0)]
    [InlineData("/process/self/exe", ProcFile.None, 0, 0)]
    public void A_path_names_an_entry(string path, ProcFile file, int pid, int tid) =>
        Assert.Equal(new ProcName(file, pid, tid), ProcName.Parse(Encoding.ASCII.GetBytes(path), Pid, Tid));

    [Theory]
    [InlineData("/proc/self/fd/900", 900)]
    [InlineData("/proc/self/fdinfo/0", 0)]
    public void A_descriptor_has_its_number(string path, int number) =>
        Assert.Equal(new ProcName(ProcFile.Descriptor, Pid, 0, number), ProcName.Parse(Encoding.ASCII.GetBytes(path), Pid, Tid));

    [Theory]
    [InlineData("exe", true)]
    [InlineData("self/maps", true)]
    [InlineData("900", true)]
    [InlineData("cpuinfo", true)]
    [InlineData("kernel/osrelease", true)]
    [InlineData("src/main.c", false)]
    [InlineData("exe/", false)]
    [InlineData("7z", false)]
    public void Most_relative_paths_are_refused_at_once(string path, bool expected) =>
        Assert.Equal(expected, ProcName.MayBeRelative(Encoding.ASCII.GetBytes(path)));
}
