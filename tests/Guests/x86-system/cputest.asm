; A test of the processor in system mode: a 64 KiB ROM that starts at the reset vector, goes through the modes and prints what it finds on port E9h.
; nasm -f bin cputest.asm -o cputest.bin
; qemu-system-x86_64 -bios cputest.bin -debugcon stdio -device isa-debug-exit,iobase=0xf4 -display none

IMAGE   equ 0x10000

        org IMAGE

bits 16

first:  jmp short $             ; nobody comes here

%include "real.inc"

%include "lib32.inc"
%include "prot32.inc"
%include "task.inc"
%include "vm86.inc"
%include "paging.inc"
%include "debug.inc"
%include "long.inc"

        times 0xFFF0 - ($ - $$) db 0

bits 16
        jmp 0xF000:(start - IMAGE)
        times 0x10000 - ($ - $$) db 0
