using Suite.LinuxUser.Abi;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Numbers and flags that differ between targets, against their headers.</summary>
public sealed class TargetConstantTests
{
    private const string IoctlIncludes = """
        #include <sys/types.h>
        #include <sys/ioctl.h>
        #include <sys/socket.h>
        #include <net/if.h>
        #include <linux/fs.h>
        #include <asm/termbits.h>
        #include <asm/ioctls.h>
        #include <linux/serial.h>
        #include <linux/kd.h>
        #include <linux/vt.h>
        #include <linux/sockios.h>
        #include <linux/if_tun.h>
        #include <linux/loop.h>
        #include <linux/hdreg.h>
        #include <linux/cdrom.h>
        #include <scsi/sg.h>
        #include <linux/rtc.h>
        #include <linux/random.h>
        #include <linux/input.h>
        #include <linux/fb.h>
        #include <linux/watchdog.h>
        #include <linux/nsfs.h>
        #include <linux/userfaultfd.h>
        #include <linux/i2c-dev.h>
        """;

    private const string IoctlNames = """
        TCSBRK TCXONC TCFLSH TIOCEXCL TIOCNXCL TIOCSCTTY TIOCGPGRP TIOCSPGRP TIOCOUTQ TIOCSTI TIOCGWINSZ TIOCSWINSZ TIOCMGET TIOCMBIS TIOCMBIC
        TIOCMSET TIOCGSOFTCAR TIOCSSOFTCAR FIONREAD TIOCLINUX TIOCCONS TIOCGSERIAL TIOCSSERIAL TIOCPKT FIONBIO TIOCNOTTY TIOCSETD TIOCGETD TCSBRKP
        TIOCSBRK TIOCCBRK TIOCGSID TIOCGRS485 TIOCSRS485 TIOCGPTN TIOCSPTLCK TIOCGDEV TIOCSIG TIOCVHANGUP TIOCGPKT TIOCGPTLCK TIOCGEXCL TIOCGPTPEER
        FIONCLEX FIOCLEX FIOASYNC TIOCSERGETLSR TIOCMIWAIT TIOCGICOUNT FIOQSIZE KDGKBTYPE KDGETMODE KDSETMODE KDGKBMODE KDSKBMODE KDGETLED KDSETLED
        KDGKBLED KDSKBLED KIOCSOUND KDMKTONE KDGKBMETA KDSKBMETA KDGKBENT KDSKBENT KDFONTOP GIO_CMAP PIO_CMAP VT_OPENQRY VT_GETMODE VT_SETMODE
        VT_GETSTATE VT_RELDISP VT_ACTIVATE VT_WAITACTIVE VT_DISALLOCATE VT_RESIZE VT_LOCKSWITCH VT_UNLOCKSWITCH VT_GETHIFONTMASK FIOSETOWN SIOCSPGRP
        FIOGETOWN SIOCGPGRP SIOCATMARK SIOCGSTAMP_OLD SIOCGSTAMPNS_OLD SIOCGSTAMP_NEW SIOCGSTAMPNS_NEW SIOCADDRT SIOCDELRT SIOCGIFNAME SIOCGIFFLAGS
        SIOCSIFFLAGS SIOCGIFADDR SIOCSIFADDR SIOCGIFDSTADDR SIOCSIFDSTADDR SIOCGIFBRDADDR SIOCSIFBRDADDR SIOCGIFNETMASK SIOCSIFNETMASK SIOCGIFMETRIC
        SIOCSIFMETRIC SIOCGIFMTU SIOCSIFMTU SIOCSIFNAME SIOCSIFHWADDR SIOCGIFHWADDR SIOCGIFSLAVE SIOCSIFSLAVE SIOCADDMULTI SIOCDELMULTI SIOCGIFINDEX
        SIOCSIFPFLAGS SIOCGIFPFLAGS SIOCDIFADDR SIOCSIFHWBROADCAST SIOCGIFTXQLEN SIOCSIFTXQLEN SIOCGMIIPHY SIOCGMIIREG SIOCSMIIREG SIOCOUTQNSD
        SIOCGSKNS SIOCDARP SIOCGARP SIOCSARP SIOCGIFMAP SIOCSIFMAP SIOCBONDENSLAVE SIOCBONDRELEASE SIOCBRADDBR SIOCBRDELBR SIOCBRADDIF SIOCBRDELIF
        TUNSETNOCSUM TUNSETDEBUG TUNSETIFF TUNSETPERSIST TUNSETOWNER TUNSETLINK TUNSETGROUP TUNGETFEATURES TUNSETOFFLOAD TUNGETIFF TUNGETSNDBUF
        TUNSETSNDBUF TUNDETACHFILTER TUNGETVNETHDRSZ TUNSETVNETHDRSZ TUNSETQUEUE TUNSETIFINDEX TUNSETVNETLE TUNGETVNETLE TUNSETVNETBE TUNGETVNETBE
        TUNSETCARRIER TUNGETDEVNETNS BLKROSET BLKROGET BLKRRPART BLKGETSIZE BLKFLSBUF BLKRASET BLKRAGET BLKFRASET BLKFRAGET BLKSECTGET BLKSSZGET
        BLKBSZGET BLKBSZSET BLKGETSIZE64 BLKDISCARD BLKIOMIN BLKIOOPT BLKALIGNOFF BLKPBSZGET BLKDISCARDZEROES BLKSECDISCARD BLKROTATIONAL BLKZEROOUT
        BLKGETDISKSEQ FIBMAP FIGETBSZ FIFREEZE FITHAW FITRIM FICLONE FICLONERANGE FS_IOC_GETFLAGS FS_IOC_SETFLAGS FS_IOC_GETVERSION
        FS_IOC_SETVERSION FS_IOC_FSGETXATTR FS_IOC_FSSETXATTR FS_IOC_GETFSLABEL FS_IOC_SETFSLABEL LOOP_SET_FD LOOP_CLR_FD LOOP_SET_STATUS64
        LOOP_GET_STATUS64 LOOP_CHANGE_FD LOOP_SET_CAPACITY LOOP_SET_DIRECT_IO LOOP_SET_BLOCK_SIZE LOOP_CONFIGURE LOOP_CTL_ADD LOOP_CTL_REMOVE
        LOOP_CTL_GET_FREE HDIO_GETGEO HDIO_GET_UNMASKINTR HDIO_GET_MULTCOUNT HDIO_GET_32BIT HDIO_GET_DMA CDROMPAUSE CDROMRESUME CDROMREADTOCHDR
        CDROMSTOP CDROMSTART CDROMEJECT CDROMMULTISESSION CDROMEJECT_SW CDROMRESET CDROMCLOSETRAY CDROM_SET_OPTIONS CDROM_CLEAR_OPTIONS
        CDROM_SELECT_SPEED CDROM_MEDIA_CHANGED CDROM_DRIVE_STATUS CDROM_DISC_STATUS CDROM_LOCKDOOR CDROM_GET_CAPABILITY SG_GET_VERSION_NUM SG_IO
        RTC_AIE_ON RTC_AIE_OFF RTC_UIE_ON RTC_UIE_OFF RTC_PIE_ON RTC_PIE_OFF RTC_WIE_ON RTC_WIE_OFF RTC_ALM_SET RTC_ALM_READ RTC_RD_TIME
        RTC_SET_TIME RTC_IRQP_READ RTC_IRQP_SET RTC_EPOCH_READ RTC_EPOCH_SET RTC_WKALM_SET RTC_WKALM_RD RTC_VL_READ RTC_VL_CLR RNDGETENTCNT
        RNDADDTOENTCNT RNDZAPENTCNT RNDCLEARPOOL RNDRESEEDCRNG EVIOCGVERSION EVIOCGID EVIOCGREP EVIOCSREP EVIOCGKEYCODE EVIOCSKEYCODE EVIOCRMFF
        EVIOCGEFFECTS EVIOCGRAB EVIOCREVOKE EVIOCSCLOCKID FBIOGET_VSCREENINFO FBIOPUT_VSCREENINFO FBIOGET_FSCREENINFO FBIOBLANK WDIOC_GETSUPPORT
        WDIOC_GETSTATUS WDIOC_GETBOOTSTATUS WDIOC_SETOPTIONS WDIOC_KEEPALIVE WDIOC_SETTIMEOUT WDIOC_GETTIMEOUT WDIOC_GETTIMELEFT NS_GET_USERNS
        NS_GET_PARENT NS_GET_NSTYPE NS_GET_OWNER_UID UFFDIO_API UFFDIO_REGISTER UFFDIO_UNREGISTER UFFDIO_WAKE UFFDIO_COPY UFFDIO_ZEROPAGE
        UFFDIO_WRITEPROTECT I2C_SLAVE I2C_TENBIT I2C_FUNCS
        """;

    private const string TerminalIncludes = "#include <asm/termbits.h>";

    private static readonly string[] TerminalFields =
    [
        "IGNBRK BRKINT IGNPAR PARMRK INPCK ISTRIP INLCR IGNCR ICRNL IXANY IUCLC IXON IXOFF IMAXBEL IUTF8",
        "OPOST OLCUC ONLCR OCRNL ONOCR ONLRET OFILL OFDEL NL1 CR1 CR2 CR3 TAB1 TAB2 TAB3 BS1 VT1 FF1",
        "B50 B75 B110 B134 B150 B200 B300 B600 B1200 B1800 B2400 B4800 B9600 B19200 B38400 B57600 B115200 B230400 B460800 B500000 B576000 "
            + "B921600 B1000000 B1152000 B1500000 B2000000 B2500000 B3000000 B3500000 B4000000 BOTHER CS6 CS7 CS8 CSTOPB CREAD PARENB PARODD HUPCL "
            + "CLOCAL CMSPAR CRTSCTS",
        "ISIG ICANON XCASE ECHO ECHOE ECHOK ECHONL NOFLSH TOSTOP ECHOCTL ECHOPRT ECHOKE FLUSHO PENDIN IEXTEN EXTPROC",
    ];

    private const string Characters = "VINTR VQUIT VERASE VKILL VEOF VMIN VEOL VTIME VEOL2 VSWTC VWERASE VREPRINT VSUSP VSTART VSTOP VLNEXT VDISCARD";

    private const string SocketNames = "SO_DEBUG SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_OOBINLINE "
        + "SO_PRIORITY SO_LINGER SO_REUSEPORT SO_PASSCRED SO_PEERCRED SO_RCVLOWAT SO_SNDLOWAT SO_RCVTIMEO_OLD SO_SNDTIMEO_OLD SO_BINDTODEVICE "
        + "SO_ATTACH_FILTER SO_PEERNAME SO_TIMESTAMP_OLD SO_ACCEPTCONN SO_PEERSEC SO_PASSSEC SO_MARK SO_PROTOCOL SO_DOMAIN SO_TXTIME SO_RCVTIMEO_NEW SO_PEERGROUPS";

    [Fact]
    public void Every_ioctl_of_the_table_is_found_by_the_targets_number()
    {
        string[] names = IoctlNames.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var wrong = new List<string>();
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in Targets(IoctlIncludes, names, out Dictionary<string, string>? host))
        {
            foreach (string name in names)
            {
                IoctlRow row = IoctlTable.Find(IoctlTable.Key(abi, lines.Value(name)));
                uint expected = host!.Value(name);
                if (row.Host != expected)
                    wrong.Add($"{target} {name}: {row.Host:x} for {lines.Value(name):x}, not {expected:x}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Terminal_flags_and_characters_of_PowerPC()
    {
        string[] names = [.. TerminalFields.SelectMany(f => f.Split(' ')), .. Characters.Split(' ')];
        foreach ((GuestAbi abi, _, Dictionary<string, string> lines) in Targets(TerminalIncludes, names, out Dictionary<string, string>? host))
        {
            if (!abi.BigEndian)
                continue;
            byte[] guest = new byte[TermiosLayout.Size], made = new byte[TermiosLayout.Size], back = new byte[TermiosLayout.Size];
            for (int field = 0; field < 4; field++)
            {
                foreach (string name in TerminalFields[field].Split(' '))
                {
                    Array.Clear(guest);
                    abi.Put32(guest, field * 4, lines.Value(name));
                    TermiosLayout.ToHost(abi, guest, made);
                    Assert.True(host!.Value(name) == BitConverter.ToUInt32(made, field * 4), $"{name}: {BitConverter.ToUInt32(made, field * 4):x}");
                    TermiosLayout.ToGuest(abi, made, back);
                    Assert.True(guest.AsSpan().SequenceEqual(back), name);
                }
            }

            foreach (string name in Characters.Split(' '))
            {
                const int GuestCharacters = 16, HostCharacters = 17;
                Array.Clear(guest);
                guest[GuestCharacters + lines.Value(name)] = 0x55;
                TermiosLayout.ToHost(abi, guest, made);
                Assert.True(made[HostCharacters + host!.Value(name)] == 0x55, name);
                TermiosLayout.ToGuest(abi, made, back);
                Assert.True(guest.AsSpan().SequenceEqual(back), name);
            }
        }
    }

    [Fact]
    public void Socket_options_of_every_target()
    {
        string[] names = SocketNames.Split(' ');
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in Targets("#include <asm/socket.h>", names, out Dictionary<string, string>? host))
            foreach (string name in names)
                Assert.True(host!.Value(name) == SocketOption.ToHost(abi, SocketOption.SOL_SOCKET, (int)lines.Value(name)), $"{target} {name}");
    }

    [Fact]
    public void Status_structs_of_interprocess_communication()
    {
        const string Includes = """
            #include <linux/types.h>
            #include <sys/types.h>
            #include <linux/ipc.h>
            #include <linux/msg.h>
            #include <linux/sem.h>
            #include <linux/shm.h>
            #include <asm/ipcbuf.h>
            #include <asm/msgbuf.h>
            #include <asm/sembuf.h>
            #include <asm/shmbuf.h>
            #define PERM(p) v.p.key = 0x11223344; v.p.uid = 1000; v.p.gid = 1001; v.p.cuid = 1002; v.p.cgid = 1003; v.p.mode = 0644; v.p.seq = 77;
            """;
        const string Body = """
            D("new.Message", struct msqid64_ds, PERM(msg_perm) v.msg_stime = 1; v.msg_rtime = 2; v.msg_ctime = 3; v.msg_cbytes = 4; v.msg_qnum = 5;
                v.msg_qbytes = 6; v.msg_lspid = 7; v.msg_lrpid = 8)
            D("new.Semaphore", struct semid64_ds, PERM(sem_perm) v.sem_otime = 1; v.sem_ctime = 2; v.sem_nsems = 3)
            D("new.Memory", struct shmid64_ds, PERM(shm_perm) v.shm_segsz = 4096; v.shm_atime = 1; v.shm_dtime = 2; v.shm_ctime = 3; v.shm_cpid = 4; v.shm_lpid = 5;
                v.shm_nattch = 6)
            D("old.Message", struct msqid_ds, PERM(msg_perm) v.msg_stime = 1; v.msg_rtime = 2; v.msg_ctime = 3; v.msg_lcbytes = 4; v.msg_cbytes = 4; v.msg_qnum = 5;
                v.msg_lqbytes = 6; v.msg_qbytes = 6; v.msg_lspid = 7; v.msg_lrpid = 8)
            D("old.Semaphore", struct semid_ds, PERM(sem_perm) v.sem_otime = 1; v.sem_ctime = 2; v.sem_nsems = 3)
            D("old.Memory", struct shmid_ds, PERM(shm_perm) v.shm_segsz = 4096; v.shm_atime = 1; v.shm_dtime = 2; v.shm_ctime = 3; v.shm_cpid = 4; v.shm_lpid = 5;
                v.shm_nattch = 6)
            """;
        Dictionary<string, string>? host = null;
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in TargetHeaders.Ask(Includes, Body))
        {
            if (abi.WordBytes == 8)
            {
                host = lines;
                continue;
            }

            foreach (IpcObject kind in Enum.GetValues<IpcObject>())
            {
                foreach (bool old in new[] { false, true })
                {
                    byte[] expected = lines.Bytes((old ? "old." : "new.") + kind), from = new byte[IpcLayout.Largest];
                    host!.Bytes("new." + kind).CopyTo(from, 0);
                    byte[] guest = new byte[IpcLayout.GuestSize(abi, kind, old)];
                    IpcLayout.ToGuest(abi, kind, old, from, guest);
                    Assert.True(expected.AsSpan().SequenceEqual(guest), $"{target} {kind} {old}:\n{Convert.ToHexString(guest)} is not\n{Convert.ToHexString(expected)}");
                    IpcLayout.ToHost(abi, kind, old, guest, from);
                    Assert.Equal((1000, 0x1A4), (BitConverter.ToInt32(from, 4), BitConverter.ToInt32(from, 20)));
                }
            }
        }
    }

    [Theory]
    [InlineData("kill", 10, 0, "v.si_pid = 1234; v.si_uid = 1000")]
    [InlineData("queue", 34, -1, "v.si_pid = 1234; v.si_uid = 1000; v.si_value.sival_ptr = (void*)0x12345678")]
    [InlineData("timer", 14, -2, "v.si_timerid = 5; v.si_overrun = 6; v.si_value.sival_ptr = (void*)0x12345678")]
    [InlineData("child", 17, 1, "v.si_pid = 1234; v.si_uid = 1000; v.si_status = 3; v.si_utime = 70; v.si_stime = 80")]
    [InlineData("fault", 11, 1, "v.si_addr = (void*)0x12345678")]
    [InlineData("bounds", 11, 3, "v.si_addr = (void*)0x1234; v.si_lower = (void*)0x1000; v.si_upper = (void*)0x2000")]
    [InlineData("key", 11, 4, "v.si_addr = (void*)0x1234; v.si_pkey = 5")]
    [InlineData("memory", 7, 4, "v.si_addr = (void*)0x1234; v.si_addr_lsb = 12")]
    [InlineData("poll", 29, 1, "v.si_band = 65; v.si_fd = 7")]
    [InlineData("rtpoll", 40, 2, "v.si_band = 4; v.si_fd = 7")]
    [InlineData("call", 31, 1, "v.si_call_addr = (void*)0x1234; v.si_syscall = 39; v.si_arch = 0x40000003")]
    public void Siginfo_by_code(string name, int signal, int code, string fill)
    {
        Dictionary<string, string>? host = null;
        string body = $"D(\"{name}\", siginfo_t, v.si_signo = {signal}; v.si_errno = 2; v.si_code = {code}; {fill})";
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in TargetHeaders.Ask("#define _GNU_SOURCE\n#include <signal.h>", body))
        {
            if (abi.WordBytes == 8)
            {
                host = lines;
                continue;
            }

            byte[] guest = new byte[SiginfoLayout.Size], back = new byte[SiginfoLayout.Size];
            SiginfoLayout.ToGuest(abi, host!.Bytes(name), guest);
            Assert.True(lines.Bytes(name).AsSpan().SequenceEqual(guest), $"{target}: {Convert.ToHexString(guest)} is not {lines[name]}");
            SiginfoLayout.ToHost(abi, signal, guest, back);
            Assert.True(host!.Bytes(name).AsSpan().SequenceEqual(back), $"{target}: {Convert.ToHexString(back)} is not {host![name]}");
        }
    }

    private static List<(GuestAbi Abi, string Name, Dictionary<string, string> Lines)> Targets(string includes, string[] names, out Dictionary<string, string>? host)
    {
        List<(GuestAbi, string, Dictionary<string, string>)> guests = [];
        host = null;
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in TargetHeaders.Ask(includes, string.Join('\n', names.Select(n => $"printf(\"{n} %x\\n\", (unsigned)({n}));"))))
        {
            if (abi.WordBytes == 8)
                host = lines;
            else
                guests.Add((abi, target, lines));
        }

        return guests;
    }
}
