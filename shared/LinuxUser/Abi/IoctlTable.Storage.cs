namespace Suite.LinuxUser.Abi;

public static partial class IoctlTable
{
    // Block devices, file systems, loop devices, discs and tapes (linux/fs.h, linux/loop.h, linux/hdreg.h, linux/cdrom.h, scsi/sg.h).
    private static IoctlRow Storage(uint key) => key switch
    {
        0x0000125D => new(0x0000125D, IoctlArgument.In, "i"u8), // BLKROSET
        0x0000125E => new(0x0000125E, IoctlArgument.Out, "i"u8), // BLKROGET
        0x0000125F => new(0x0000125F, IoctlArgument.None, default), // BLKRRPART
        0x00001260 => new(0x00001260, IoctlArgument.Out, "p"u8), // BLKGETSIZE
        0x00001261 => new(0x00001261, IoctlArgument.None, default), // BLKFLSBUF
        0x00001262 => new(0x00001262, IoctlArgument.None, default), // BLKRASET
        0x00001263 => new(0x00001263, IoctlArgument.Out, "p"u8), // BLKRAGET
        0x00001264 => new(0x00001264, IoctlArgument.None, default), // BLKFRASET
        0x00001265 => new(0x00001265, IoctlArgument.Out, "p"u8), // BLKFRAGET
        0x00001267 => new(0x00001267, IoctlArgument.Out, "h"u8), // BLKSECTGET
        0x00001268 => new(0x00001268, IoctlArgument.Out, "i"u8), // BLKSSZGET
        0x80001270 => new(0x80081270, IoctlArgument.Out, "i"u8), // BLKBSZGET
        0x40001271 => new(0x40081271, IoctlArgument.In, "i"u8), // BLKBSZSET
        0x80001272 => new(0x80081272, IoctlArgument.Out, "q"u8), // BLKGETSIZE64
        0x00001277 => new(0x00001277, IoctlArgument.In, "qq"u8), // BLKDISCARD
        0x00001278 => new(0x00001278, IoctlArgument.Out, "i"u8), // BLKIOMIN
        0x00001279 => new(0x00001279, IoctlArgument.Out, "i"u8), // BLKIOOPT
        0x0000127A => new(0x0000127A, IoctlArgument.Out, "i"u8), // BLKALIGNOFF
        0x0000127B => new(0x0000127B, IoctlArgument.Out, "i"u8), // BLKPBSZGET
        0x0000127C => new(0x0000127C, IoctlArgument.Out, "i"u8), // BLKDISCARDZEROES
        0x0000127D => new(0x0000127D, IoctlArgument.In, "qq"u8), // BLKSECDISCARD
        0x0000127E => new(0x0000127E, IoctlArgument.Out, "h"u8), // BLKROTATIONAL
        0x0000127F => new(0x0000127F, IoctlArgument.In, "qq"u8), // BLKZEROOUT
        0x80001280 => new(0x80081280, IoctlArgument.Out, "q"u8), // BLKGETDISKSEQ
        0x00000001 => new(0x00000001, IoctlArgument.InOut, "i"u8), // FIBMAP
        0x00000002 => new(0x00000002, IoctlArgument.Out, "i"u8), // FIGETBSZ
        0xC0005877 => new(0xC0045877, IoctlArgument.None, default), // FIFREEZE
        0xC0005878 => new(0xC0045878, IoctlArgument.None, default), // FITHAW
        0xC0005879 => new(0xC0185879, IoctlArgument.InOut, "qqq"u8), // FITRIM
        0x40009409 => new(0x40049409, IoctlArgument.None, default), // FICLONE
        0x4000940D => new(0x4020940D, IoctlArgument.In, "qqqq"u8), // FICLONERANGE
        0x80006601 => new(0x80086601, IoctlArgument.Out, "i"u8), // FS_IOC_GETFLAGS
        0x40006602 => new(0x40086602, IoctlArgument.In, "i"u8), // FS_IOC_SETFLAGS
        0x80007601 => new(0x80087601, IoctlArgument.Out, "i"u8), // FS_IOC_GETVERSION
        0x40007602 => new(0x40087602, IoctlArgument.In, "i"u8), // FS_IOC_SETVERSION
        0x8000581F => new(0x801C581F, IoctlArgument.Out, "i5b8"u8), // FS_IOC_FSGETXATTR
        0x40005820 => new(0x401C5820, IoctlArgument.In, "i5b8"u8), // FS_IOC_FSSETXATTR
        0x80009431 => new(0x81009431, IoctlArgument.Out, "b256"u8), // FS_IOC_GETFSLABEL
        0x40009432 => new(0x41009432, IoctlArgument.In, "b256"u8), // FS_IOC_SETFSLABEL
        0x00004C00 => new(0x00004C00, IoctlArgument.None, default), // LOOP_SET_FD
        0x00004C01 => new(0x00004C01, IoctlArgument.None, default), // LOOP_CLR_FD
        0x00004C04 => new(0x00004C04, IoctlArgument.In, "q5i4b160q2"u8), // LOOP_SET_STATUS64
        0x00004C05 => new(0x00004C05, IoctlArgument.Out, "q5i4b160q2"u8), // LOOP_GET_STATUS64
        0x00004C06 => new(0x00004C06, IoctlArgument.None, default), // LOOP_CHANGE_FD
        0x00004C07 => new(0x00004C07, IoctlArgument.None, default), // LOOP_SET_CAPACITY
        0x00004C08 => new(0x00004C08, IoctlArgument.None, default), // LOOP_SET_DIRECT_IO
        0x00004C09 => new(0x00004C09, IoctlArgument.None, default), // LOOP_SET_BLOCK_SIZE
        0x00004C0A => new(0x00004C0A, IoctlArgument.In, "ii(q5i4b160q2)q8"u8), // LOOP_CONFIGURE
        0x00004C80 => new(0x00004C80, IoctlArgument.None, default), // LOOP_CTL_ADD
        0x00004C81 => new(0x00004C81, IoctlArgument.None, default), // LOOP_CTL_REMOVE
        0x00004C82 => new(0x00004C82, IoctlArgument.None, default), // LOOP_CTL_GET_FREE
        0x00000301 => new(0x00000301, IoctlArgument.Out, "bbhp"u8), // HDIO_GETGEO
        0x00000302 => new(0x00000302, IoctlArgument.Out, "p"u8), // HDIO_GET_UNMASKINTR
        0x00000304 => new(0x00000304, IoctlArgument.Out, "p"u8), // HDIO_GET_MULTCOUNT
        0x00000309 => new(0x00000309, IoctlArgument.Out, "p"u8), // HDIO_GET_32BIT
        0x0000030B => new(0x0000030B, IoctlArgument.Out, "p"u8), // HDIO_GET_DMA
        0x00005301 => new(0x00005301, IoctlArgument.None, default), // CDROMPAUSE
        0x00005302 => new(0x00005302, IoctlArgument.None, default), // CDROMRESUME
        0x00005305 => new(0x00005305, IoctlArgument.Out, "bb"u8), // CDROMREADTOCHDR
        0x00005307 => new(0x00005307, IoctlArgument.None, default), // CDROMSTOP
        0x00005308 => new(0x00005308, IoctlArgument.None, default), // CDROMSTART
        0x00005309 => new(0x00005309, IoctlArgument.None, default), // CDROMEJECT
        0x00005310 => new(0x00005310, IoctlArgument.InOut, "ibb"u8), // CDROMMULTISESSION
        0x0000530F => new(0x0000530F, IoctlArgument.None, default), // CDROMEJECT_SW
        0x00005312 => new(0x00005312, IoctlArgument.None, default), // CDROMRESET
        0x00005319 => new(0x00005319, IoctlArgument.None, default), // CDROMCLOSETRAY
        0x00005320 => new(0x00005320, IoctlArgument.None, default), // CDROM_SET_OPTIONS
        0x00005321 => new(0x00005321, IoctlArgument.None, default), // CDROM_CLEAR_OPTIONS
        0x00005322 => new(0x00005322, IoctlArgument.None, default), // CDROM_SELECT_SPEED
        0x00005325 => new(0x00005325, IoctlArgument.None, default), // CDROM_MEDIA_CHANGED
        0x00005326 => new(0x00005326, IoctlArgument.None, default), // CDROM_DRIVE_STATUS
        0x00005327 => new(0x00005327, IoctlArgument.None, default), // CDROM_DISC_STATUS
        0x00005329 => new(0x00005329, IoctlArgument.None, default), // CDROM_LOCKDOOR
        0x00005331 => new(0x00005331, IoctlArgument.None, default), // CDROM_GET_CAPABILITY
        0x00002282 => new(0x00002282, IoctlArgument.Out, "i"u8), // SG_GET_VERSION_NUM
        0x00002285 => new(0x00002285, IoctlArgument.InOut, "iibbhipppiiipb4hhiii"u8), // SG_IO
        _ => default,
    };
}
