// cc: -nostdlib -static -no-pie
// Control flow without a C library: every way to branch, each checked for where it lands, for rsp, and for flags it must not touch.
// Writes one letter per passed check, "!" and the letter per failed one, and exits 0 or 1.

        .macro pass letter
        mov     $\letter, %dil
        call    say
        .endm

        .macro fail_unless condition, letter
        j\condition 7f
        movb    $1, failed(%rip)
        mov     $'!', %dil
        call    say
7:      mov     $\letter, %dil
        call    say
        .endm

// Sets all arithmetic flags and the direction flag to a pattern, to be checked by check_flags. Leaves rax, rdx alone.
        .macro set_flags pattern
        push    $\pattern
        popf
        .endm

        .macro check_flags pattern, letter
        pushf
        pop     %rbx
        and     $0xcd5, %ebx
        cld
        cmp     $\pattern, %ebx
        fail_unless e, \letter
        .endm

        .text
        .globl  _start
_start:
        mov     %rsp, saved_rsp(%rip)

        // Direct and conditional jumps, short and near.
        xor     %eax, %eax
        jz      1f
        ud2
        .skip   200, 0x0f
1:      jnz     bad
        jmp     2f
        .skip   300, 0xcc
2:      pass    'a'

        // All sixteen conditions against a table of flags images: setcc must agree with jcc.
        lea     images(%rip), %r12
        xor     %r14d, %r14d
conditions:
        movzwl  (%r12), %r13d
        .irp    cc, o,no,b,ae,e,ne,be,a,s,ns,p,np,l,ge,le,g
        push    %r13
        popf
        set\cc  %al
        mov     $0, %ecx
        push    %r13
        popf
        j\cc    8f
        jmp     9f
8:      mov     $1, %ecx
9:      cmp     %al, %cl
        jne     bad
        lea     (%r14,%r14,2), %r14
        add     %rcx, %r14
        .endr
        add     $2, %r12
        cmpw    $0, (%r12)
        jne     conditions
        mov     %r14, digest(%rip)
        pass    'b'

        // Flags through call, ret, ret imm, indirect jumps of every operand kind, loop, jrcxz.
        .irp    pattern, 0xcd7, 0x002, 0x483, 0x842, 0x051
        set_flags \pattern
        call    returns
        check_flags (\pattern & 0xcd5), 'c'
        set_flags \pattern
        push    $1
        push    $2
        call    returns16
        check_flags (\pattern & 0xcd5), 'd'
        lea     10f(%rip), %rax
        set_flags \pattern
        jmp     *%rax
        ud2
10:     check_flags (\pattern & 0xcd5), 'e'
        lea     10f(%rip), %rax
        mov     %rax, target(%rip)
        set_flags \pattern
        jmp     *target(%rip)
        ud2
10:     check_flags (\pattern & 0xcd5), 'f'
        lea     returns(%rip), %rax
        mov     %rax, target(%rip)
        set_flags \pattern
        call    *target(%rip)
        check_flags (\pattern & 0xcd5), 'g'
        set_flags \pattern
        call    *%rax
        check_flags (\pattern & 0xcd5), 'h'
        mov     $3, %ecx
        set_flags \pattern
10:     loop    10b
        jrcxz   10f
        jmp     bad
10:     check_flags (\pattern & 0xcd5), 'i'
        lea     10f(%rip), %rax
        push    %rax
        set_flags \pattern
        ret
        ud2
10:     check_flags (\pattern & 0xcd5), 'j'
        mov     $39, %eax
        set_flags \pattern
        syscall
        check_flags (\pattern & 0xcd5), 'k'
        // A far return within the same code segment.
        mov     %cs, %eax
        push    %rax
        lea     10f(%rip), %rax
        push    %rax
        set_flags \pattern
        lretq
        ud2
10:     check_flags (\pattern & 0xcd5), 'l'
        .endr
        cmp     saved_rsp(%rip), %rsp
        jne     bad

        // After a system call rcx is the next rip and r11 the flags.
        set_flags 0x8d7
        mov     $39, %eax
        syscall
10:     cld
        lea     10b(%rip), %rax
        cmp     %rax, %rcx
        fail_unless e, 'm'
        and     $0x8d5, %r11d
        cmp     $0x8d5, %r11d
        fail_unless e, 'n'

        // Jump tables, scaled, with 32-bit relative entries and with 64-bit entries.
        xor     %r15d, %r15d
        xor     %r13d, %r13d
table_loop:
        lea     relative_table(%rip), %rdx
        mov     %r15, %rax
        and     $3, %eax
        movslq  (%rdx,%rax,4), %rcx
        add     %rdx, %rcx
        jmp     *%rcx
entry0: add     $1, %r13
        jmp     table_next
entry1: add     $100, %r13
        jmp     table_next
entry2: add     $10000, %r13
        jmp     table_next
entry3: add     $1000000, %r13
table_next:
        jmp     *absolute_table(,%rax,8)
again0: nop
again1: nop
again2: nop
again3: inc     %r15
        cmp     $400, %r15
        jb      table_loop
        cmp     $101010100, %r13
        fail_unless e, 'o'

        // The call pushes its own next address; targets below and through rsp.
        call    10f
10:     pop     %rax
        lea     10b(%rip), %rcx
        cmp     %rax, %rcx
        fail_unless e, 'p'
        lea     returns(%rip), %rax
        push    %rax
        call    *(%rsp)
        pop     %rcx
        cmp     %rax, %rcx
        fail_unless e, 'q'
        push    %rax
        push    %rax
        mov     $1, %ecx
        call    *(%rsp,%rcx,8)
        add     $16, %rsp
        cmp     saved_rsp(%rip), %rsp
        fail_unless e, 'r'
        lea     10f(%rip), %rax
        mov     %rax, -8(%rsp)
        jmp     *-8(%rsp)
        ud2
10:     pass    's'
        // push and pop with rsp in the operand: the pop address uses the new rsp.
        push    $5
        push    $6
        push    (%rsp)
        pop     8(%rsp)
        pop     %rax
        pop     %rcx
        add     %rcx, %rax
        cmp     $12, %rax
        fail_unless e, 't'
        push    %rsp
        pop     %rax
        cmp     %rsp, %rax
        fail_unless e, 'u'
        push    $7
        mov     %rsp, %rax
        push    %rax
        pop     %rsp
        pop     %rax
        cmp     $7, %rax
        fail_unless e, 'v'

        // Overlapping instructions: jump into the middle of one.
        mov     $2, %ecx
        xor     %eax, %eax
11:     .byte   0x05                    // add $0x....c0ff, %eax first, inc %eax the second time round
12:     .byte   0xff, 0xc0, 0x90, 0x90
        dec     %ecx
        jnz     12b
        cmp     $(0x9090c0ff + 1), %eax
        fail_unless e, 'w'

        // Conditional loops.
        mov     $10, %ecx
        xor     %eax, %eax
10:     inc     %eax
        cmp     $5, %eax
        loopne  10b
        cmp     $5, %ecx
        fail_unless e, 'x'
        mov     $0x100000003, %rcx
        xor     %eax, %eax
10:     inc     %eax
        loopl   10b
        cmp     $3, %eax
        fail_unless e, 'y'
        mov     $0x100000000, %rcx
        jecxz   10f
        jmp     bad
10:     jrcxz   11f
        jmp     12f
11:     jmp     bad
12:     cmp     $3, %eax
10:     loope   11f
11:     pass    'z'

        // No stack at all: rsp is an ordinary register while nothing pushes; also an odd one.
        mov     %rsp, %r12
        mov     $0x1235, %esp
        xor     %r13d, %r13d
        mov     $1000, %r14d
no_stack:
        inc     %rsp
        lea     10f(%rip), %rax
        jmp     *%rax
10:     cmp     $2000, %rsp
        adc     $0, %r13
        xor     %eax, %eax
        cpuid
        dec     %r14d
        jnz     no_stack
        mov     $39, %eax
        syscall
        mov     %rsp, %rax
        mov     %r12, %rsp
        cmp     $(0x1235 + 1000), %rax
        fail_unless e, 'A'

        // A stack pivot into data and back, with calls there.
        lea     small_stack_top(%rip), %rax
        xchg    %rax, %rsp
        call    returns
        push    %rax
        call    returns
        pop     %rsp
        cmp     %rsp, %r12
        fail_unless e, 'B'

        // enter and leave, nested frames, leave with a changed rbp.
        mov     $0x77, %ebp
        enter   $32, $0
        lea     32(%rsp), %rax
        cmp     %rax, %rbp
        fail_unless e, 'C'
        leave
        cmp     $0x77, %rbp
        fail_unless e, 'D'
        mov     %rsp, %rbp
        enter   $16, $3
        leave
        cmp     %rsp, %rbp
        fail_unless e, 'E'

        // A return to an address that was changed, and calls whose return is dropped.
        call    changes_return
        jmp     bad
10:     pass    'F'
        jmp     11f
changes_return:
        lea     10b(%rip), %rax
        mov     %rax, (%rsp)
        ret
11:     call    12f
        jmp     bad
12:     add     $8, %rsp
        cmp     saved_rsp(%rip), %rsp
        fail_unless e, 'G'

        // Deep recursion, deeper than any return stack.
        mov     $20000, %ecx
        xor     %eax, %eax
        call    deep
        cmp     $20000, %eax
        fail_unless e, 'H'

        // Prefixed branches: 66h jmp is ignored by Intel and honoured by AMD, so only notrack, bnd and branch hints.
        lea     returns(%rip), %rax
        notrack call *%rax
        bnd     call returns
        bnd     jmp 10f
        ud2
10:     xor     %eax, %eax
        .byte   0x3e
        jz      10f
        ud2
10:     pass    'I'

        mov     $10, %dil
        call    say
        mov     digest(%rip), %rax
        mov     $16, %r12d
10:     rol     $4, %rax
        mov     %eax, %edi
        and     $15, %edi
        lea     hex(%rip), %rcx
        mov     (%rcx,%rdi), %dil
        push    %rax
        call    say
        pop     %rax
        dec     %r12d
        jnz     10b
        mov     $10, %dil
        call    say
        movzbl  failed(%rip), %edi
        mov     $60, %eax
        syscall

bad:    cld
        mov     saved_rsp(%rip), %rsp
        mov     $'?', %dil
        call    say
        mov     $2, %edi
        mov     $60, %eax
        syscall

returns:
        ret
returns16:
        ret     $16
deep:   dec     %ecx
        jz      1f
        call    deep
1:      inc     %eax
        rep ret

// Writes the character in dil; keeps everything but rbx and the flags.
say:    push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r11
        mov     %dil, character(%rip)
        mov     $1, %eax
        mov     $1, %edi
        lea     character(%rip), %rsi
        mov     $1, %edx
        syscall
        pop     %r11
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        ret

        .section .rodata
        .align 8
relative_table:
        .long   entry0 - relative_table, entry1 - relative_table, entry2 - relative_table, entry3 - relative_table
        .align 8
absolute_table:
        .quad   again0, again1, again2, again3
images: .short  0x202, 0x203, 0x206, 0x212, 0x242, 0x282, 0xa02, 0xa82, 0xa83, 0x243, 0x287, 0xac7, 0xad7, 0
hex:    .ascii  "0123456789abcdef"

        .data
        .align 8
target: .quad   0
digest: .quad   0
saved_rsp: .quad 0
failed: .byte   0
character: .byte 0
        .bss
        .align 16
        .skip   4096
small_stack_top:
        .skip   16
        .section .note.GNU-stack,"",@progbits
