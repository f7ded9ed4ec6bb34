# void execute(const struct input *, struct output *, void (*)(void)): see oracle.c
        .machine power8
        .text
        .globl execute
        .type execute, @function
execute:
        mflr 0
        std 0, 16(1)
        stdu 1, -64(1)
        std 4, 32(1)
        mtctr 5
        li 6, 0
        li 7, 16
        li 8, 32
        li 9, 48
        li 10, 64
        lxvd2x 42, 3, 10
        mtvscr 10
        lxvd2x 0, 3, 6
        lxvd2x 1, 3, 7
        lxvd2x 2, 3, 8
        lxvd2x 3, 3, 9
        lxvd2x 32, 3, 6
        lxvd2x 33, 3, 7
        lxvd2x 34, 3, 8
        lxvd2x 35, 3, 9
        lfd 10, 80(3)
        li 11, 0
        mtcr 11
        mtfsf 255, 10, 1, 0
        bctrl
        ld 4, 32(1)
        mfcr 11
        std 11, 56(4)
        mffs 10
        stfd 10, 48(4)
        mfvscr 10
        li 6, 0
        li 7, 16
        li 8, 32
        stxvd2x 0, 4, 6
        stxvd2x 32, 4, 7
        stxvd2x 42, 4, 8
        li 11, 0
        std 11, 40(1)
        lfd 10, 40(1)
        mtfsf 255, 10, 1, 0
        addi 1, 1, 64
        ld 0, 16(1)
        mtlr 0
        blr
        .size execute, .-execute
