/** What is in a vDSO image, wherever it lies: in a file, a kernel, a process or a core? */
@org.jspecify.annotations.NullMarked
module dev.vestibule.inspect {
  requires transitive dev.vestibule.elf;
  requires dev.vestibule.host;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires com.github.luben.zstd_jni;
  requires static org.jspecify;

  exports dev.vestibule.inspect;
  exports dev.vestibule.inspect.consumer;
}
