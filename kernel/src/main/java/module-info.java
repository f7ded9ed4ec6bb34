/** Linux as a program sees it. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.kernel {
  requires static dev.vestibule.declare;
  requires transitive dev.vestibule.handed;
  requires transitive dev.vestibule.inspect;
  requires static org.jspecify;

  exports dev.vestibule.kernel;
  exports dev.vestibule.kernel.abi;
  exports dev.vestibule.kernel.exec;
  exports dev.vestibule.kernel.file;
  exports dev.vestibule.kernel.freeze;
  exports dev.vestibule.kernel.memory;
  exports dev.vestibule.kernel.pipe;
  exports dev.vestibule.kernel.poll;
  exports dev.vestibule.kernel.proc;
  exports dev.vestibule.kernel.rseq;
  exports dev.vestibule.kernel.seccomp;
  exports dev.vestibule.kernel.signal;
  exports dev.vestibule.kernel.socket;
  exports dev.vestibule.kernel.time;
  exports dev.vestibule.kernel.trace;
  exports dev.vestibule.kernel.tty;
}
