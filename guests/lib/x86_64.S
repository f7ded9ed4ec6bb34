/* What C cannot say on x86-64, where real Linux runs the same programs: the oracle for the others. */
#include <asm/unistd.h>

	.text
	.globl _start, vdso_call, vdso_call5, vdso_call_wide, clone_thread, restore_signal
	.type _start, @function
_start:
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	guest_start
	hlt

	.type vdso_call, @function
vdso_call:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	jmp	*%rax

	.type vdso_call5, @function
vdso_call5:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %rcx
	movq	%r9, %r8
	jmp	*%rax

	.type vdso_call_wide, @function
vdso_call_wide:
	jmp	*%rdi

	/* function, argument, top, flags, id, tls */
	.type clone_thread, @function
clone_thread:
	andq	$-16, %rdx
	movq	%rdi, -8(%rdx)
	movq	%rsi, -16(%rdx)
	leaq	-16(%rdx), %rsi
	movq	%rcx, %rdi
	movq	%r8, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movl	$__NR_clone, %eax
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	popq	%rdi
	popq	%rax
	call	*%rax
	xorl	%edi, %edi
	movl	$__NR_exit, %eax
	syscall
	hlt

	.type restore_signal, @function
restore_signal:
	movl	$__NR_rt_sigreturn, %eax
	syscall

	.section .note.GNU-stack, "", @progbits
