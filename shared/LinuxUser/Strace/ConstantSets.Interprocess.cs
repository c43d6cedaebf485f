namespace Suite.LinuxUser.Strace;

internal static partial class ConstantSets
{
    private const string Ipcget = "IPC_CREAT=01000 IPC_EXCL=02000 SHM_HUGETLB=04000 SHM_NORESERVE=010000";

    private const string Shmctl = """
        IPC_RMID=0/0xff IPC_SET=1/0xff IPC_STAT=2/0xff IPC_INFO=3/0xff SHM_LOCK=11/0xff SHM_UNLOCK=12/0xff SHM_STAT=13/0xff SHM_INFO=14/0xff
        SHM_STAT_ANY=15/0xff IPC_64=0x100
        """;

    private const string Semctl = """
        IPC_RMID=0/0xff IPC_SET=1/0xff IPC_STAT=2/0xff IPC_INFO=3/0xff GETPID=11/0xff GETVAL=12/0xff GETALL=13/0xff GETNCNT=14/0xff GETZCNT=15/0xff
        SETVAL=16/0xff SETALL=17/0xff SEM_STAT=18/0xff SEM_INFO=19/0xff SEM_STAT_ANY=20/0xff IPC_64=0x100
        """;

    private const string Msgctl = """
        IPC_RMID=0/0xff IPC_SET=1/0xff IPC_STAT=2/0xff IPC_INFO=3/0xff MSG_STAT=11/0xff MSG_INFO=12/0xff MSG_STAT_ANY=13/0xff IPC_64=0x100
        """;

    private const string Msgflg = "IPC_NOWAIT=04000 MSG_NOERROR=010000 MSG_EXCEPT=020000 MSG_COPY=040000";

    private const string Semop = "IPC_NOWAIT=04000 SEM_UNDO=010000";

    private const string Ipc = """
        SEMOP=1/0xffff SEMGET=2/0xffff SEMCTL=3/0xffff SEMTIMEDOP=4/0xffff MSGSND=11/0xffff MSGRCV=12/0xffff MSGGET=13/0xffff MSGCTL=14/0xffff
        SHMAT=21/0xffff SHMDT=22/0xffff SHMGET=23/0xffff SHMCTL=24/0xffff
        """;
}
