namespace Suite.LinuxUser.Abi;

public static partial class IoctlTable
{
    // Clocks, random numbers, input, frame buffers, watchdogs, name spaces and special descriptors (linux/rtc.h, random.h, input.h, fb.h ...).
    private static IoctlRow Device(uint key) => key switch
    {
        0x00007001 => new(0x00007001, IoctlArgument.None, default), // RTC_AIE_ON
        0x00007002 => new(0x00007002, IoctlArgument.None, default), // RTC_AIE_OFF
        0x00007003 => new(0x00007003, IoctlArgument.None, default), // RTC_UIE_ON
        0x00007004 => new(0x00007004, IoctlArgument.None, default), // RTC_UIE_OFF
        0x00007005 => new(0x00007005, IoctlArgument.None, default), // RTC_PIE_ON
        0x00007006 => new(0x00007006, IoctlArgument.None, default), // RTC_PIE_OFF
        0x0000700F => new(0x0000700F, IoctlArgument.None, default), // RTC_WIE_ON
        0x00007010 => new(0x00007010, IoctlArgument.None, default), // RTC_WIE_OFF
        0x40007007 => new(0x40247007, IoctlArgument.In, "i9"u8), // RTC_ALM_SET
        0x80007008 => new(0x80247008, IoctlArgument.Out, "i9"u8), // RTC_ALM_READ
        0x80007009 => new(0x80247009, IoctlArgument.Out, "i9"u8), // RTC_RD_TIME
        0x4000700A => new(0x4024700A, IoctlArgument.In, "i9"u8), // RTC_SET_TIME
        0x8000700B => new(0x8008700B, IoctlArgument.Out, "p"u8), // RTC_IRQP_READ
        0x4000700C => new(0x4008700C, IoctlArgument.None, default), // RTC_IRQP_SET
        0x8000700D => new(0x8008700D, IoctlArgument.Out, "p"u8), // RTC_EPOCH_READ
        0x4000700E => new(0x4008700E, IoctlArgument.None, default), // RTC_EPOCH_SET
        0x4000700F => new(0x4028700F, IoctlArgument.In, "bb(i9)"u8), // RTC_WKALM_SET
        0x80007010 => new(0x80287010, IoctlArgument.Out, "bb(i9)"u8), // RTC_WKALM_RD
        0x80007013 => new(0x80047013, IoctlArgument.Out, "i"u8), // RTC_VL_READ
        0x00007014 => new(0x00007014, IoctlArgument.None, default), // RTC_VL_CLR
        0x80005200 => new(0x80045200, IoctlArgument.Out, "i"u8), // RNDGETENTCNT
        0x40005201 => new(0x40045201, IoctlArgument.In, "i"u8), // RNDADDTOENTCNT
        0x00005204 => new(0x00005204, IoctlArgument.None, default), // RNDZAPENTCNT
        0x00005206 => new(0x00005206, IoctlArgument.None, default), // RNDCLEARPOOL
        0x00005207 => new(0x00005207, IoctlArgument.None, default), // RNDRESEEDCRNG
        0x80004501 => new(0x80044501, IoctlArgument.Out, "i"u8), // EVIOCGVERSION
        0x80004502 => new(0x80084502, IoctlArgument.Out, "hhhh"u8), // EVIOCGID
        0x80004503 => new(0x80084503, IoctlArgument.Out, "ii"u8), // EVIOCGREP
        0x40004503 => new(0x40084503, IoctlArgument.In, "ii"u8), // EVIOCSREP
        0x80004504 => new(0x80084504, IoctlArgument.InOut, "ii"u8), // EVIOCGKEYCODE
        0x40004504 => new(0x40084504, IoctlArgument.In, "ii"u8), // EVIOCSKEYCODE
        0x40004581 => new(0x40044581, IoctlArgument.None, default), // EVIOCRMFF
        0x80004584 => new(0x80044584, IoctlArgument.Out, "i"u8), // EVIOCGEFFECTS
        0x40004590 => new(0x40044590, IoctlArgument.None, default), // EVIOCGRAB
        0x40004591 => new(0x40044591, IoctlArgument.None, default), // EVIOCREVOKE
        0x400045A0 => new(0x400445A0, IoctlArgument.In, "i"u8), // EVIOCSCLOCKID
        0x00004600 => new(0x00004600, IoctlArgument.Out, "i40"u8), // FBIOGET_VSCREENINFO
        0x00004601 => new(0x00004601, IoctlArgument.InOut, "i40"u8), // FBIOPUT_VSCREENINFO
        0x00004602 => new(0x00004602, IoctlArgument.Out, "b16pi4h3ipiih3"u8), // FBIOGET_FSCREENINFO
        0x00004611 => new(0x00004611, IoctlArgument.None, default), // FBIOBLANK
        0x80005700 => new(0x80285700, IoctlArgument.Out, "iib32"u8), // WDIOC_GETSUPPORT
        0x80005701 => new(0x80045701, IoctlArgument.Out, "i"u8), // WDIOC_GETSTATUS
        0x80005702 => new(0x80045702, IoctlArgument.Out, "i"u8), // WDIOC_GETBOOTSTATUS
        0x80005704 => new(0x80045704, IoctlArgument.In, "i"u8), // WDIOC_SETOPTIONS
        0x80005705 => new(0x80045705, IoctlArgument.None, default), // WDIOC_KEEPALIVE
        0xC0005706 => new(0xC0045706, IoctlArgument.InOut, "i"u8), // WDIOC_SETTIMEOUT
        0x80005707 => new(0x80045707, IoctlArgument.Out, "i"u8), // WDIOC_GETTIMEOUT
        0x8000570A => new(0x8004570A, IoctlArgument.Out, "i"u8), // WDIOC_GETTIMELEFT
        0x40002102 => new(0x40082102, IoctlArgument.In, "q"u8), // SECCOMP_IOCTL_NOTIF_ID_VALID
        0x80002102 => new(0x80082102, IoctlArgument.In, "q"u8), // the same with the direction it had at first
        0x40002103 => new(0x40182103, IoctlArgument.In, "qiiii"u8), // SECCOMP_IOCTL_NOTIF_ADDFD
        0x40002104 => new(0x40082104, IoctlArgument.None, default), // SECCOMP_IOCTL_NOTIF_SET_FLAGS
        0x0000B701 => new(0x0000B701, IoctlArgument.None, default), // NS_GET_USERNS
        0x0000B702 => new(0x0000B702, IoctlArgument.None, default), // NS_GET_PARENT
        0x0000B703 => new(0x0000B703, IoctlArgument.None, default), // NS_GET_NSTYPE
        0x0000B704 => new(0x0000B704, IoctlArgument.Out, "i"u8), // NS_GET_OWNER_UID
        0x40004900 => new(0x40044900, IoctlArgument.None, default), // INOTIFY_IOC_SETNEXTWD
        0xC000AA3F => new(0xC018AA3F, IoctlArgument.InOut, "qqq"u8), // UFFDIO_API
        0xC000AA00 => new(0xC020AA00, IoctlArgument.InOut, "qqqq"u8), // UFFDIO_REGISTER
        0x8000AA01 => new(0x8010AA01, IoctlArgument.In, "qq"u8), // UFFDIO_UNREGISTER
        0x8000AA02 => new(0x8010AA02, IoctlArgument.In, "qq"u8), // UFFDIO_WAKE
        0xC000AA03 => new(0xC028AA03, IoctlArgument.InOut, "q5"u8), // UFFDIO_COPY
        0xC000AA04 => new(0xC020AA04, IoctlArgument.InOut, "q4"u8), // UFFDIO_ZEROPAGE
        0xC000AA06 => new(0xC018AA06, IoctlArgument.In, "q3"u8), // UFFDIO_WRITEPROTECT
        0xC000FF0B => new(0xC000FF0B, IoctlArgument.InOut, "qqi14q"u8), // PIDFD_GET_INFO, whose number holds how much of it there is
        0x40002404 => new(0x40082404, IoctlArgument.In, "q"u8), // PERF_EVENT_IOC_PERIOD
        0x40002406 => new(0x40082406, IoctlArgument.None, default), // PERF_EVENT_IOC_SET_FILTER, of which the number holds a pointer's size
        0x80002407 => new(0x80082407, IoctlArgument.Out, "q"u8), // PERF_EVENT_IOC_ID
        0x00000703 => new(0x00000703, IoctlArgument.None, default), // I2C_SLAVE
        0x00000704 => new(0x00000704, IoctlArgument.None, default), // I2C_TENBIT
        0x00000705 => new(0x00000705, IoctlArgument.Out, "p"u8), // I2C_FUNCS
        _ => default,
    };
}
