// cc: -O2 -lutil
// Terminals: PowerPC has its own termios layout, flags, control characters, speeds and request numbers.
#include "guest.h"
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
    int master, slave;
    struct winsize size = { 33, 101, 0, 0 }, seen;
    CHECK(openpty(&master, &slave, 0, 0, &size) == 0);
    CHECK(isatty(slave) && isatty(master));
    EQ(ioctl(slave, TIOCGWINSZ, &seen), 0);
    EQ(seen.ws_row, 33);
    EQ(seen.ws_col, 101);
    size.ws_row = 44;
    EQ(ioctl(master, TIOCSWINSZ, &size), 0);
    EQ(ioctl(slave, TIOCGWINSZ, &seen), 0);
    EQ(seen.ws_row, 44);

    struct termios t, u;
    EQ(tcgetattr(slave, &t), 0);
    CHECK(t.c_lflag & ICANON);
    CHECK(t.c_lflag & ECHO);
    CHECK(t.c_lflag & ISIG);
    CHECK(t.c_iflag & ICRNL);
    CHECK(t.c_oflag & OPOST);
    EQ(t.c_cflag & CSIZE, CS8);
    EQ(t.c_cc[VINTR], 3);
    EQ(t.c_cc[VEOF], 4);
    EQ(t.c_cc[VERASE], 127);
    EQ(t.c_cc[VQUIT], 28);
    EQ(t.c_cc[VMIN], 1);
    EQ(cfgetospeed(&t), B38400);

    t.c_lflag &= ~(ICANON | ECHO);
    t.c_cc[VMIN] = 3;
    t.c_cc[VTIME] = 0;
    t.c_cc[VINTR] = 7;
    cfsetspeed(&t, B9600);
    EQ(tcsetattr(slave, TCSANOW, &t), 0);
    EQ(tcgetattr(slave, &u), 0);
    EQ(u.c_lflag, t.c_lflag);
    EQ(u.c_iflag, t.c_iflag);
    EQ(u.c_oflag, t.c_oflag);
    EQ(u.c_cflag & ~(CBAUD), t.c_cflag & ~(CBAUD));
    EQ(u.c_cc[VMIN], 3);
    EQ(u.c_cc[VINTR], 7);
    EQ(cfgetospeed(&u), B9600);
    EQ(cfgetispeed(&u), B9600);

    char text[16] = "";
    EQ(write(master, "xyz", 3), 3);
    EQ(read(slave, text, sizeof text), 3);
    CHECK(memcmp(text, "xyz", 3) == 0);
    int waiting = 0;
    EQ(write(master, "ab", 2), 2);
    usleep(10000);
    EQ(ioctl(slave, FIONREAD, &waiting), 0);
    EQ(waiting, 2);
    EQ(tcflush(slave, TCIFLUSH), 0);
    EQ(ioctl(slave, FIONREAD, &waiting), 0);
    EQ(waiting, 0);
    EQ(write(slave, "a\nb", 3), 3);
    EQ(read(master, text, sizeof text), 4);
    CHECK(memcmp(text, "a\r\nb", 4) == 0);
    EQ(tcsendbreak(slave, 0), 0);
    int number = -1;
    EQ(ioctl(master, TIOCGPTN, &number), 0);
    CHECK(number >= 0 && number < 100000);
    int nonblock = 1;
    EQ(ioctl(slave, FIONBIO, &nonblock), 0);
    CHECK(fcntl(slave, F_GETFL) & O_NONBLOCK);
    FAILS(read(slave, text, 1), EAGAIN);

    pid_t child = forkpty(&master, 0, 0, 0);
    if (child == 0) {
        printf("session %d group %d\n", getsid(0) == getpid(), tcgetpgrp(0) == getpid());
        fflush(stdout);
        for (;;)
            pause();
    }
    char line[64] = "";
    usleep(50000);
    CHECK(read(master, line, sizeof line - 1) > 0);
    CHECK(strncmp(line, "session 1 group 1", 17) == 0);
    EQ(write(master, "\003", 1), 1);
    int status;
    EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    return guest_done();
}
