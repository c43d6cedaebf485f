namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about the kernel and the machine: names, modules, tracing, hardware access.</summary>
    public static class Machine
    {
        public static readonly SyscallRow Uname = new("uname", "buf:out.utsname");
        public static readonly SyscallRow Olduname = new("olduname", "buf:out.olduname");
        public static readonly SyscallRow Oldolduname = new("oldolduname", "buf:out.oldolduname");
        public static readonly SyscallRow Sethostname = new("sethostname", "name:in.bytes[len], len:size");
        public static readonly SyscallRow Setdomainname = new("setdomainname", "name:in.bytes[len], len:size");
        public static readonly SyscallRow Sysinfo = new("sysinfo", "info:out.sysinfo");
        public static readonly SyscallRow Syslog = new("syslog", "type:enum(syslog), buf:ptr, len:int",
            trace: "type:enum(syslog), buf:by(type), len:int");
        public static readonly SyscallRow Getrandom = new("getrandom", "buf:out.bytes[ret], count:size, flags:flags(getrandom)");
        public static readonly SyscallRow Reboot = new("reboot", "magic1:hex, magic2:hex, cmd:enum(reboot), arg:ptr",
            trace: "magic1:enum(reboot_magic), magic2:enum(reboot_magic), cmd:enum(reboot), arg:by(cmd)");
        public static readonly SyscallRow Sysctl = new("_sysctl", "args:ptr");
        public static readonly SyscallRow Iopl = new("iopl", "level:int");
        public static readonly SyscallRow Ioperm = new("ioperm", "from:hex, num:hex, turn_on:int");
        public static readonly SyscallRow Vm86 = new("vm86", "fn:int, v86:ptr");
        public static readonly SyscallRow Vm86old = new("vm86old", "info:ptr");
        public static readonly SyscallRow InitModule = new("init_module", "image:ptr, len:size, params:str",
            trace: "image:in.bytes[len], len:size, params:str");
        public static readonly SyscallRow FinitModule = new("finit_module", "fd, params:str, flags:flags(module)");
        public static readonly SyscallRow DeleteModule = new("delete_module", "name:str, flags:flags(open)");
        public static readonly SyscallRow CreateModule = new("create_module", "name:str, size -> ptr");
        public static readonly SyscallRow QueryModule = new("query_module", "name:str, which:int, buf:ptr, size, ret:ptr");
        public static readonly SyscallRow GetKernelSyms = new("get_kernel_syms", "table:ptr");
        public static readonly SyscallRow KexecLoad = new("kexec_load", "entry:ptr, nr_segments:size, segments:ptr, flags:hex",
            trace: "entry:ptr, nr_segments:size, segments:in.kexec_segment[nr_segments], flags:flags(kexec)");
        public static readonly SyscallRow KexecFileLoad = new("kexec_file_load", "kernel_fd:fd, initrd_fd:fd, cmdline_len:size, cmdline:str, flags:hex",
            trace: "kernel_fd:fd, initrd_fd:fd, cmdline_len:size, cmdline:str, flags:flags(kexec_file)");
        public static readonly SyscallRow Bpf = new("bpf", "cmd:enum(bpf), attr:ptr, size:uint",
            trace: "cmd:enum(bpf), attr:by(cmd), size:uint");
        public static readonly SyscallRow PerfEventOpen = new("perf_event_open",
            "attr:in.perf_event_attr, pid, cpu:int, group_fd:fd, flags:flags(perf_event_open) -> fd");
        public static readonly SyscallRow Uretprobe = new("uretprobe", "");
        public static readonly SyscallRow Uprobe = new("uprobe", "");
        public static readonly SyscallRow Rtas = new("rtas", "args:ptr");
        public static readonly SyscallRow PciconfigRead = new("pciconfig_read", "bus:int, dfn:int, off:hex, len:size, buf:ptr");
        public static readonly SyscallRow PciconfigWrite = new("pciconfig_write", "bus:int, dfn:int, off:hex, len:size, buf:ptr");
        public static readonly SyscallRow PciconfigIobase = new("pciconfig_iobase", "which:int, bus:int, dfn:int");
        public static readonly SyscallRow SpuRun = new("spu_run", "fd, npc:inout.u32, status:out.u32");
        public static readonly SyscallRow SpuCreate = new("spu_create", "path, flags:hex, mode, neighbor_fd:fd -> fd");
        public static readonly SyscallRow Swapcontext = new("swapcontext", "old_ctx:ptr, new_ctx:ptr, size");
        public static readonly SyscallRow SysDebugSetcontext = new("sys_debug_setcontext", "ctx:ptr, ndbg:int, dbg:ptr");
        public static readonly SyscallRow SwitchEndian = new("switch_endian", "");
        public static readonly SyscallRow Multiplexer = new("multiplexer", "arg1:hex, arg2:hex");
    }
}
