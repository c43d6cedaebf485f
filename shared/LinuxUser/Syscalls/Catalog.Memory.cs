namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about the address space.</summary>
    public static class Memory
    {
        public static readonly SyscallRow Mmap = new("mmap", "addr:ptr, length:size, prot:flags(prot), flags:flags(mmap), fd, offset:hex -> ptr");
        public static readonly SyscallRow OldMmap = new("mmap", "args:in.mmap_args -> ptr");
        public static readonly SyscallRow Mmap2 = new("mmap2", "addr:ptr, length:size, prot:flags(prot), flags:flags(mmap), fd, pgoffset:hex -> ptr");
        public static readonly SyscallRow Mprotect = new("mprotect", "addr:ptr, length:size, prot:flags(prot)");
        public static readonly SyscallRow Munmap = new("munmap", "addr:ptr, length:size");
        public static readonly SyscallRow Mremap = new("mremap", "addr:ptr, old_size:size, new_size:size, flags:flags(mremap), new_addr:ptr -> ptr");
        public static readonly SyscallRow Brk = new("brk", "addr:ptr -> ptr");
        public static readonly SyscallRow Msync = new("msync", "addr:ptr, length:size, flags:flags(msync)");
        public static readonly SyscallRow Mincore = new("mincore", "addr:ptr, length:size, vec:ptr");
        public static readonly SyscallRow Madvise = new("madvise", "addr:ptr, length:size, advice:enum(madvise)");
        public static readonly SyscallRow ProcessMadvise = new("process_madvise", "pidfd:fd, iov:in.ranges[vlen], vlen:size, advice:enum(madvise), flags:hex");
        public static readonly SyscallRow ProcessMrelease = new("process_mrelease", "pidfd:fd, flags:hex");
        public static readonly SyscallRow Mlock = new("mlock", "addr:ptr, length:size");
        public static readonly SyscallRow Mlock2 = new("mlock2", "addr:ptr, length:size, flags:flags(mlock)");
        public static readonly SyscallRow Munlock = new("munlock", "addr:ptr, length:size");
        public static readonly SyscallRow Mlockall = new("mlockall", "flags:flags(mlockall)");
        public static readonly SyscallRow Munlockall = new("munlockall", "");
        public static readonly SyscallRow RemapFilePages = new("remap_file_pages", "addr:ptr, size, prot:flags(prot), pgoff:size, flags:flags(mmap)");
        public static readonly SyscallRow PkeyMprotect = new("pkey_mprotect", "addr:ptr, length:size, prot:flags(prot), pkey:int");
        public static readonly SyscallRow PkeyAlloc = new("pkey_alloc", "flags:hex, rights:flags(pkey)");
        public static readonly SyscallRow PkeyFree = new("pkey_free", "pkey:int");
        public static readonly SyscallRow Mseal = new("mseal", "addr:ptr, length:size, flags:hex");
        public static readonly SyscallRow MemfdSecret = new("memfd_secret", "flags:flags(open_cloexec) -> fd");
        public static readonly SyscallRow MapShadowStack = new("map_shadow_stack", "addr:ptr, size, flags:flags(shadow_stack) -> ptr");
        public static readonly SyscallRow Mbind = new("mbind", "addr:ptr, length:size, mode:flags(mempolicy), nodemask:ptr, maxnode:size, flags:flags(mbind)",
            trace: "addr:ptr, length:size, mode:flags(mempolicy), nodemask:in.fdset[maxnode], maxnode:size, flags:flags(mbind)");
        public static readonly SyscallRow SetMempolicy = new("set_mempolicy", "mode:flags(mempolicy), nodemask:ptr, maxnode:size",
            trace: "mode:flags(mempolicy), nodemask:in.fdset[maxnode], maxnode:size");
        public static readonly SyscallRow GetMempolicy = new("get_mempolicy", "mode:out.i32, nodemask:ptr, maxnode:size, addr:ptr, flags:flags(get_mempolicy)",
            trace: "mode:out.i32, nodemask:out.fdset[maxnode], maxnode:size, addr:ptr, flags:flags(get_mempolicy)");
        public static readonly SyscallRow SetMempolicyHomeNode = new("set_mempolicy_home_node", "start:ptr, len:size, home_node:size, flags:hex");
        public static readonly SyscallRow MigratePages = new("migrate_pages", "pid, maxnode:size, old_nodes:ptr, new_nodes:ptr",
            trace: "pid, maxnode:size, old_nodes:in.fdset[maxnode], new_nodes:in.fdset[maxnode]");
        public static readonly SyscallRow MovePages = new("move_pages", "pid, count:size, pages:ptr, nodes:ptr, status:ptr, flags:flags(mbind)",
            trace: "pid, count:size, pages:in.ptr[count], nodes:in.i32[count], status:out.i32[count], flags:flags(mbind)");
        public static readonly SyscallRow ProcessVmReadv = new("process_vm_readv",
            "pid, lvec:in.ranges[liovcnt], liovcnt:size, rvec:in.ranges[riovcnt], riovcnt:size, flags:hex");
        public static readonly SyscallRow ProcessVmWritev = new("process_vm_writev",
            "pid, lvec:in.iov[liovcnt], liovcnt:size, rvec:in.ranges[riovcnt], riovcnt:size, flags:hex");
        public static readonly SyscallRow SubpageProt = new("subpage_prot", "addr:ptr, len:size, map:ptr");
    }
}
