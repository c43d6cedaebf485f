// cc: -O2
// Sockets: addresses and options in guest order, ancillary data, multiple messages, polling in all forms, netlink.
#include "guest.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

static void tcp(void)
{
    int server = socket(AF_INET, SOCK_STREAM, 0), one = 1, value;
    EQ(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, b;
    EQ(bind(server, (void *)&a, sizeof a), 0);
    EQ(listen(server, 5), 0);
    socklen_t length = sizeof b;
    EQ(getsockname(server, (void *)&b, &length), 0);
    EQ(length, sizeof b);
    EQ(b.sin_family, AF_INET);
    EQ(ntohl(b.sin_addr.s_addr), INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(connect(client, (void *)&b, sizeof b), 0);
    int peer = accept4(server, (void *)&a, &length, SOCK_NONBLOCK);
    CHECK(peer >= 0);
    EQ(a.sin_family, AF_INET);
    CHECK(fcntl(peer, F_GETFL) & O_NONBLOCK);
    char text[32];
    FAILS(recv(peer, text, sizeof text, 0), EAGAIN);
    FAILS(recv(client, text, sizeof text, MSG_DONTWAIT), EAGAIN);

    struct timeval limit = { 0, 20000 }, seen;
    EQ(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    length = sizeof seen;
    EQ(getsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &seen, &length), 0);
    EQ(length, sizeof seen);
    CHECK(seen.tv_sec == 0 && seen.tv_usec >= 20000 && seen.tv_usec < 40000);
    FAILS(recv(client, text, sizeof text, 0), EAGAIN);
    struct linger linger = { 1, 7 }, lingering;
    EQ(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    length = sizeof lingering;
    EQ(getsockopt(client, SOL_SOCKET, SO_LINGER, &lingering, &length), 0);
    CHECK(lingering.l_onoff == 1 && lingering.l_linger == 7);
    length = sizeof value;
    EQ(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &length), 0);
    EQ(value, SOCK_STREAM);
    EQ(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    length = sizeof value;
    EQ(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
    EQ(value != 0, 1);
    length = sizeof value;
    EQ(getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &value, &length), 0);
    EQ(value, 1);
    struct tcp_info info;
    length = sizeof info;
    EQ(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    EQ(info.tcpi_state, TCP_ESTABLISHED);
    CHECK(info.tcpi_snd_mss > 100 && info.tcpi_snd_mss < 70000);

    EQ(send(client, "hello", 5, MSG_NOSIGNAL), 5);
    struct pollfd p[2] = { { peer, POLLIN, 0 }, { client, POLLIN | POLLOUT, 0 } };
    EQ(poll(p, 2, 1000), 2);
    EQ(p[0].revents, POLLIN);
    EQ(p[1].revents, POLLOUT);
    EQ(recv(peer, text, sizeof text, MSG_PEEK), 5);
    EQ(recv(peer, text, sizeof text, 0), 5);
    EQ(shutdown(client, SHUT_WR), 0);
    EQ(poll(p, 1, 1000), 1);
    EQ(recv(peer, text, sizeof text, 0), 0);
    close(client); close(peer); close(server);
}

static void local(void)
{
    int pair[2];
    EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    int one = 1;
    EQ(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one), 0);
    int files[2] = { open("/dev/null", O_RDONLY), open("/dev/zero", O_RDONLY) };
    char byte = 'x';
    struct iovec v = { &byte, 1 };
    union { char bytes[CMSG_SPACE(sizeof files)]; struct cmsghdr align; } out;
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = out.bytes, .msg_controllen = sizeof out.bytes };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(c), files, sizeof files);
    EQ(sendmsg(pair[0], &m, 0), 1);
    union { char bytes[256]; struct cmsghdr align; } in;
    memset(&in, 0, sizeof in);
    char got;
    struct iovec w = { &got, 1 };
    struct msghdr n = { .msg_iov = &w, .msg_iovlen = 1, .msg_control = in.bytes, .msg_controllen = sizeof in.bytes };
    EQ(recvmsg(pair[1], &n, 0), 1);
    EQ(got, 'x');
    int rights = 0, credentials = 0;
    for (c = CMSG_FIRSTHDR(&n); c; c = CMSG_NXTHDR(&n, c)) {
        if (c->cmsg_type == SCM_RIGHTS) {
            int taken[2];
            EQ(c->cmsg_len, CMSG_LEN(sizeof taken));
            memcpy(taken, CMSG_DATA(c), sizeof taken);
            char zero = 1;
            EQ(read(taken[0], &zero, 1), 0);
            EQ(read(taken[1], &zero, 1), 1);
            EQ(zero, 0);
            rights++;
        }
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred cred;
            memcpy(&cred, CMSG_DATA(c), sizeof cred);
            EQ(cred.pid, getpid());
            EQ(cred.uid, getuid());
            credentials++;
        }
    }
    EQ(rights, 1);
    EQ(credentials, 1);
    struct ucred peer;
    socklen_t length = sizeof peer;
    int stream[2];
    EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
    EQ(getsockopt(stream[0], SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
    EQ(peer.pid, getpid());

    struct mmsghdr many[3] = { 0 };
    struct iovec parts[3] = { { "one", 3 }, { "three", 5 }, { "x", 1 } };
    for (int i = 0; i < 3; i++) {
        many[i].msg_hdr.msg_iov = &parts[i];
        many[i].msg_hdr.msg_iovlen = 1;
    }
    EQ(sendmmsg(pair[0], many, 3, 0), 3);
    EQ(many[1].msg_len, 5);
    char rooms[3][16];
    for (int i = 0; i < 3; i++) {
        parts[i].iov_base = rooms[i];
        parts[i].iov_len = 16;
        many[i].msg_len = 0;
    }
    struct timespec limit = { 1, 0 };
    EQ(recvmmsg(pair[1], many, 3, MSG_WAITFORONE, &limit), 3);
    EQ(many[1].msg_len, 5);
    CHECK(memcmp(rooms[1], "three", 5) == 0);

    struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "socket" }, back;
    int s = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_DGRAM, 0);
    EQ(bind(s, (void *)&un, sizeof un), 0);
    EQ(sendto(t, "to", 2, 0, (void *)&un, sizeof un), 2);
    length = sizeof back;
    EQ(recvfrom(s, rooms[0], 16, 0, (void *)&back, &length), 2);
    un.sun_path[0] = 0;
    strcpy(un.sun_path + 1, "guest-abstract");
    int u = socket(AF_UNIX, SOCK_DGRAM, 0);
    EQ(bind(u, (void *)&un, offsetof(struct sockaddr_un, sun_path) + 15), 0);
    length = sizeof back;
    EQ(getsockname(u, (void *)&back, &length), 0);
    EQ(length, offsetof(struct sockaddr_un, sun_path) + 15);
    EQ(back.sun_family, AF_UNIX);
    FAILS(socket(AF_UNIX, 9, 0), ESOCKTNOSUPPORT);
}

static void waiting(void)
{
    int e = epoll_create1(EPOLL_CLOEXEC), pipes[2];
    EQ(pipe2(pipes, O_NONBLOCK), 0);
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x1122334455667788ull }, got[4];
    EQ(epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &event), 0);
    EQ(epoll_wait(e, got, 4, 0), 0);
    EQ(write(pipes[1], "x", 1), 1);
    EQ(epoll_wait(e, got, 4, 1000), 1);
    EQ(got[0].events, EPOLLIN);
    EQ(got[0].data.u64, 0x1122334455667788ull);
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.ptr = &event;
    EQ(epoll_ctl(e, EPOLL_CTL_MOD, pipes[0], &event), 0);
    EQ(epoll_pwait(e, got, 4, 1000, 0), 1);
    CHECK(got[0].data.ptr == &event);

    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipes[0], &set);
    FD_SET(pipes[1] + 0, &set);
    struct timeval limit = { 2, 500000 };
    EQ(select(pipes[1] + 1, &set, 0, 0, &limit), 1);
    CHECK(FD_ISSET(pipes[0], &set) && !FD_ISSET(pipes[1], &set));
    CHECK(limit.tv_sec == 2 && limit.tv_usec > 300000);
    int high = dup2(pipes[0], 45);
    EQ(high, 45);
    FD_ZERO(&set);
    FD_SET(high, &set);
    struct timespec wait = { 1, 0 };
    EQ(pselect(high + 1, &set, 0, 0, &wait, 0), 1);
    CHECK(FD_ISSET(high, &set));

    int counter = eventfd(5, 0);
    eventfd_t value;
    EQ(eventfd_write(counter, 0x100000000ull), 0);
    EQ(eventfd_read(counter, &value), 0);
    EQ(value, 0x100000005ull);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec spec = { { 0, 2000000 }, { 0, 2000000 } };
    EQ(timerfd_settime(timer, 0, &spec, 0), 0);
    usleep(10000);
    uint64_t ticks;
    EQ(read(timer, &ticks, 8), 8);
    CHECK(ticks >= 3 && ticks < 1000);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_BLOCK, &mask, 0);
    int signals = signalfd(-1, &mask, 0);
    union sigval sent = { .sival_int = 4711 };
    EQ(sigqueue(getpid(), SIGUSR2, sent), 0);
    struct signalfd_siginfo info;
    EQ(read(signals, &info, sizeof info), sizeof info);
    EQ(info.ssi_signo, SIGUSR2);
    EQ(info.ssi_int, 4711);
    EQ(info.ssi_pid, getpid());
}

static void netlink(void)
{
    int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    CHECK(s >= 0);
    struct { struct nlmsghdr h; struct rtgenmsg g; } request = { { sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 99, 0 }, { AF_UNSPEC } };
    request.h.nlmsg_len = NLMSG_LENGTH(sizeof request.g);
    EQ(send(s, &request, request.h.nlmsg_len, 0), request.h.nlmsg_len);
    static char room[65536];
    int loopback = 0, done = 0;
    while (!done) {
        int n = recv(s, room, sizeof room, 0);
        if (n <= 0)
            break;
        for (struct nlmsghdr *h = (void *)room; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
            EQ(h->nlmsg_seq, 99);
            if (h->nlmsg_type == NLMSG_DONE) {
                done = 1;
                break;
            }
            EQ(h->nlmsg_type, RTM_NEWLINK);
            struct ifinfomsg *link = NLMSG_DATA(h);
            int left = h->nlmsg_len - NLMSG_LENGTH(sizeof *link);
            for (struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left))
                if (a->rta_type == IFLA_IFNAME && strcmp(RTA_DATA(a), "lo") == 0)
                    loopback = link->ifi_index;
                else if (a->rta_type == IFLA_MTU)
                    CHECK(*(uint32_t *)RTA_DATA(a) >= 68 && *(uint32_t *)RTA_DATA(a) <= 1 << 24);
        }
    }
    EQ(done, 1);
    EQ(loopback, 1);
}

int main(void)
{
    tcp();
    local();
    waiting();
    netlink();
    return guest_done();
}
