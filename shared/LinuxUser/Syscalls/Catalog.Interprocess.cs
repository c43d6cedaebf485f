namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about System V and POSIX message queues, semaphores, shared memory.</summary>
    public static class Interprocess
    {
        public static readonly SyscallRow Shmget = new("shmget", "key:hex, size, flags:flags(ipcget)",
            trace: "key:flags(ipc_key), size, flags:flags(ipcget)");
        public static readonly SyscallRow Shmat = new("shmat", "shmid:int, addr:ptr, flags:flags(shmat) -> ptr");
        public static readonly SyscallRow Shmdt = new("shmdt", "addr:ptr");
        public static readonly SyscallRow Shmctl = new("shmctl", "shmid:int, cmd:flags(shmctl), buf:ptr",
            trace: "shmid:int, cmd:flags(shmctl), buf:by(cmd)");
        public static readonly SyscallRow Semget = new("semget", "key:hex, nsems:int, flags:flags(ipcget)",
            trace: "key:flags(ipc_key), nsems:int, flags:flags(ipcget)");
        public static readonly SyscallRow Semop = new("semop", "semid:int, sops:in.sembuf[nsops], nsops:size");
        public static readonly SyscallRow Semtimedop = new("semtimedop", "semid:int, sops:in.sembuf[nsops], nsops:size, timeout:in.timespec");
        public static readonly SyscallRow SemtimedopTime64 = new("semtimedop_time64", "semid:int, sops:in.sembuf[nsops], nsops:size, timeout:in.timespec64");
        public static readonly SyscallRow Semctl = new("semctl", "semid:int, semnum:int, cmd:flags(semctl), arg:hex",
            trace: "semid:int, semnum:int, cmd:flags(semctl), arg:by(cmd)");
        public static readonly SyscallRow Msgget = new("msgget", "key:hex, flags:flags(ipcget)",
            trace: "key:flags(ipc_key), flags:flags(ipcget)");
        public static readonly SyscallRow Msgsnd = new("msgsnd", "msqid:int, msg:in.msgbuf[size], size, flags:flags(msgflg)");
        public static readonly SyscallRow Msgrcv = new("msgrcv", "msqid:int, msg:out.msgbuf[ret], size, type:long, flags:flags(msgflg)");
        public static readonly SyscallRow Msgctl = new("msgctl", "msqid:int, cmd:flags(msgctl), buf:ptr",
            trace: "msqid:int, cmd:flags(msgctl), buf:by(cmd)");
        public static readonly SyscallRow Ipc = new("ipc", "call:flags(ipc), first:int, second:hex, third:hex, ptr, fifth:hex",
            trace: "call:flags(ipc), first:by(call,0), second:by(call,1), third:by(call,2), ptr:by(call,3), fifth:by(call,4)");
        public static readonly SyscallRow MqOpen = new("mq_open", "name:str, flags:flags(open), mode:openmode(flags), attr:in.mq_attr -> fd");
        public static readonly SyscallRow MqUnlink = new("mq_unlink", "name:str");
        public static readonly SyscallRow MqTimedsend = new("mq_timedsend", "mqd:fd, msg:in.bytes[len], len:size, prio:uint, timeout:in.timespec");
        public static readonly SyscallRow MqTimedsendTime64 = new("mq_timedsend_time64",
            "mqd:fd, msg:in.bytes[len], len:size, prio:uint, timeout:in.timespec64");
        public static readonly SyscallRow MqTimedreceive = new("mq_timedreceive", "mqd:fd, msg:out.bytes[ret], len:size, prio:out.u32, timeout:in.timespec");
        public static readonly SyscallRow MqTimedreceiveTime64 = new("mq_timedreceive_time64",
            "mqd:fd, msg:out.bytes[ret], len:size, prio:out.u32, timeout:in.timespec64");
        public static readonly SyscallRow MqNotify = new("mq_notify", "mqd:fd, event:in.sigevent");
        public static readonly SyscallRow MqGetsetattr = new("mq_getsetattr", "mqd:fd, new:in.mq_attr, old:out.mq_attr");
    }
}
