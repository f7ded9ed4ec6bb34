/* What C cannot say on Power: the first instruction, a call into the vDSO, a new thread. */
#include <asm/unistd.h>

#ifdef __powerpc64__
#define WORD 8
#define LOAD ld
#define STORE std
#define STORE_UPDATE stdu
#define LR_SAVE 16
#if _CALL_ELF == 2
#define FRAME 64
#else
#define FRAME 128
#endif
#else
#define WORD 4
#define LOAD lwz
#define STORE stw
#define STORE_UPDATE stwu
#define LR_SAVE 4
#define FRAME 32
#endif

#if defined __powerpc64__ && _CALL_ELF != 2
/* ELFv1: the name is a descriptor in .opd; the code has a name of its own. */
#define FUNCTION(name)                     \
  .globl name;                             \
  .section .opd, "aw";                     \
  .balign 8;                               \
  name: .quad .L##name, .TOC.@tocbase, 0;  \
  .type name, @function;                   \
  .section .text.name, "ax", @progbits;    \
  .L##name:
#define END(name)
#else
#define FUNCTION(name)                     \
  .globl name;                             \
  .section .text.name, "ax", @progbits;    \
  .type name, @function;                   \
  name:
#define END(name) .size name, . - name
#endif

FUNCTION(_start)
#if _CALL_ELF == 2
	addis	2, 12, .TOC. - _start@ha
	addi	2, 2, .TOC. - _start@l
#endif
	mr	3, 1
	li	0, 0
#ifdef __powerpc64__
	clrrdi	1, 1, 4
#else
	clrrwi	1, 1, 4
#endif
	STORE_UPDATE 0, -FRAME(1)
	bl	guest_start
	nop
	trap
	END(_start)

/* long vdso_call(const void *function, long a, long b, long c), and one with five */
FUNCTION(vdso_call5)
	mflr	0
	b	.Lcall
	END(vdso_call5)
FUNCTION(vdso_call)
	mflr	0
.Lcall:
	STORE	0, LR_SAVE(1)
	STORE_UPDATE 1, -FRAME(1)
	mtctr	3
	mr	3, 4
	mr	4, 5
	mr	5, 6
	mr	6, 7
	mr	7, 8
	bctrl
	bns+	1f
	neg	3, 3
1:	addi	1, 1, FRAME
	LOAD	0, LR_SAVE(1)
	mtlr	0
	blr
	END(vdso_call)

/* uint64_t vdso_call_wide(const void *function) */
FUNCTION(vdso_call_wide)
	mflr	0
	STORE	0, LR_SAVE(1)
	STORE_UPDATE 1, -FRAME(1)
	mtctr	3
	bctrl
	addi	1, 1, FRAME
	LOAD	0, LR_SAVE(1)
	mtlr	0
	blr
	END(vdso_call_wide)

/* long clone_thread(function, argument, top, flags, id, tls, function's code address and toc) */
FUNCTION(clone_thread)
	/* The new thread finds what to run on its own stack: nothing else is its own yet. */
#ifdef __powerpc64__
	clrrdi	5, 5, 4
#else
	clrrwi	5, 5, 4
#endif
	li	0, 0
	STORE_UPDATE 0, -FRAME(5)
	mr	9, 3
	mr	10, 4
	mr	3, 6		/* flags */
	mr	4, 5		/* stack */
	mr	5, 7		/* parent's id */
	mr	6, 8		/* tls */
	/* r7 already is the id the kernel clears */
	STORE	9, (FRAME - WORD)(4)
	STORE	10, (FRAME - 2 * WORD)(4)
	li	0, __NR_clone
	sc
	bns+	1f
	neg	3, 3
1:	cmpwi	3, 0
	bnelr
	LOAD	9, (FRAME - WORD)(1)
	LOAD	3, (FRAME - 2 * WORD)(1)
#if defined __powerpc64__ && _CALL_ELF != 2
	ld	2, 8(9)
	ld	9, 0(9)
#endif
	mr	12, 9
	mtctr	9
	bctrl
	li	3, 0
	li	0, __NR_exit
	sc
	trap
	END(clone_thread)

	.section .note.GNU-stack, "", @progbits
