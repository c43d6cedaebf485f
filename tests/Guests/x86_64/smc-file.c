// also: i386
// cc: -O1
// Code in a shared file mapping that changes without a store to the mapping it runs from: through another mapping of the file, and by pwrite.
#include "guest.h"

enum { P = 4096 };

static void put(void *at, int value)
{
    unsigned char code[6] = { 0xb8, 0, 0, 0, 0, 0xc3 };
    memcpy(code + 1, &value, 4);
    memcpy(at, code, 6);
}

static int call(void *at) { return ((int (*)(void))at)(); }

int main(void)
{
    int fd = open("code-file", O_RDWR | O_CREAT | O_TRUNC, 0700);
    char page[P] = { 0 };
    put(page, 5);
    CHECK(write(fd, page, P) == P);
    char *file = mmap(NULL, P, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0), *alias = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EQ(call(file), 5);
    put(alias, 6);
    EQ(call(file), 6);
    put(page, 7);
    CHECK(pwrite(fd, page, P, 0) == P);
    EQ(call(file), 7);
    close(fd);
    unlink("code-file");
    return guest_done();
}
