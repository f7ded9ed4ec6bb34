/*
 * unwind_signal FILE TRAMPOLINE VERSION: lets the C library load an image and
 * libgcc unwind through its signal trampoline. A signal handler makes the
 * trampoline its return address, as kernels with a vDSO do, and walks its
 * callers; the interrupted frame must show the interrupted instruction and a
 * register that the handler has overwritten since.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define MAGIC 0x2a51

static uintptr_t trampoline;
static int frames, passed_trampoline;
extern char interrupted[];

static void die(const char *what)
{
	fprintf(stderr, "unwind_signal: %s\n", what);
	_exit(1);
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *unused)
{
	int before = 0;
	uintptr_t ip = _Unwind_GetIPInfo(context, &before);

	(void)unused;
	frames++;
	if (ip == trampoline)
		passed_trampoline = frames;
	if (ip == (uintptr_t)interrupted) {
		printf("interrupted instruction %s, r14 %lx, %s the trampoline\n",
		       before ? "itself" : "behind",
		       (unsigned long)_Unwind_GetGR(context, 14),
		       passed_trampoline == frames - 1 ? "after" : "without");
		fflush(stdout);
		_exit(0);
	}
	return frames > 30 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static void handler(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t *caller = *(uintptr_t **)__builtin_frame_address(0);

	(void)signal;
	(void)info;
#ifdef __powerpc64__
	/*
	 * Kernels put the frame at r1 + 128 and store this pointer at r1 + 352;
	 * qemu-user 7.2 puts the frame at r1 + 144 and stores none.
	 */
	caller[352 / 8] = (uintptr_t)uc->uc_mcontext.gp_regs;
	caller[2] = trampoline;
#else
	(void)uc;
	caller[1] = trampoline;
#endif
	asm volatile("li 14,0" : : : "r14");
	_Unwind_Backtrace(visit, NULL);
	die("the interrupted frame is not found");
}

/* Functions of the image are code addresses, not descriptors. */
int main(int argc, char **argv)
{
	struct sigaction action;
	void *image;

	if (argc != 4)
		die("usage: unwind_signal FILE TRAMPOLINE VERSION");
	image = dlopen(argv[1], RTLD_NOW);
	if (!image)
		die(dlerror());
	trampoline = (uintptr_t)dlvsym(image, argv[2], argv[3]);
	if (!trampoline)
		die(dlerror());
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGILL, &action, NULL);
	asm volatile("li 14,%0\n\t"
		     ".globl interrupted\n"
		     "interrupted:\n\t"
		     ".long 0"
		     :
		     : "i"(MAGIC)
		     : "r14", "memory");
	die("the signal does not come");
}
