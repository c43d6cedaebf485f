namespace Suite.LinuxUser.Strace;

internal static partial class ConstantSets
{
    private const string Ipcget = "IPC_CREAT=01000 IPC_EXCL=02000 SHM_HUGETLB=04000 SHM_NORESERVE=010000";

    private const string Shmctl = """
        IPC_RMID=0/0xff:none IPC_SET=1/0xff:in.shmid_ds IPC_STAT=2/0xff:out.shmid_ds IPC_INFO=3/0xff:ptr SHM_LOCK=11/0xff:none SHM_UNLOCK=12/0xff:none
        SHM_STAT=13/0xff:out.shmid_ds SHM_INFO=14/0xff:ptr SHM_STAT_ANY=15/0xff:out.shmid_ds IPC_64=0x100
        """;

    private const string Semctl = """
        IPC_RMID=0/0xff:none IPC_SET=1/0xff:in.semid_ds IPC_STAT=2/0xff:out.semid_ds IPC_INFO=3/0xff:ptr GETPID=11/0xff:none GETVAL=12/0xff:none
        GETALL=13/0xff:ptr GETNCNT=14/0xff:none GETZCNT=15/0xff:none SETVAL=16/0xff:int SETALL=17/0xff:ptr SEM_STAT=18/0xff:out.semid_ds
        SEM_INFO=19/0xff:ptr SEM_STAT_ANY=20/0xff:out.semid_ds IPC_64=0x100
        """;

    private const string Msgctl = """
        IPC_RMID=0/0xff:none IPC_SET=1/0xff:in.msqid_ds IPC_STAT=2/0xff:out.msqid_ds IPC_INFO=3/0xff:ptr MSG_STAT=11/0xff:out.msqid_ds
        MSG_INFO=12/0xff:ptr MSG_STAT_ANY=13/0xff:out.msqid_ds IPC_64=0x100
        """;

    private const string Msgflg = "IPC_NOWAIT=04000 MSG_NOERROR=010000 MSG_EXCEPT=020000 MSG_COPY=040000";

    private const string Semop = "IPC_NOWAIT=04000 SEM_UNDO=010000";

    private const string IpcKey = "IPC_PRIVATE=0";

    // first, second, third, ptr and fifth of ipc(2), in its order.
    private const string Ipc = """
        SEMOP=1/0xffff:int|uint|hex|in.sembuf[second] SEMGET=2/0xffff:flags(ipc_key)|int|flags(ipcget) SEMCTL=3/0xffff:int|int|flags(semctl)|ptr
        SEMTIMEDOP=4/0xffff:int|uint|hex|in.sembuf[second]|in.timespec MSGSND=11/0xffff:int|size|flags(msgflg)|in.msgbuf[second]
        MSGRCV=12/0xffff:int|size|flags(msgflg)|ptr|long MSGGET=13/0xffff:flags(ipc_key)|flags(ipcget) MSGCTL=14/0xffff:int|flags(msgctl)|hex|ptr
        SHMAT=21/0xffff:int|flags(shmat)|ptr|ptr SHMDT=22/0xffff:hex|hex|hex|ptr SHMGET=23/0xffff:flags(ipc_key)|size|flags(ipcget)
        SHMCTL=24/0xffff:int|flags(shmctl)|hex|ptr
        """;
}
