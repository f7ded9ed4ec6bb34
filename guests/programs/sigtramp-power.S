/* void register_trip(const struct registers *in, struct registers *out, int with_vectors):
 * puts known values into every register, traps, and reports what came back. */
#ifdef __powerpc64__
#define WORD 8
#define LOAD ld
#define STORE std
#define STORE_UPDATE stdu
#define LR_SAVE 16
#else
#define WORD 4
#define LOAD lwz
#define STORE stw
#define STORE_UPDATE stwu
#define LR_SAVE 4
#endif
#define OFFSET_CR (32 * WORD)
#define OFFSET_XER (33 * WORD)
#define OFFSET_CTR (34 * WORD)
#define OFFSET_LR (35 * WORD)
#define OFFSET_FPR (36 * WORD)
#define OFFSET_FPSCR (OFFSET_FPR + 256)
/* Vectors are aligned to 16. */
#define OFFSET_VR ((OFFSET_FPSCR + 8 + 15) & ~15)

/* Frame: 64 bytes for the ABI and scratch, general registers 14..31, floating 14..31, vectors 20..31 */
#define FRAME_IN 112
#define FRAME_OUT 120
#define FRAME_VECTORS 128
#define FRAME_R3 136
#define FRAME_CR 144
#define FRAME_GPR 152
#define FRAME_FPR (FRAME_GPR + 18 * 8)
#define FRAME_VR 448
#define FRAME 640

	.machine power8
#if defined __powerpc64__ && _CALL_ELF != 2
	.globl register_trip
	.section .opd, "aw"
	.balign 8
register_trip:
	.quad .Lregister_trip, .TOC.@tocbase, 0
	.type register_trip, @function
	.text
.Lregister_trip:
#else
	.text
	.globl register_trip
	.type register_trip, @function
register_trip:
#endif
	.globl register_trip_trap
	mflr	0
	STORE	0, LR_SAVE(1)
	STORE_UPDATE 1, -FRAME(1)
	mfcr	0
	STORE	0, FRAME_CR(1)
	STORE	3, FRAME_IN(1)
	STORE	4, FRAME_OUT(1)
	STORE	5, FRAME_VECTORS(1)
	.set	n, 14
	.rept	18
	STORE	n, (FRAME_GPR + (n - 14) * 8)(1)
	stfd	n, (FRAME_FPR + (n - 14) * 8)(1)
	.set	n, n + 1
	.endr
	cmpwi	5, 0
	beq	1f
	.set	n, 20
	.rept	12
	li	6, FRAME_VR + (n - 20) * 16
	stvx	n, 6, 1
	.set	n, n + 1
	.endr
	.set	n, 0
	.rept	32
	li	6, OFFSET_VR + n * 16
	lvx	n, 6, 3
	.set	n, n + 1
	.endr
1:	lfd	0, OFFSET_FPSCR(3)
	mtfsf	255, 0
	.set	n, 0
	.rept	32
	lfd	n, (OFFSET_FPR + n * 8)(3)
	.set	n, n + 1
	.endr
	LOAD	0, OFFSET_XER(3)
	mtxer	0
	LOAD	0, OFFSET_CTR(3)
	mtctr	0
	LOAD	0, OFFSET_LR(3)
	mtlr	0
	LOAD	0, OFFSET_CR(3)
	mtcr	0
	LOAD	0, 0(3)
	.set	n, 4
	.rept	9
	LOAD	n, (n * WORD)(3)
	.set	n, n + 1
	.endr
	.set	n, 14
	.rept	18
	LOAD	n, (n * WORD)(3)
	.set	n, n + 1
	.endr
	LOAD	3, (3 * WORD)(3)
register_trip_trap:
	trap
	STORE	3, FRAME_R3(1)
	LOAD	3, FRAME_OUT(1)
	STORE	0, 0(3)
	.set	n, 4
	.rept	9
	STORE	n, (n * WORD)(3)
	.set	n, n + 1
	.endr
	.set	n, 14
	.rept	18
	STORE	n, (n * WORD)(3)
	.set	n, n + 1
	.endr
	LOAD	0, FRAME_R3(1)
	STORE	0, (3 * WORD)(3)
	mfcr	0
	STORE	0, OFFSET_CR(3)
	mfxer	0
	STORE	0, OFFSET_XER(3)
	mfctr	0
	STORE	0, OFFSET_CTR(3)
	mflr	0
	STORE	0, OFFSET_LR(3)
	.set	n, 0
	.rept	32
	stfd	n, (OFFSET_FPR + n * 8)(3)
	.set	n, n + 1
	.endr
	mffs	0
	stfd	0, OFFSET_FPSCR(3)
	li	0, 0
	STORE	0, FRAME_R3(1)
	LOAD	5, FRAME_VECTORS(1)
	cmpwi	5, 0
	beq	2f
	.set	n, 0
	.rept	32
	li	6, OFFSET_VR + n * 16
	stvx	n, 6, 3
	.set	n, n + 1
	.endr
	.set	n, 20
	.rept	12
	li	6, FRAME_VR + (n - 20) * 16
	lvx	n, 6, 1
	.set	n, n + 1
	.endr
2:	.set	n, 14
	.rept	18
	LOAD	n, (FRAME_GPR + (n - 14) * 8)(1)
	lfd	n, (FRAME_FPR + (n - 14) * 8)(1)
	.set	n, n + 1
	.endr
	/* Rounding to nearest again, no exception bits. */
	mtfsfi	0, 0
	mtfsfi	1, 0
	mtfsfi	2, 0
	mtfsfi	3, 0
	mtfsfi	5, 0
	mtfsfi	6, 0
	mtfsfi	7, 0
	LOAD	0, FRAME_CR(1)
	mtcr	0
	addi	1, 1, FRAME
	LOAD	0, LR_SAVE(1)
	mtlr	0
	blr

	.section .note.GNU-stack, "", @progbits
