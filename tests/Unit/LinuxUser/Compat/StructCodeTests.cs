using Suite.LinuxUser.Abi;
using Xunit.Abstractions;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>
/// Every struct is filled with the same values by a program of the host, of i386 and of PowerPC; converting one's bytes must give the
/// other's, both ways.
/// </summary>
public sealed class StructCodeTests(ITestOutputHelper output)
{
    private const string NetworkIncludes = """
        #include <sys/socket.h>
        #include <netinet/in.h>
        #include <net/if.h>
        #include <net/if_arp.h>
        #include <net/route.h>
        #include <linux/tcp.h>
        #include <linux/filter.h>
        #include <linux/if_packet.h>
        #include <signal.h>
        #include <fcntl.h>
        #include <sys/time.h>
        #include <sys/signalfd.h>
        #include <sys/inotify.h>
        """;

    private static readonly (string Name, string Code, string Fill)[] Network =
    [
        ("struct timeval", "ll", "v.tv_sec = -5; v.tv_usec = 70000"),
        ("struct msghdr", "pippppi", "v.msg_name = (void*)0x11223344; v.msg_namelen = 5; v.msg_iov = (void*)0x55667788; v.msg_iovlen = 3; "
            + "v.msg_control = (void*)0x99aabbcc; v.msg_controllen = 77; v.msg_flags = 0x1234"),
        ("struct linger", "ii", "v.l_onoff = 1; v.l_linger = 300"),
        ("struct ip_mreqn", "mmi", "v.imr_multiaddr.s_addr = htonl(0xe0000001); v.imr_address.s_addr = htonl(0x7f000001); v.imr_ifindex = 3"),
        ("struct ipv6_mreq", "b16i", "memset(&v.ipv6mr_multiaddr, 0xee, 16); v.ipv6mr_interface = 7"),
        ("struct group_req", "is", "v.gr_interface = 9; struct sockaddr_in6 *s = (void*)&v.gr_group; s->sin6_family = AF_INET6; s->sin6_port = htons(80); "
            + "s->sin6_scope_id = 0x1020304"),
        ("struct group_source_req", "iss", "v.gsr_interface = 9; v.gsr_group.ss_family = AF_INET; v.gsr_source.ss_family = AF_INET"),
        ("struct sock_fprog", "hp", "v.len = 17; v.filter = (void*)0x12345678"),
        ("struct sock_filter", "hbbi", "v.code = 0x1234; v.jt = 1; v.jf = 2; v.k = 0x55667788"),
        ("struct packet_mreq", "ihhb8", "v.mr_ifindex = 2; v.mr_type = 3; v.mr_alen = 6; memset(v.mr_address, 0xaa, 8)"),
        ("struct tcp_md5sig", "sbbhib80", "v.tcpm_addr.ss_family = AF_INET; v.tcpm_flags = 1; v.tcpm_prefixlen = 2; v.tcpm_keylen = 12; v.tcpm_ifindex = 5; v.tcpm_key[1] = 9"),
        ("struct ifreq", "b16pphbbb", "strcpy(v.ifr_name, \"eth0\"); v.ifr_map.mem_start = 0x11223344; v.ifr_map.mem_end = 0x55667788; v.ifr_map.base_addr = 0x1234; "
            + "v.ifr_map.irq = 5; v.ifr_map.dma = 6; v.ifr_map.port = 7"),
        ("struct arpreq", "(hb14)2i(hb14)b16", "v.arp_pa.sa_family = 2; v.arp_ha.sa_family = 1; v.arp_flags = 0x1234; v.arp_netmask.sa_family = 2; v.arp_dev[0] = 'e'"),
        ("struct rtentry", "p(hb14)3hhpphppph", "v.rt_dst.sa_family = 2; v.rt_gateway.sa_family = 2; v.rt_flags = 3; v.rt_metric = 9; v.rt_dev = (void*)0x1234; "
            + "v.rt_mtu = 1500; v.rt_window = 8; v.rt_irtt = 7"),
        ("struct sockaddr_in6", "hnmb16i", "v.sin6_family = AF_INET6; v.sin6_port = htons(1); v.sin6_flowinfo = htonl(2); v.sin6_scope_id = 3"),
        ("struct signalfd_siginfo", "i12q4hhiqib28", "v.ssi_signo = 10; v.ssi_fd = -1; v.ssi_int = 5; v.ssi_ptr = 0x1122334455667788; v.ssi_addr = 9; v.ssi_addr_lsb = 12; "
            + "v.ssi_syscall = 4; v.ssi_call_addr = 0x1234; v.ssi_arch = 0x80000014"),
        ("struct inotify_event", "i4", "v.wd = 1; v.mask = 0x100; v.cookie = 77; v.len = 16"),
        ("struct sigevent", "piii", "v.sigev_value.sival_ptr = (void*)0x12345678; v.sigev_signo = 14; v.sigev_notify = 4; v._sigev_un._tid = 99"),
        ("struct flock", "hhlli", "v.l_type = 1; v.l_whence = 2; v.l_start = -100; v.l_len = 55; v.l_pid = 4711"),
    ];

    private const string DeviceIncludes = """
        #include <linux/types.h>
        #include <linux/serial.h>
        #include <linux/kd.h>
        #include <linux/vt.h>
        #include <linux/loop.h>
        #include <linux/hdreg.h>
        #include <linux/cdrom.h>
        #include <scsi/sg.h>
        #include <linux/rtc.h>
        #include <linux/fb.h>
        #include <linux/fs.h>
        #include <linux/fiemap.h>
        #include <linux/fanotify.h>
        #include <linux/userfaultfd.h>
        #include <linux/aio_abi.h>
        #include <linux/mqueue.h>
        #include <asm/shmbuf.h>
        #include <linux/shm.h>
        #include <linux/rtnetlink.h>
        #include <linux/neighbour.h>
        #include <linux/if_link.h>
        #include <linux/inet_diag.h>
        #include <linux/unix_diag.h>
        """;

    private static readonly (string Name, string Code, string Fill)[] Devices =
    [
        ("struct serial_struct", "i8hbbihhphip", "v.type = 1; v.line = 2; v.port = 3; v.irq = 4; v.flags = 5; v.xmit_fifo_size = 6; v.custom_divisor = 7; v.baud_base = 8; "
            + "v.close_delay = 9; v.io_type = 10; v.hub6 = 11; v.closing_wait = 12; v.closing_wait2 = 13; v.iomem_base = (void*)0x1234; v.iomem_reg_shift = 14; "
            + "v.port_high = 15; v.iomap_base = 16"),
        ("struct console_font_op", "i5p", "v.op = 1; v.flags = 2; v.width = 3; v.height = 4; v.charcount = 5; v.data = (void*)0x1234"),
        ("struct vt_mode", "bbhhh", "v.mode = 1; v.waitv = 2; v.relsig = 3; v.acqsig = 4; v.frsig = 5"),
        ("struct loop_info64", "q5i4b160q2", "v.lo_device = 1; v.lo_inode = 2; v.lo_offset = 0x123456789ab; v.lo_sizelimit = 4; v.lo_number = 5; v.lo_flags = 6; "
            + "v.lo_file_name[0] = 'x'; v.lo_init[0] = 7; v.lo_init[1] = 8"),
        ("struct loop_config", "ii(q5i4b160q2)q8", "v.fd = 3; v.block_size = 512; v.info.lo_flags = 6; v.info.lo_init[1] = 8"),
        ("struct hd_geometry", "bbhp", "v.heads = 1; v.sectors = 2; v.cylinders = 300; v.start = 4"),
        ("struct cdrom_multisession", "ibb", "v.addr.lba = 5; v.xa_flag = 1; v.addr_format = 2"),
        ("struct sg_io_hdr", "iibbhipppiiipb4hhiii", "v.interface_id = 'S'; v.dxfer_direction = -3; v.cmd_len = 6; v.mx_sb_len = 32; v.iovec_count = 0; v.dxfer_len = 96; "
            + "v.dxferp = (void*)1; v.cmdp = (void*)2; v.sbp = (void*)3; v.timeout = 4; v.flags = 5; v.pack_id = 6; v.usr_ptr = (void*)7; v.status = 8; "
            + "v.host_status = 9; v.driver_status = 10; v.resid = 11; v.duration = 12; v.info = 13"),
        ("struct rtc_wkalrm", "bb(i9)", "v.enabled = 1; v.pending = 2; v.time.tm_sec = 3; v.time.tm_isdst = 4"),
        ("struct fb_fix_screeninfo", "b16pi4h3ipiih3", "v.smem_start = 0x1234; v.smem_len = 1; v.visual = 2; v.xpanstep = 3; v.ywrapstep = 4; v.line_length = 5; "
            + "v.mmio_start = 6; v.mmio_len = 7; v.accel = 8; v.capabilities = 9; v.reserved[0] = 10"),
        ("struct fb_var_screeninfo", "i40", "v.xres = 1; v.colorspace = 5"),
        ("struct fsxattr", "i5b8", "v.fsx_xflags = 1; v.fsx_cowextsize = 2"),
        ("struct fstrim_range", "qqq", "v.start = 1; v.len = 2; v.minlen = 3"),
        ("struct file_clone_range", "qqqq", "v.src_fd = 3; v.src_offset = 4; v.src_length = 5; v.dest_offset = 6"),
        ("struct fiemap_extent", "qqqqqiiii", "v.fe_logical = 1; v.fe_physical = 2; v.fe_length = 3; v.fe_flags = 4"),
        ("struct fanotify_event_metadata", "ibbhqii", "v.event_len = 24; v.vers = 3; v.metadata_len = 24; v.mask = 0x1234; v.fd = 5; v.pid = 6"),
        ("struct io_event", "q4", "v.data = 1; v.obj = 2; v.res = -3; v.res2 = 4"),
        ("struct mq_attr", "l8", "v.mq_flags = 1; v.mq_maxmsg = 2; v.mq_msgsize = 3; v.mq_curmsgs = 4"),
        ("struct shminfo64", "p9", "v.shmmax = 1; v.shmall = 5"),
        ("struct shm_info", "ip5", "v.used_ids = 1; v.shm_tot = 2; v.swap_successes = 6"),
        ("struct nlmsghdr", "ihhii", "v.nlmsg_len = 1; v.nlmsg_type = 2; v.nlmsg_flags = 3; v.nlmsg_seq = 4; v.nlmsg_pid = 5"),
        ("struct ifinfomsg", "bbhiii", "v.ifi_family = 1; v.ifi_type = 2; v.ifi_index = 3; v.ifi_flags = 4; v.ifi_change = 5"),
        ("struct ifaddrmsg", "bbbbi", "v.ifa_family = 1; v.ifa_prefixlen = 2; v.ifa_index = 5"),
        ("struct rtmsg", "b8i", "v.rtm_family = 1; v.rtm_type = 2; v.rtm_flags = 5"),
        ("struct ndmsg", "bbhihbb", "v.ndm_family = 1; v.ndm_ifindex = 2; v.ndm_state = 3; v.ndm_flags = 4; v.ndm_type = 5"),
        ("struct tcmsg", "bbhiiii", "v.tcm_family = 1; v.tcm_ifindex = 2; v.tcm_handle = 3; v.tcm_parent = 4; v.tcm_info = 5"),
        ("struct rtnexthop", "hbbi", "v.rtnh_len = 1; v.rtnh_flags = 2; v.rtnh_hops = 3; v.rtnh_ifindex = 4"),
        ("struct rtnl_link_ifmap", "qqqhbb", "v.mem_start = 1; v.base_addr = 2; v.irq = 3; v.dma = 4; v.port = 5"),
        ("struct inet_diag_req_v2", "b4innm8iii", "v.sdiag_family = 2; v.idiag_states = 5; v.id.idiag_if = 6; v.id.idiag_cookie[1] = 7"),
        ("struct inet_diag_msg", "b4nnm8iiii5", "v.idiag_family = 2; v.id.idiag_if = 6; v.id.idiag_cookie[1] = 7; v.idiag_expires = 8; v.idiag_inode = 9"),
        ("struct unix_diag_req", "bbhiiiii", "v.sdiag_family = 1; v.udiag_states = 2; v.udiag_ino = 3; v.udiag_show = 4; v.udiag_cookie[1] = 5"),
        ("struct unix_diag_msg", "b4iii", "v.udiag_family = 1; v.udiag_ino = 2; v.udiag_cookie[1] = 5"),
    ];

    [Fact]
    public void Socket_and_signal_structs_agree_with_the_targets_compilers() => Compare(NetworkIncludes, Network);

    [Fact]
    public void Device_file_and_netlink_structs_agree_with_the_targets_compilers() => Compare(DeviceIncludes, Devices);

    [Fact]
    public void The_bit_fields_of_tcp_info_are_turned()
    {
        const string Fill = "D(\"info\", struct tcp_info, v.tcpi_state = 1; v.tcpi_snd_wscale = 7; v.tcpi_rcv_wscale = 9; v.tcpi_delivery_rate_app_limited = 1; "
            + "v.tcpi_fastopen_client_fail = 2; v.tcpi_rto = 3; v.tcpi_total_retrans = 4; v.tcpi_pacing_rate = 5; v.tcpi_segs_out = 6; v.tcpi_delivery_rate = 7)";
        Dictionary<string, string>? host = null;
        foreach ((GuestAbi abi, string name, Dictionary<string, string> lines) in TargetHeaders.Ask("#include <linux/tcp.h>", Fill))
        {
            if (abi.WordBytes == 8)
            {
                host = lines;
                continue;
            }

            byte[] expected = lines.Bytes("info"), guest = new byte[expected.Length];
            StructCode.ToGuest(SocketOption.Code(SocketOption.SOL_TCP, SocketOption.TCP_INFO, guest.Length), abi, host!.Bytes("info"), guest);
            SocketOption.TurnTcpInfoBits(abi, guest);
            Assert.True(expected.AsSpan().SequenceEqual(guest), $"{name}: {Convert.ToHexString(guest)} is not {Convert.ToHexString(expected)}");
        }
    }

    [Fact]
    public void What_does_not_fit_is_left_alone()
    {
        byte[] guest = [1, 2, 3, 4, 5, 6], host = new byte[16];
        StructCode.ToHost("ll"u8, GuestAbi.I386, guest, host);
        Assert.Equal(0x04030201, BitConverter.ToInt64(host));
        Assert.Equal(0, BitConverter.ToInt64(host, 8));
        Assert.Throws<FormatException>(() => StructCode.HostSize("z"u8));
    }

    [Theory]
    [InlineData(false, "0300000000000000 04000000 DEADBEEF")]
    [InlineData(true, "0000000000000003 DEADBEEF 00000004")]
    public void Padding_beside_nanoseconds_is_no_number(bool bigEndian, string guest)
    {
        byte[] host = new byte[16];
        StructCode.ToHost("qu"u8, bigEndian ? GuestAbi.Ppc : GuestAbi.I386, Convert.FromHexString(guest.Replace(" ", "")), host);
        Assert.Equal((3, 4), (BitConverter.ToInt64(host), BitConverter.ToInt64(host, 8)));
    }

    private void Compare(string includes, (string Name, string Code, string Fill)[] structs)
    {
        string body = string.Join('\n', structs.Select(s => $"D(\"{s.Name.Replace(' ', '.')}\", {s.Name}, {s.Fill})"));
        Dictionary<string, string>? host = null;
        var wrong = new List<string>();
        foreach ((GuestAbi abi, string target, Dictionary<string, string> lines) in TargetHeaders.Ask(includes, body))
        {
            if (abi.WordBytes == 8)
            {
                host = lines;
                continue;
            }

            output.WriteLine($"compared {target}");
            foreach ((string name, string code, _) in structs)
                Check(target + " " + name, System.Text.Encoding.ASCII.GetBytes(code), abi, lines.Bytes(name.Replace(' ', '.')), host!.Bytes(name.Replace(' ', '.')), wrong);
        }

        if (host is null)
            output.WriteLine("not compared: no gcc on this machine");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static void Check(string name, byte[] code, GuestAbi abi, byte[] guest, byte[] host, List<string> wrong)
    {
        byte[] madeGuest = new byte[guest.Length], madeHost = new byte[host.Length];
        StructCode.ToGuest(code, abi, host, madeGuest);
        StructCode.ToHost(code, abi, guest, madeHost);
        // Unions make some structs longer than what is converted of them.
        if (StructCode.GuestSize(code, abi) > guest.Length || StructCode.HostSize(code) > host.Length)
            wrong.Add($"{name}: {StructCode.GuestSize(code, abi)} and {StructCode.HostSize(code)} bytes, not {guest.Length} and {host.Length}");
        if (!guest.AsSpan().SequenceEqual(madeGuest))
            wrong.Add($"{name}: guest\n{Convert.ToHexString(madeGuest)} is not\n{Convert.ToHexString(guest)}");
        if (!host.AsSpan().SequenceEqual(madeHost))
            wrong.Add($"{name}: host\n{Convert.ToHexString(madeHost)} is not\n{Convert.ToHexString(host)}");
    }
}
