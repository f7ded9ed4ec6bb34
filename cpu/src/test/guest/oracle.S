/* Entry, system calls, and moving whole register files, for oracle.c. */

#define CODE 0x01800000
#define VSR 256
#define VSCR 1280
#define LR 1296
#define CTR 1304
#define XER 1312
#define CR 1320
#define FPSCR 1328
#define TAR 1336
#define VRSAVE 1344
#define ZERO 1352

#ifdef __powerpc64__
#define WIDE 1
#define LD ld
#define ST std
#define SLOT(offset) offset
#else
#define WIDE 0
#define LD lwz
#define ST stw
#define SLOT(offset) offset + 4
#endif

#if WIDE && _CALL_ELF != 2
#define FUNCTION(name) .section ".opd","aw"; .align 3; .globl name; name: .quad .L##name, .TOC.@tocbase, 0; .text; .L##name:
#elif WIDE
#define FUNCTION(name) .text; .globl name; .type name,@function; name: .localentry name, 1
#else
#define FUNCTION(name) .text; .globl name; .type name,@function; name:
#endif

#if WIDE
        .machine "power8"
#else
        .machine "7450"
#endif

#if WIDE && _CALL_ELF == 2
        .abiversion 2
#endif

FUNCTION(call)
        mr 0, 3
        mr 3, 4
        mr 4, 5
        mr 5, 6
        mr 6, 7
        mr 7, 8
        mr 8, 9
        sc
        bnslr
        neg 3, 3
        blr

/* void enter(struct registers *): loads everything and goes to CODE. */
FUNCTION(enter)
        addi 4, 3, 1352
        lwarx 5, 0, 4
        stwcx. 5, 0, 4
#if WIDE
        li 4, VSCR
        lxvd2x 32, 3, 4
        mtvscr 0
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63
        li 4, VSR + 16 * \n
        lxvd2x \n, 3, 4
        .endr
        mtfsfi 6, 0
        mtfsfi 7, 0
        lfd 0, ZERO(3)
        fadd 0, 0, 0 /* Some of qemu's instructions raise again what the last one raised. */
        lfd 0, FPSCR(3)
        mtfsf 255, 0, 1, 0
        li 4, VSR
        lxvd2x 0, 3, 4
        ld 4, TAR(3)
        mtspr 815, 4
#else
        li 4, VSCR
        lvx 0, 3, 4
        mtvscr 0
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        li 4, VSR + 16 * (32 + \n)
        lvx \n, 3, 4
        .endr
        lfd 0, ZERO(3)
        fadd 0, 0, 0
        lfd 0, FPSCR(3)
        mtfsf 255, 0
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lfd \n, VSR + 16 * \n(3)
        .endr
#endif
        LD 4, SLOT(VRSAVE)(3)
        mtspr 256, 4
        LD 4, SLOT(LR)(3)
        mtlr 4
        LD 4, SLOT(CTR)(3)
        mtctr 4
        LD 4, SLOT(XER)(3)
        mtxer 4
        LD 4, SLOT(CR)(3)
        mtcr 4
        .irp n, 0,1,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        LD \n, SLOT(8 * \n)(3)
        .endr
        LD 3, SLOT(8 * 3)(3)
        ba CODE

/* void save_live(struct registers *): what is not in a signal frame. */
FUNCTION(save_live)
#if WIDE
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63
        li 4, VSR + 16 * \n
        stxvd2x \n, 3, 4
        .endr
        mfvscr 0
        li 4, VSCR
        stxvd2x 32, 3, 4
        mfspr 4, 815
        std 4, TAR(3)
#else
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stfd \n, VSR + 16 * \n(3)
        li 4, VSR + 16 * (32 + \n)
        stvx \n, 3, 4
        .endr
        mfvscr 0
        li 4, VSCR
        stvx 0, 3, 4
#endif
        mfspr 4, 256
        ST 4, SLOT(VRSAVE)(3)
        blr

FUNCTION(_start)
#if WIDE && _CALL_ELF == 2
        addis 2, 12, .TOC.-_start@ha
        addi 2, 2, .TOC.-_start@l
#endif
        bl start
        nop

        .section .note.GNU-stack,"",@progbits
