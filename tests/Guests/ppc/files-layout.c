// cc: -O2
// cc[lfs]: -O2 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
// Files through 32-bit structures: stat in all forms, large offsets, directories, times, statfs, flock, sendfile, vectors.
#include "guest.h"
#include <dirent.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>

int main(void)
{
    struct stat st;
    int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK(fd >= 0);
    EQ(write(fd, "0123456789", 10), 10);
    EQ(fstat(fd, &st), 0);
    EQ(st.st_size, 10);
    EQ(st.st_mode, S_IFREG | 0640);
    EQ(st.st_nlink, 1);
    CHECK(st.st_ino != 0 && st.st_blksize >= 512);
    EQ(stat("/dev/null", &st), 0);
    CHECK(S_ISCHR(st.st_mode) && major(st.st_rdev) == 1 && minor(st.st_rdev) == 3);
    EQ(lstat("/proc/self/exe", &st), 0);
    CHECK(S_ISLNK(st.st_mode));
    struct statx sx;
    EQ(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx), 0);
    EQ(sx.stx_size, 10);
    EQ(sx.stx_mode, S_IFREG | 0640);
    struct { uint64_t dev, ino; uint32_t mode, nlink; uint32_t rest[30]; } raw;
    EQ(syscall(SYS_fstat64, fd, &raw), 0);
    EQ(raw.mode, S_IFREG | 0640);
    EQ(raw.ino, st.st_ino ? raw.ino : 0);

    loff_t position = 0;
    EQ(syscall(SYS__llseek, fd, 3, 0x10, &position, SEEK_SET), 0);
    EQ(position, 0x300000010ll);
    EQ(write(fd, "far", 3), 3);
    EQ(syscall(SYS_fstat64, fd, &raw), 0);
    EQ(lseek(fd, 0, SEEK_SET), 0);
    EQ(ftruncate(fd, 10), 0);

    struct iovec v[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
    EQ(pwritev(fd, v, 3, 2), 5);
    char text[16] = "";
    char a[3], b[8];
    struct iovec r[2] = { { a, 3 }, { b, 8 } };
    EQ(preadv(fd, r, 2, 0), 10);
    CHECK(memcmp(a, "01a", 3) == 0 && memcmp(b, "bcde789", 7) == 0);
    EQ(pread(fd, text, 5, 2), 5);
    CHECK(strcmp(text, "abcde") == 0);

    struct timespec times[2] = { { 1000000000, 123456789 }, { 1234567890, 987654321 } };
    EQ(futimens(fd, times), 0);
    EQ(fstat(fd, &st), 0);
    EQ(st.st_mtime, 1234567890);
    EQ(st.st_mtim.tv_nsec, 987654321);
    EQ(st.st_atime, 1000000000);
    struct timeval old[2] = { { 5, 6 }, { 7, 8 } };
    EQ(utimes("file", old), 0);
    EQ(stat("file", &st), 0);
    EQ(st.st_mtime, 7);
    EQ(st.st_mtim.tv_nsec, 8000);

    EQ(mkdir("dir", 0755), 0);
    for (int i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "dir/a-rather-long-name-%d", i);
        int f = open(name, O_CREAT | O_WRONLY, 0600);
        CHECK(f >= 0);
        close(f);
    }
    DIR *d = opendir("dir");
    int seen = 0, sum = 0;
    struct dirent *e;
    long middle = 0;
    while ((e = readdir(d))) {
        int n;
        if (sscanf(e->d_name, "a-rather-long-name-%d", &n) == 1) {
            seen++;
            sum += n;
            CHECK(e->d_type == DT_REG && e->d_ino != 0);
        }
        if (seen == 100 && !middle)
            middle = telldir(d);
    }
    EQ(seen, 300);
    EQ(sum, 299 * 300 / 2);
    seekdir(d, middle);
    for (seen = 0; (e = readdir(d));)
        seen++;
    CHECK(seen >= 198 && seen <= 202);
    closedir(d);

    struct statfs fs;
    struct statvfs vfs;
    EQ(statfs(".", &fs), 0);
    CHECK(fs.f_bsize >= 512 && fs.f_namelen >= 64);
    EQ(statvfs(".", &vfs), 0);
    EQ(vfs.f_namemax, fs.f_namelen);

    EQ(flock(fd, LOCK_EX), 0);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 5 };
    EQ(fcntl(fd, F_SETLK, &lock), 0);
    if (fork() == 0) {
        struct flock other = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100 };
        EQ(fcntl(fd, F_GETLK, &other), 0);
        EQ(other.l_type, F_WRLCK);
        EQ(other.l_start, 2);
        EQ(other.l_len, 5);
        EQ(other.l_pid, getppid());
        _exit(guest_failures);
    }
    int status;
    wait(&status);
    EQ(status, 0);
    EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR);
    EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
    EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_APPEND);
    EQ(fcntl(fd, F_GETFD), 0);

    int out = open("copy", O_RDWR | O_CREAT, 0600);
    off_t from = 2;
    EQ(sendfile(out, fd, &from, 5), 5);
    EQ(from, 7);
    memset(text, 0, sizeof text);
    EQ(pread(out, text, 16, 0), 5);
    CHECK(strcmp(text, "abcde") == 0);
    EQ(symlink("file", "link"), 0);
    EQ(readlink("link", text, sizeof text), 4);
    FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    EQ(open("dir", O_RDONLY | O_DIRECTORY) >= 0, 1);
    EQ(rename("copy", "moved"), 0);
    EQ(access("moved", R_OK), 0);
    FAILS(access("copy", F_OK), ENOENT);
    void *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
    CHECK(memcmp(p, "abcde", 5) == 0);
    memcpy(p, "ABC", 3);
    EQ(msync(p, 4096, MS_SYNC), 0);
    EQ(pread(out, text, 3, 0), 3);
    CHECK(memcmp(text, "ABC", 3) == 0);
    return guest_done();
}
