// cc: -O2 -no-pie -fno-pie
// Loads and stores at every misalignment, also across pages; multiple and string forms; byte-reversed forms.
#include "guest.h"

int main(void)
{
    uint8_t *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 8192; i++)
        page[i] = i * 7 + (i >> 8);
    for (int o = 0; o < 16; o++) {
        uint8_t *p = page + 4096 - 8 + o;
        uint32_t be = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3], le = (uint32_t)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0], got;
        asm volatile("lwzx %0,0,%1" : "=r"(got) : "b"(p) : "memory"); EQ(got, be);
        asm volatile("lwbrx %0,0,%1" : "=r"(got) : "b"(p) : "memory"); EQ(got, le);
        asm volatile("lhz %0,0(%1)" : "=r"(got) : "b"(p) : "memory"); EQ(got, be >> 16);
        asm volatile("lha %0,0(%1)" : "=r"(got) : "b"(p) : "memory"); EQ(got, (uint32_t)(int16_t)(be >> 16));
        asm volatile("lhbrx %0,0,%1" : "=r"(got) : "b"(p) : "memory"); EQ(got, le & 0xffff);
        double d;
        uint64_t copy;
        asm volatile("lfd %0,0(%1)" : "=d"(d) : "b"(p) : "memory");
        memcpy(&copy, p, 8);
        CHECK(memcmp(&d, &copy, 8) == 0);
        asm volatile("stfd %0,64(%1)" : : "d"(d), "b"(p) : "memory");
        CHECK(memcmp(p + 64, p, 8) == 0);
        asm volatile("stwbrx %0,0,%1" : : "r"(be), "b"(p + 128) : "memory");
        CHECK(p[128] == p[3] && p[131] == p[0]);
        asm volatile("sthbrx %0,0,%1" : : "r"(be), "b"(p + 144) : "memory");
        CHECK(p[144] == p[3] && p[145] == p[2]);
        uint32_t first, last;
        asm volatile("lmw 29,0(%2)\n mr %0,29\n mr %1,31" : "=&r"(first), "=&r"(last) : "b"(p) : "r29", "r30", "r31", "memory");
        EQ(first, be);
        EQ(last, (uint32_t)p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11]);
        asm volatile("lswi 29,%1,7\n mr %0,30" : "=&r"(last) : "b"(p) : "r29", "r30", "memory");
        EQ(last, (uint32_t)p[4] << 24 | p[5] << 16 | p[6] << 8);
        asm volatile("mtxer %1\n lswx 29,0,%2\n mr %0,30" : "=&r"(last) : "r"(6), "b"(p) : "r29", "r30", "xer", "memory");
        EQ(last, (uint32_t)p[4] << 24 | p[5] << 16);
        uint8_t text[8];
        memcpy(text, p, 8);
        asm volatile("lwz 29,0(%0)\n lwz 30,4(%0)\n stswi 29,%1,7" : : "b"(p), "b"(p + 160) : "r29", "r30", "memory");
        CHECK(memcmp(p + 160, text, 7) == 0 && p[167] == (uint8_t)((p + 167 - page) * 7 + ((p + 167 - page) >> 8)));
    }
    float f = 1.5f, g;
    asm volatile("stfs %1,1(%2)\n lfs %0,1(%2)" : "=d"(g) : "d"(f), "b"(page) : "memory");
    CHECK(f == g && page[1] == 0x3f && page[2] == 0xc0);
    asm volatile("stfiwx %0,0,%1" : : "d"(0x1.0000012345678p0), "b"(page + 3) : "memory");
    EQ(page[3], 0x12);
    uint32_t base = (uint32_t)page, value;
    asm volatile("lbzu %0,5(%1)" : "=r"(value), "+b"(base) : : "memory");
    EQ(base, (uint32_t)page + 5);
    asm volatile("sthux %1,%0,%2" : "+b"(base) : "r"(0xabcd), "r"(-3) : "memory");
    EQ(base, (uint32_t)page + 2);
    EQ(page[2] << 8 | page[3], 0xabcd);
    return guest_done();
}
