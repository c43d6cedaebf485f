/* Uses an instruction that small CPU models lack: AVX on x86, AltiVec on PowerPC. */
#include <stdio.h>
int main(void)
{
    printf("before\n");
    fflush(stdout);
#ifdef __powerpc__
    __asm__ volatile(".machine push; .machine altivec; vxor 0,0,0; .machine pop");
#else
    __asm__ volatile("vaddps %ymm0,%ymm0,%ymm0");
#endif
    return 0;
}
