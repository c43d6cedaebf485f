// cc: -O1 -w -D_GNU_SOURCE
// Structures, numbers and flags that the kernel and the program have to agree on: sockets, terminals, locks, event descriptors, signals, queues.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <mqueue.h>
#include <termios.h>
#include <pty.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/signalfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/sem.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/filter.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#define SHOW(call) \
    ({ \
        long result = (long)(call); \
        printf("%s: " #call " = %ld %s\n", __func__, result < 0 ? -1 : result, result < 0 ? strerror(errno) : ""); \
        result; \
    })
#define WORKS(call) \
    ({ \
        long result = (long)(call); \
        printf("%s: " #call " %s\n", __func__, result < 0 ? strerror(errno) : "works"); \
        result; \
    })

static volatile int got;
static siginfo_t last;
static int lastsig;
static void onsig(int s, siginfo_t *i, void *u)
{
    got++;
    lastsig = s;
    last = *i;
}

static void stream_sockets(void)
{
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    SHOW(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    SHOW(bind(l, (void *)&a, sizeof a));
    SHOW(listen(l, 5));
    SHOW(getsockname(l, (void *)&a, &n));
    printf("%d %d %x\n", a.sin_family, n, ntohl(a.sin_addr.s_addr));
    int c = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(c, (void *)&a, sizeof a));
    struct sockaddr_in p;
    n = sizeof p;
    int s = accept4(l, (void *)&p, &n, SOCK_NONBLOCK);
    printf("accepted %d %d %d\n", s >= 0, p.sin_family, n);
    printf("fl %x\n", fcntl(s, F_GETFL));
    char buf[64];
    SHOW(recv(s, buf, 64, 0));
    SHOW(send(c, "hello", 5, 0));
    struct pollfd pf = {s, POLLIN | POLLOUT};
    SHOW(poll(&pf, 1, 1000));
    printf("rev %x\n", pf.revents);
    int av;
    SHOW(ioctl(s, FIONREAD, &av));
    printf("av %d\n", av);
    SHOW(recv(s, buf, 64, MSG_PEEK));
    SHOW(recv(s, buf, 64, 0));
    struct timeval tv = {3, 250000};
    SHOW(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    memset(&tv, 0, sizeof tv);
    n = sizeof tv;
    SHOW(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, &n));
    printf("%ld %ld %d\n", (long)tv.tv_sec, (long)tv.tv_usec, n);
    struct linger lg = {1, 7};
    SHOW(setsockopt(s, SOL_SOCKET, SO_LINGER, &lg, sizeof lg));
    memset(&lg, 0, sizeof lg);
    n = sizeof lg;
    SHOW(getsockopt(s, SOL_SOCKET, SO_LINGER, &lg, &n));
    printf("%d %d %d\n", lg.l_onoff, lg.l_linger, n);
    int v = 0;
    n = sizeof v;
    SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &n));
    printf("type %d\n", v);
    n = 4;
    SHOW(getsockopt(s, SOL_SOCKET, SO_RCVLOWAT, &v, &n));
    printf("lowat %d\n", v);
    n = 4;
    SHOW(getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &v, &n));
    printf("nodelay %d\n", v);
    one = 1;
    SHOW(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, 4));
    n = 4;
    SHOW(getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &v, &n));
    printf("nodelay %d\n", v != 0);
    struct tcp_info ti;
    n = sizeof ti;
    SHOW(getsockopt(s, IPPROTO_TCP, TCP_INFO, &ti, &n));
    printf("info %d state %d opts %d mss>500 %d wscale %d\n", n, ti.tcpi_state, ti.tcpi_options, ti.tcpi_snd_mss > 500,
           ti.tcpi_snd_wscale == ti.tcpi_rcv_wscale);
    char cc[16];
    n = 16;
    WORKS(getsockopt(s, IPPROTO_TCP, TCP_CONGESTION, cc, &n));
    n = 0;
    WORKS(getsockopt(s, SOL_SOCKET, 9999, &v, &n));
    WORKS(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, 0, 4));
    WORKS(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, 1));
    WORKS(getsockname(s, (void *)4, &n));
    struct sock_filter f[] = {{BPF_RET | BPF_K, 0, 0, 0xffff}};
    struct sock_fprog fp = {1, f};
    SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &fp, sizeof fp));
    SHOW(shutdown(s, SHUT_WR));
    close(s);
    close(c);
    close(l);
}

static void local_sockets(void)
{
    int sv[2];
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sv));
    int one = 1;
    SHOW(setsockopt(sv[0], SOL_SOCKET, SO_PASSCRED, &one, 4));
    int p[2];
    SHOW(pipe2(p, O_CLOEXEC));
    char cb[CMSG_SPACE(8)];
    struct iovec io[2] = {{"abc", 3}, {"defg", 4}};
    struct msghdr m = {.msg_iov = io, .msg_iovlen = 2, .msg_control = cb, .msg_controllen = sizeof cb};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(8);
    memcpy(CMSG_DATA(c), p, 8);
    SHOW(sendmsg(sv[1], &m, 0));
    char b1[4], b2[32], rc[256];
    struct iovec ro[2] = {{b1, 4}, {b2, 32}};
    struct sockaddr_un na;
    struct msghdr r = {.msg_name = &na, .msg_namelen = sizeof na, .msg_iov = ro, .msg_iovlen = 2, .msg_control = rc, .msg_controllen = sizeof rc};
    SHOW(recvmsg(sv[0], &r, MSG_CMSG_CLOEXEC));
    printf("%.4s|%.3s flags %x namelen %d ctl %d\n", b1, b2, r.msg_flags, r.msg_namelen, (int)r.msg_controllen);
    for (c = CMSG_FIRSTHDR(&r); c; c = CMSG_NXTHDR(&r, c)) {
        printf("cmsg %d %d len %d\n", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred *u = (void *)CMSG_DATA(c);
            printf("%d %d %d\n", u->pid == getpid(), u->uid == getuid(), u->gid == getgid());
        }
        if (c->cmsg_type == SCM_RIGHTS) {
            int *q = (void *)CMSG_DATA(c);
            SHOW(write(q[1], "x", 1));
            SHOW(read(q[0], b1, 1));
        }
    }
    SHOW(sendmsg(sv[1], &m, 0));
    char tiny[CMSG_SPACE(sizeof(struct ucred)) + 4];
    r.msg_control = tiny;
    r.msg_controllen = 20;
    SHOW(recvmsg(sv[0], &r, 0));
    printf("flags %x ctl %d\n", r.msg_flags, (int)r.msg_controllen);
    struct mmsghdr mm[3];
    memset(mm, 0, sizeof mm);
    for (int i = 0; i < 3; i++) {
        mm[i].msg_hdr.msg_iov = io;
        mm[i].msg_hdr.msg_iovlen = 1 + i % 2;
    }
    SHOW(sendmmsg(sv[1], mm, 3, 0));
    printf("%d %d %d\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
    struct mmsghdr rr[4];
    memset(rr, 0, sizeof rr);
    char bb[4][16];
    struct iovec ii[4];
    for (int i = 0; i < 4; i++) {
        ii[i] = (struct iovec){bb[i], 16};
        rr[i].msg_hdr.msg_iov = &ii[i];
        rr[i].msg_hdr.msg_iovlen = 1;
    }
    struct timespec ts = {1, 0};
    SHOW(recvmmsg(sv[0], rr, 4, MSG_WAITFORONE, &ts));
    printf("%d %d %d\n", rr[0].msg_len, rr[1].msg_len, rr[2].msg_len);
    struct ucred u;
    socklen_t n = sizeof u;
    SHOW(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &u, &n));
    printf("%d %d\n", n, u.uid == getuid());
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path + 1, "probe-net32");
    SHOW(bind(s, (void *)&a, 14));
    n = sizeof a;
    SHOW(getsockname(s, (void *)&a, &n));
    printf("%d %d %s\n", n, a.sun_family, a.sun_path + 1);
}

static void datagrams_and_interfaces(void)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    bind(s, (void *)&a, sizeof a);
    getsockname(s, (void *)&a, &n);
    SHOW(setsockopt(s, IPPROTO_IP, IP_PKTINFO, &one, 4));
    SHOW(setsockopt(s, SOL_SOCKET, SO_TIMESTAMP, &one, 4));
    SHOW(setsockopt(s, IPPROTO_IP, IP_RECVTTL, &one, 4));
    SHOW(setsockopt(s, IPPROTO_IP, IP_RECVTOS, &one, 4));
    SHOW(sendto(s, "q", 1, 0, (void *)&a, sizeof a));
    char b[8], rc[256];
    struct iovec io = {b, 8};
    struct sockaddr_in from;
    struct msghdr r = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &io, .msg_iovlen = 1, .msg_control = rc, .msg_controllen = sizeof rc};
    SHOW(recvmsg(s, &r, 0));
    printf("ctl %d nl %d\n", (int)r.msg_controllen, r.msg_namelen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&r); c; c = CMSG_NXTHDR(&r, c)) {
        printf("cmsg %d %d len %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *p = (void *)CMSG_DATA(c);
            printf(" if %d %s", p->ipi_ifindex, inet_ntoa(p->ipi_addr));
        }
        if (c->cmsg_type == SCM_TIMESTAMP && c->cmsg_level == SOL_SOCKET) {
            struct timeval *t = (void *)CMSG_DATA(c);
            printf(" recent %d", labs((long)(t->tv_sec - time(0))) < 5);
        }
        if (c->cmsg_level == 0 && c->cmsg_type == IP_TTL)
            printf(" ttl %d", *(int *)CMSG_DATA(c));
        puts("");
    }
    struct ip_mreqn mr = {.imr_multiaddr.s_addr = inet_addr("239.1.2.3"), .imr_ifindex = 1};
    SHOW(setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr));
    struct group_req gr = {.gr_interface = 1};
    ((struct sockaddr_in *)&gr.gr_group)->sin_family = AF_INET;
    ((struct sockaddr_in *)&gr.gr_group)->sin_addr.s_addr = inet_addr("239.1.2.4");
    SHOW(setsockopt(s, IPPROTO_IP, MCAST_JOIN_GROUP, &gr, sizeof gr));
    int v;
    n = 4;
    SHOW(getsockopt(s, IPPROTO_IP, IP_TTL, &v, &n));
    printf("ttl %d\n", v);
    unsigned char tl = 5;
    SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &tl, 1));
    n = 4;
    SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &v, &n));
    printf("%d %d\n", v, n);
    struct ifreq ifr;
    memset(&ifr, 0, sizeof ifr);
    strcpy(ifr.ifr_name, "lo");
    SHOW(ioctl(s, SIOCGIFINDEX, &ifr));
    printf("%d\n", ifr.ifr_ifindex);
    SHOW(ioctl(s, SIOCGIFFLAGS, &ifr));
    printf("%x\n", ifr.ifr_flags);
    SHOW(ioctl(s, SIOCGIFADDR, &ifr));
    printf("%d %s\n", ifr.ifr_addr.sa_family, inet_ntoa(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr));
    SHOW(ioctl(s, SIOCGIFMTU, &ifr));
    printf("%d\n", ifr.ifr_mtu);
    SHOW(ioctl(s, SIOCGIFHWADDR, &ifr));
    printf("%d\n", ifr.ifr_hwaddr.sa_family);
    char ib[512];
    struct ifconf ic = {.ifc_len = sizeof ib, .ifc_buf = ib};
    SHOW(ioctl(s, SIOCGIFCONF, &ic));
    for (int i = 0; i < ic.ifc_len / (int)sizeof(struct ifreq); i++)
        if (!strcmp(ic.ifc_req[i].ifr_name, "lo"))
            printf("lo %s\n", inet_ntoa(((struct sockaddr_in *)&ic.ifc_req[i].ifr_addr)->sin_addr));
    close(s);
}

static void terminals(void)
{
    int m, s;
    struct winsize w = {24, 80, 0, 0};
    SHOW(openpty(&m, &s, 0, 0, &w));
    struct termios t;
    SHOW(tcgetattr(s, &t));
    printf("%d %d %d %d %d %d\n", !!(t.c_iflag & ICRNL), !!(t.c_oflag & ONLCR), !!(t.c_lflag & ICANON), !!(t.c_lflag & ECHOE),
           (t.c_cflag & CSIZE) == CS8, t.c_cc[VINTR]);
    printf("%d %d %d\n", t.c_cc[VEOF], t.c_cc[VERASE], t.c_cc[VSUSP]);
    printf("speed %d %d\n", cfgetospeed(&t) == B38400, cfgetispeed(&t) == B38400);
    cfsetospeed(&t, B115200);
    t.c_lflag &= ~(ICANON | ECHO);
    t.c_iflag |= IXON;
    t.c_cc[VMIN] = 3;
    t.c_cc[VTIME] = 4;
    SHOW(tcsetattr(s, TCSANOW, &t));
    memset(&t, 0, sizeof t);
    SHOW(tcgetattr(s, &t));
    printf("%d %d %d %d\n", !!(t.c_lflag & ICANON), t.c_cc[VMIN], t.c_cc[VTIME], cfgetospeed(&t) == B115200);
    SHOW(ioctl(s, TIOCGWINSZ, &w));
    printf("%d %d\n", w.ws_row, w.ws_col);
    w.ws_row = 50;
    SHOW(ioctl(m, TIOCSWINSZ, &w));
    SHOW(ioctl(s, TIOCGWINSZ, &w));
    printf("%d\n", w.ws_row);
    int v;
    SHOW(ioctl(s, TIOCOUTQ, &v));
    SHOW(ioctl(m, TIOCGPTN, &v) < 0 ? -1 : 0);
    v = 0;
    SHOW(ioctl(m, TIOCSPTLCK, &v));
    int fd = WORKS(ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    close(fd);
    int nb = 1;
    SHOW(ioctl(m, FIONBIO, &nb));
    printf("%d\n", !!(fcntl(m, F_GETFL) & O_NONBLOCK));
    SHOW(read(m, &v, 1));
    SHOW(tcflush(s, TCIOFLUSH));
    SHOW(tcdrain(s));
    SHOW(isatty(s));
    SHOW(ioctl(s, 0x1234, 0));
    SHOW(ioctl(s, TIOCGSID, &v));
    SHOW(tcgetpgrp(s) < 0 ? -1 : 0);
    close(m);
    close(s);
}

static void locks_and_flags(void)
{
    int f = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    if (f < 0)
        f = open("/tmp/probe.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    printf("open %d fl %x\n", f >= 0, fcntl(f, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    SHOW(fcntl(f, F_SETFL, O_APPEND));
    printf("%d\n", !!(fcntl(f, F_GETFL) & O_APPEND));
    int d = open("/", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    printf("dir %d %d\n", d >= 0, !!(fcntl(d, F_GETFL) & O_DIRECTORY));
    SHOW(open("/proc/self/exe", O_RDONLY | O_DIRECTORY));
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    SHOW(fcntl(f, F_SETLK, &l));
    if (!fork()) {
        l.l_start = 0;
        l.l_len = 0;
        fcntl(f, F_GETLK, &l);
        printf("lock %d %ld %ld %d\n", l.l_type, (long)l.l_start, (long)l.l_len, l.l_pid == getppid());
        fflush(0);
        _exit(0);
    }
    wait(0);
    struct flock64 l6 = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x123456789all, .l_len = 20};
    SHOW(fcntl(f, F_SETLK64, &l6));
    if (!fork()) {
        l6.l_start = 0x100000000ll;
        l6.l_len = 0;
        fcntl(f, F_GETLK64, &l6);
        printf("lock %d %llx %lld\n", l6.l_type, (long long)l6.l_start, (long long)l6.l_len);
        fflush(0);
        _exit(0);
    }
    wait(0);
    struct flock64 lo = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 2};
    SHOW(fcntl(f, F_OFD_SETLK, &lo));
    struct f_owner_ex o = {F_OWNER_PID, getpid()};
    SHOW(fcntl(f, F_SETOWN_EX, &o));
    memset(&o, 0, sizeof o);
    SHOW(fcntl(f, F_GETOWN_EX, &o));
    printf("%d %d\n", o.type, o.pid == getpid());
    SHOW(fcntl(f, F_SETSIG, SIGRTMIN));
    printf("%d\n", fcntl(f, F_GETSIG) == SIGRTMIN);
    int p[2];
    pipe(p);
    SHOW(fcntl(p[0], F_SETPIPE_SZ, 65536));
    SHOW(fcntl(p[0], F_GETPIPE_SZ));
    SHOW(fcntl(p[0], F_DUPFD_CLOEXEC, 50));
    SHOW(fcntl(50, F_GETFD));
    SHOW(fcntl(99, F_GETFD));
    SHOW(fcntl(f, F_GETLK, (void *)4));
}

static void event_descriptors(void)
{
    int e = eventfd(5, EFD_NONBLOCK);
    uint64_t v = 7;
    SHOW(write(e, &v, 8));
    v = 0;
    SHOW(read(e, &v, 8));
    printf("%llu\n", (unsigned long long)v);
    int e2 = dup(e);
    v = 0x102;
    SHOW(write(e2, &v, 8));
    struct iovec io = {&v, 8};
    v = 0;
    SHOW(readv(e2, &io, 1));
    printf("%llx\n", (unsigned long long)v);
    close(e2);
    SHOW(write(e, &v, 4));
    int t = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec its = {{0, 0}, {0, 1000000}};
    SHOW(timerfd_settime(t, 0, &its, 0));
    v = 0;
    SHOW(read(t, &v, 8));
    printf("%llu\n", (unsigned long long)v);
    close(t);
    sigset_t m;
    sigemptyset(&m);
    sigaddset(&m, SIGUSR1);
    sigaddset(&m, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &m, 0);
    int s = signalfd(-1, &m, SFD_NONBLOCK);
    union sigval sv = {.sival_int = 0x1234};
    SHOW(sigqueue(getpid(), SIGRTMIN + 3, sv));
    struct signalfd_siginfo si;
    SHOW(read(s, &si, sizeof si));
    printf("%d %d %x %d\n", si.ssi_signo == SIGRTMIN + 3, si.ssi_code, si.ssi_int, si.ssi_pid == getpid());
    SHOW(sigqueue(getpid(), SIGRTMIN + 3, sv));
    siginfo_t i;
    struct timespec ts = {1, 0};
    printf("%d\n", sigtimedwait(&m, &i, &ts) == SIGRTMIN + 3);
    printf("%d %x %d\n", i.si_code, i.si_value.sival_int, i.si_pid == getpid());
    ts.tv_sec = 0;
    ts.tv_nsec = 1000;
    SHOW(sigtimedwait(&m, &i, &ts));
    int n = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char dir[] = "/tmp/probeXXXXXX";
    mkdtemp(dir);
    SHOW(inotify_add_watch(n, dir, IN_CREATE | IN_DELETE));
    char fn[64];
    sprintf(fn, "%s/file", dir);
    close(open(fn, O_CREAT | O_WRONLY, 0600));
    unlink(fn);
    char ib[512];
    int r = read(n, ib, sizeof ib);
    printf("ino %d\n", r);
    for (char *q = ib; q < ib + r;) {
        struct inotify_event *ev = (void *)q;
        printf("%d %x %d %s\n", ev->wd, ev->mask, ev->len, ev->name);
        q += sizeof *ev + ev->len;
    }
    rmdir(dir);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ee = {EPOLLIN, {.u64 = 0x1122334455667788ull}};
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ee));
    v = 1;
    write(e, &v, 8);
    struct epoll_event out[4];
    SHOW(epoll_wait(ep, out, 4, 1000));
    printf("%x %llx\n", out[0].events, (unsigned long long)out[0].data.u64);
    SHOW(epoll_pwait(ep, out, 4, 0, &m));
    fd_set rs;
    FD_ZERO(&rs);
    FD_SET(e, &rs);
    FD_SET(s, &rs);
    struct timeval tv = {1, 0};
    SHOW(select(e + s + 1, &rs, 0, 0, &tv));
    printf("%d %d\n", FD_ISSET(e, &rs), FD_ISSET(s, &rs));
    dup2(e, 40);
    FD_ZERO(&rs);
    FD_SET(40, &rs);
    ts.tv_sec = 1;
    ts.tv_nsec = 0;
    SHOW(pselect(41, &rs, 0, 0, &ts, &m));
    printf("%d\n", FD_ISSET(40, &rs));
    struct pollfd pf = {40, POLLIN};
    SHOW(ppoll(&pf, 1, &ts, &m));
    SHOW(select(-1, 0, 0, 0, 0));
}

static void signals(void)
{
    struct sigaction sa = {.sa_sigaction = onsig, .sa_flags = SA_SIGINFO};
    sigemptyset(&sa.sa_mask);
    sigaddset(&sa.sa_mask, SIGUSR2);
    SHOW(sigaction(SIGRTMIN + 1, &sa, 0));
    SHOW(sigaction(SIGCHLD, &sa, 0));
    SHOW(sigaction(SIGALRM, &sa, 0));
    struct sigaction old;
    SHOW(sigaction(SIGALRM, 0, &old));
    printf("%d %x %d %d\n", old.sa_sigaction == onsig, old.sa_flags & 0xff, sigismember(&old.sa_mask, SIGUSR2), sigismember(&old.sa_mask, SIGUSR1));
    union sigval v = {.sival_int = 77};
    SHOW(sigqueue(getpid(), SIGRTMIN + 1, v));
    printf("%d %d %d %d\n", got, lastsig == SIGRTMIN + 1, last.si_code, last.si_value.sival_int);
    int p = fork();
    if (!p)
        _exit(5);
    while (got < 2)
        usleep(1000);
    printf("%d %d %d %d\n", lastsig, last.si_code, last.si_pid == p, last.si_status);
    waitpid(p, 0, 0);
    timer_t t;
    struct sigevent se = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_int = 4242};
    SHOW(timer_create(CLOCK_MONOTONIC, &se, &t));
    struct itimerspec its = {{0, 0}, {0, 2000000}};
    SHOW(timer_settime(t, 0, &its, 0));
    while (got < 3)
        usleep(1000);
    printf("%d %d %d\n", lastsig, last.si_code, last.si_value.sival_int);
    SHOW(timer_delete(t));
    sigset_t m, o;
    sigemptyset(&m);
    sigaddset(&m, SIGUSR2);
    sigaddset(&m, 40);
    SHOW(sigprocmask(SIG_BLOCK, &m, &o));
    raise(SIGUSR2);
    sigset_t pend;
    SHOW(sigpending(&pend));
    printf("%d %d\n", sigismember(&pend, SIGUSR2), sigismember(&pend, SIGUSR1));
    sigaction(SIGUSR2, &sa, 0);
    sigemptyset(&m);
    SHOW(sigsuspend(&m));
    printf("%d %d\n", lastsig, got);
    signal(SIGPIPE, SIG_IGN);
    unsigned mk = 1 << (SIGHUP - 1);
    printf("old %lx\n", syscall(SYS_sgetmask) & 0xff);
    SHOW(syscall(SYS_ssetmask, mk) >= 0);
    printf("%lx\n", syscall(SYS_sgetmask));
    syscall(SYS_ssetmask, 0);
    unsigned long os;
    SHOW(syscall(SYS_sigprocmask, SIG_BLOCK, &(unsigned long){1 << (SIGUSR1 - 1)}, &os));
    unsigned long ps = 0;
    raise(SIGUSR1);
    SHOW(syscall(SYS_sigpending, &ps));
    printf("%lx\n", ps);
    signal(SIGUSR1, SIG_IGN);
    stack_t ss = {.ss_sp = malloc(16384), .ss_size = 16384}, so;
    SHOW(sigaltstack(&ss, &so));
    SHOW(sigaltstack(0, &so));
    printf("%d %d\n", so.ss_flags, (int)so.ss_size);
}
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
    struct seminfo *inf;
};
static void interprocess(void)
{
    int q = msgget(IPC_PRIVATE, 0600);
    struct {
        long t;
        char x[16];
    } mb = {3, "hello"};
    SHOW(msgsnd(q, &mb, 6, 0));
    mb.t = 9;
    SHOW(msgsnd(q, &mb, 3, IPC_NOWAIT));
    struct msqid_ds md;
    SHOW(msgctl(q, IPC_STAT, &md));
    printf("%d %d %d %o %d\n", (int)md.msg_qnum, (int)md.__msg_cbytes, (int)md.msg_qbytes > 0, md.msg_perm.mode, md.msg_lspid == getpid());
    memset(&mb, 0, sizeof mb);
    SHOW(msgrcv(q, &mb, 16, 9, 0));
    printf("%ld\n", mb.t);
    SHOW(msgrcv(q, &mb, 16, -5, 0));
    printf("%ld %s\n", mb.t, mb.x);
    SHOW(msgrcv(q, &mb, 16, 0, IPC_NOWAIT));
    md.msg_qbytes = 1000;
    SHOW(msgctl(q, IPC_SET, &md));
    SHOW(msgctl(q, IPC_STAT, &md));
    printf("%d\n", (int)md.msg_qbytes);
    struct msginfo mi;
    WORKS(msgctl(0, IPC_INFO, (void *)&mi));
    SHOW(msgctl(q, IPC_RMID, 0));
    int s = semget(IPC_PRIVATE, 3, 0600);
    unsigned short a[3] = {1, 2, 300};
    union semun u = {.array = a};
    SHOW(semctl(s, 0, SETALL, u));
    memset(a, 0, 6);
    SHOW(semctl(s, 0, GETALL, u));
    printf("%d %d %d\n", a[0], a[1], a[2]);
    u.val = 5;
    SHOW(semctl(s, 1, SETVAL, u));
    SHOW(semctl(s, 1, GETVAL));
    struct sembuf sb[2] = {{1, -2, 0}, {0, 1, 0}};
    SHOW(semop(s, sb, 2));
    SHOW(semctl(s, 1, GETVAL));
    sb[0].sem_op = -100;
    struct timespec ts = {0, 1000000};
    SHOW(semtimedop(s, sb, 1, &ts));
    struct semid_ds sd;
    u.buf = &sd;
    SHOW(semctl(s, 0, IPC_STAT, u));
    printf("%d %o %d\n", (int)sd.sem_nsems, sd.sem_perm.mode, labs((long)(sd.sem_otime - time(0))) < 100);
    SHOW(semctl(s, 0, IPC_RMID));
    int h = shmget(IPC_PRIVATE, 12345, 0600);
    char *x = shmat(h, 0, 0);
    printf("at %d\n", x != (void *)-1);
    strcpy(x, "shared");
    struct shmid_ds hd;
    SHOW(shmctl(h, IPC_STAT, &hd));
    printf("%d %d %d %o\n", (int)hd.shm_segsz, (int)hd.shm_nattch, hd.shm_cpid == getpid(), hd.shm_perm.mode);
    char *y = shmat(h, 0, SHM_RDONLY);
    printf("%s\n", y);
    SHOW(shmdt(y));
    SHOW(shmctl(h, IPC_RMID, 0));
    SHOW(shmdt(x));
    SHOW(shmdt(x));
    struct shm_info si;
    WORKS(shmctl(0, SHM_INFO, (void *)&si));
    struct shminfo sf;
    WORKS(shmctl(0, IPC_INFO, (void *)&sf));
    struct mq_attr at = {.mq_maxmsg = 4, .mq_msgsize = 64};
    mq_unlink("/probe32");
    mqd_t m = mq_open("/probe32", O_CREAT | O_RDWR, 0600, &at);
    WORKS(m);
    if (m >= 0) {
        memset(&at, 0, sizeof at);
        SHOW(mq_getattr(m, &at));
        printf("%ld %ld %ld\n", at.mq_maxmsg, at.mq_msgsize, at.mq_curmsgs);
        SHOW(mq_send(m, "one", 3, 5));
        char mbf[64];
        unsigned pr;
        struct timespec e;
        clock_gettime(CLOCK_REALTIME, &e);
        e.tv_sec++;
        SHOW(mq_timedreceive(m, mbf, 64, &pr, &e));
        printf("%d\n", pr);
        got = 0;
        struct sigevent se = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_int = 11};
        SHOW(mq_notify(m, &se));
        mq_send(m, "a", 1, 0);
        while (!got)
            usleep(100);
        printf("%d %d\n", last.si_code, last.si_value.sival_int);
        clock_gettime(CLOCK_REALTIME, &e);
        e.tv_sec--;
        mq_receive(m, mbf, 64, 0);
        SHOW(mq_timedreceive(m, mbf, 64, &pr, &e));
        mq_unlink("/probe32");
    }
}

static void asynchronous_io(void)
{
    aio_context_t c = 0;
    SHOW(syscall(SYS_io_setup, 8, &c));
    int f = open("/tmp/probe.aio", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char b[16] = "data!";
    struct iocb cb = {.aio_data = 0x1122334455667788ull,
                      .aio_lio_opcode = IOCB_CMD_PWRITE,
                      .aio_fildes = f,
                      .aio_buf = (unsigned long)b,
                      .aio_nbytes = 5,
                      .aio_offset = 3};
    struct iocb *l[2] = {&cb};
    SHOW(syscall(SYS_io_submit, c, 1, l));
    struct io_event ev[4];
    struct timespec ts = {1, 0};
    SHOW(syscall(SYS_io_getevents, c, 1, 4, ev, &ts));
    printf("%llx %d %lld\n", (unsigned long long)ev[0].data, ev[0].obj == (unsigned long)&cb, (long long)ev[0].res);
    char r1[4] = "", r2[8] = "";
    struct iovec io[2] = {{r1, 4}, {r2, 8}};
    struct iocb rb = {.aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = f, .aio_buf = (unsigned long)io, .aio_nbytes = 2};
    l[0] = &rb;
    SHOW(syscall(SYS_io_submit, c, 1, l));
    SHOW(syscall(SYS_io_getevents, c, 1, 4, ev, &ts));
    printf("%lld %.4s\n", (long long)ev[0].res, r2);
    SHOW(syscall(SYS_io_submit, c, 1, (void *)4));
    SHOW(syscall(SYS_io_destroy, c));
    SHOW(syscall(SYS_io_destroy, c));
    unlink("/tmp/probe.aio");
}

static void futexes(void)
{
    int w = 0x01020304;
    struct timespec ts = {0, 1000000};
    SHOW(syscall(SYS_futex, &w, FUTEX_WAIT, 5, &ts, 0, 0));
    SHOW(syscall(SYS_futex, &w, FUTEX_WAIT, 0x01020304, &ts, 0, 0));
    SHOW(syscall(SYS_futex, &w, FUTEX_WAKE, 5, 0, 0, 0));
    int w2 = 10;
    SHOW(syscall(SYS_futex, &w, FUTEX_WAKE_OP, 1, (void *)1, &w2, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 10)));
    printf("%d\n", w2);
    SHOW(syscall(SYS_futex, &w, FUTEX_CMP_REQUEUE, 1, (void *)1, &w2, 7));
    SHOW(syscall(SYS_futex, &w, FUTEX_CMP_REQUEUE, 1, (void *)1, &w2, 0x01020304));
    long long t6[2] = {0, 1000000};
    SHOW(syscall(422, &w, FUTEX_WAIT, 0x01020304, t6, 0, 0));
}
int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    stream_sockets();
    local_sockets();
    datagrams_and_interfaces();
    terminals();
    locks_and_flags();
    event_descriptors();
    signals();
    interprocess();
    asynchronous_io();
    futexes();
    return 0;
}
